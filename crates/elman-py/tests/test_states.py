"""What an estimator knows after a fit, after one that was refused, and after it was read from a file; where it warns."""

import warnings

import numpy as np
import pytest

import elman

QUICK = {"epochs": 3, "hidden_size": 4, "verbose": 0}
X = np.random.default_rng(3).normal(size=(57, 9, 3))
Y = X[:, :, 1].mean(axis=1)
CLASSES = np.where(Y > 0, "up", "down")
ONE_MORE = np.concatenate([X, X[:, :, :1]], axis=2)


def long_frame(**columns):
    return {"id": np.repeat(np.arange(57), 9), "a": X[:, :, 0].ravel(), "b": X[:, :, 1].ravel(), **columns}


@pytest.mark.parametrize(
    "make, data, other",
    [
        (elman.SequenceRegressor, (X, Y), (ONE_MORE, -Y)),
        (elman.SequenceClassifier, (X, CLASSES), (ONE_MORE, CLASSES[::-1])),
        (elman.SequenceLabeler, (X, X[:, :, 0]), (ONE_MORE, X[:, :, 1])),
        (elman.SequenceRegressor, (long_frame(), Y), (X, Y)),
        (elman.Forecaster, (elman.airline(),), (np.arange(50.0) % 7,)),
        (elman.TextModel, ("fine wine, nine swine. " * 30,), ("other words " * 50,)),
    ],
)
def test_a_fit_that_is_refused_leaves_what_was_learned(make, data, other):
    estimator = make(**QUICK).fit(*data)
    before = dict(vars(estimator))
    assert len(estimator.history_["train_loss"]) == 3
    for options in ({"epochs": 0}, {"learning_rate": "high"}):
        estimator.set_params(**{**QUICK, "learning_rate": None, **options})
        with pytest.raises(ValueError):
            estimator.fit(*other)
        left = dict(vars(estimator), **QUICK, learning_rate=None)
        assert left.keys() == before.keys() and all(left[name] is before[name] for name in before)
    assert len(estimator.history_["train_loss"]) == 3


def test_who_makes_warnings_errors_has_a_whole_model():
    estimator = elman.SequenceClassifier(search=False, **QUICK).fit(X, CLASSES)
    estimator.set_params(verbose=1, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(elman.Remark):
            estimator.fit(long_frame(constant=np.ones(513)), np.where(Y > 0, 1, 0))
    assert estimator.classes_.tolist() == [0, 1] and list(estimator.feature_names_in_) == ["a", "b", "constant"]
    assert len(estimator.history_["train_loss"]) == 1


def test_a_file_tells_the_features(tmp_path):
    path = tmp_path / "a.elman"
    for make, y in [
        (elman.SequenceRegressor, Y),
        (elman.SequenceClassifier, CLASSES),
        (elman.SequenceLabeler, X[:, :, 0]),
    ]:
        fitted = make(**QUICK).fit(X, y)
        fitted.save(path)
        loaded = elman.load(path)
        assert loaded.n_features_in_ == fitted.n_features_in_ == 3 and not hasattr(loaded, "feature_names_in_")
        assert np.array_equal(loaded.predict(X), fitted.predict(X))
    fitted = elman.SequenceRegressor(**QUICK).fit(long_frame(), Y)
    fitted.save(path)
    loaded = elman.load(path)
    assert loaded.n_features_in_ == 2 and list(loaded.feature_names_in_) == list(fitted.feature_names_in_) == ["a", "b"]
    # An estimator that is read into knows nothing of what it learned before.
    fitted.fit(X, Y)
    assert fitted.n_features_in_ == 3 and not hasattr(fitted, "feature_names_in_")
    rows = {f"t{t}": np.random.default_rng(t).normal(size=57) for t in range(20)}
    elman.SequenceRegressor(**QUICK).fit(rows, Y).save(path)
    assert elman.load(path).n_features_in_ == 20


@pytest.mark.parametrize(
    "call",
    [
        lambda: elman.SequenceRegressor(epochs=1).fit(long_frame(c=np.ones(513)), Y),
        lambda: elman.SequenceClassifier(search=False, epochs=1).fit(long_frame(c=np.ones(513)), CLASSES),
        lambda: elman.SequenceLabeler(epochs=1).fit(long_frame(c=np.ones(513)), X[:, :, 2].ravel()),
        lambda: elman.Forecaster(horizon=2, epochs=1).fit({"shop": ["a", "b"] * 30, "y": np.arange(60) % 7 + 1.0}),
    ],
)
def test_warnings_are_of_the_callers_line(call):
    with pytest.warns(elman.Remark) as warned:
        call()
    assert {warning.filename for warning in warned} == {__file__}
    assert {warning.lineno for warning in warned} == {call.__code__.co_firstlineno}


@pytest.mark.parametrize("library", ["dict", "pandas", "polars"])
def test_columns_of_series_are_known_by_their_usual_names(library):
    make = dict if library == "dict" else pytest.importorskip(library).DataFrame
    days = np.tile(np.arange("2024-01-01", "2024-01-10", dtype="M8[D]").astype("M8[ns]"), 57)
    columns = {"unique_id": np.repeat(np.arange(57), 9), "ds": days, "v": X[:, :, 1].ravel()}
    labels, of_rows = {"y": np.repeat(Y, 9)}, {"y": X[:, :, 2].ravel()}
    for kind, targets in [(elman.SequenceRegressor, labels), (elman.SequenceLabeler, of_rows)]:
        named = kind(id="unique_id", time="ds", target="y", **QUICK).fit(make({**columns, **targets}))
        guessed = kind(**QUICK).fit(make({**columns, **targets}))
        for frame in (make({**columns, **targets}), make(columns)):
            assert np.array_equal(guessed.predict(frame)["y_predicted"], named.predict(frame)["y_predicted"])
    fitted = elman.SequenceRegressor(**QUICK).fit(make(columns), Y)
    assert list(fitted.feature_names_in_) == ["v"]
    assert np.array_equal(fitted.predict(make(columns))["target_predicted"], guessed_by_rows(make(columns)))


def guessed_by_rows(frame):
    return elman.SequenceRegressor(**QUICK).fit(frame, np.repeat(Y, 9)).predict(frame)["target_predicted"]


def test_usual_names_are_not_taken_from_what_has_others():
    axes = {"x": X[:, :, 0].ravel(), "y": X[:, :, 1].ravel(), "z": X[:, :, 2].ravel()}
    ids = np.repeat(np.arange(57), 9)
    # Of axes y is one.
    assert list(elman.SequenceRegressor(**QUICK).fit({"id": ids, **axes}, Y).feature_names_in_) == ["x", "y", "z"]
    with pytest.raises(ValueError, match='has no column "target"'):
        elman.SequenceRegressor(**QUICK).fit({"id": ids, **axes})
    both = {"unique_id": ids, "target": np.repeat(Y, 9), **axes}
    assert list(elman.SequenceRegressor(**QUICK).fit(both).feature_names_in_) == ["x", "y", "z"]
    beside = {"id": ids, "unique_id": np.repeat(np.arange(19), 27), **axes}
    fitted = elman.SequenceRegressor(group="unique_id", **QUICK).fit(beside, Y)
    assert list(fitted.feature_names_in_) == ["x", "y", "z"]
    with pytest.raises(ValueError, match="X has a column 'y', and y tells the targets; .* name the inputs with features"):
        elman.SequenceRegressor(**QUICK).fit({"unique_id": ids, **axes}, Y)
    for features in (["x"], "x,y,z"):
        elman.SequenceRegressor(features=features, **QUICK).fit({"unique_id": ids, **axes}, Y)
