"""Classes: as they were given, and as files and sweeps bring them back."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import elman

QUICK = {"epochs": 3, "hidden_size": 4, "verbose": 0}


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).normal(size=(60, 10, 2))
    return X, X[:, :, 0].mean(axis=1) > 0


def labels(is_up, up, down):
    return np.where(is_up, up, down)


PAIRS = [(1, 0), (10, 9), (-1, -10), (2.0, 1.0), (True, False), ("up", "down"), ("B", "a"), ("True", "False")]


@pytest.mark.parametrize("up, down", PAIRS)
def test_a_file_brings_back_labels_order_and_score(data, tmp_path, up, down):
    X, y = data[0], labels(data[1], up, down)
    fitted = elman.SequenceClassifier(search=False, **QUICK).fit(X, y)
    fitted.save(tmp_path / "c.elman")
    for again in (elman.load(tmp_path / "c.elman"), pickle.loads(pickle.dumps(fitted))):
        assert again.score(X, y) == fitted.score(X, y) == np.mean(fitted.predict(X) == y) > 0
        assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    if not isinstance(up, str) or up != "True":
        assert again.classes_.tolist() == elman.load(tmp_path / "c.elman").classes_.tolist()


@pytest.mark.parametrize("up, down", PAIRS)
def test_a_file_brings_back_the_labels_of_timesteps(data, tmp_path, up, down):
    X = data[0]
    y = labels(X[:, :, 0] > 0, up, down)
    fitted = elman.SequenceLabeler(classes=True, **QUICK).fit(X, y)
    assert fitted.predict(X).dtype == y.dtype and fitted.classes_.tolist() == sorted([up, down])
    fitted.save(tmp_path / "l.elman")
    again = elman.load(tmp_path / "l.elman")
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert again.score(X, y) == fitted.score(X, y) == pytest.approx(np.mean(fitted.predict(X) == y))


def test_labels_that_a_file_cannot_know_are_told_apart_as_the_program_does(data, tmp_path):
    X, is_up = data
    fitted = elman.SequenceClassifier(search=False, **QUICK).fit(X, labels(is_up, "10", "9"))
    fitted.save(tmp_path / "c.elman")
    again = elman.load(tmp_path / "c.elman")
    # Texts that are numbers come back as those.
    assert fitted.classes_.tolist() == ["10", "9"] and again.classes_.tolist() == [9, 10]
    score = fitted.score(X, labels(is_up, "10", "9"))
    for up, down in [(10, 9), (10.0, 9.0), ("10", "9"), ("10.0", " 9")]:
        assert again.score(X, labels(is_up, up, down)) == fitted.score(X, labels(is_up, up, down)) == score
    assert again.score(X, labels(is_up, "11", "x")) == 0
    # True is 1 to Python.
    ones = elman.SequenceClassifier(search=False, **QUICK).fit(X, is_up.astype(int))
    truths = elman.SequenceClassifier(search=False, **QUICK).fit(X, is_up)
    assert ones.score(X, is_up) == ones.score(X, is_up.astype(int)) == truths.score(X, is_up.astype(int))


@pytest.mark.parametrize("up, down", [("yes ", "no"), ("a\n", "b"), (" x", "y\t"), ("two words", "a,b;c")])
def test_space_around_labels_stays(data, up, down):
    X, is_up = data
    y = labels(is_up, up, down)
    fitted = elman.SequenceClassifier(search=False, **QUICK).fit(X, y)
    assert set(fitted.predict(X)) <= {up, down} and fitted.score(X, y) == np.mean(fitted.predict(X) == y) > 0
    steps = labels(X[:, :, 0] > 0, up, down)
    labeler = elman.SequenceLabeler(**QUICK).fit(X, steps)
    assert labeler.classes_.tolist() == sorted([up, down]) and labeler.score(X, steps) > 0.3


@pytest.mark.parametrize("one, other", [("1", "1.0"), ("007", "7"), ("True", "true"), ("yes", "yes "), ("a", "a\n")])
def test_labels_that_are_one_to_the_library_are_refused(data, one, other):
    X, is_up = data
    first, second = sorted([one, other])
    message = f"y has the classes {first!r} and {second!r}, which are one to a model"
    for make, y in [
        (elman.SequenceClassifier(search=False, **QUICK), labels(is_up, one, other)),
        (elman.SequenceLabeler(**QUICK), labels(X[:, :, 0] > 0, one, other)),
    ]:
        with pytest.raises(ValueError) as error:
            make.fit(X, y)
        assert message in str(error.value)
    with pytest.raises(ValueError, match="y has the class '  ', an empty text"):
        elman.SequenceClassifier(search=False, **QUICK).fit(X, labels(is_up, "  ", "b"))


@pytest.mark.parametrize("up, down", PAIRS)
def test_a_sweep_brings_back_labels_order_and_score(data, tmp_path, up, down):
    X, y = data[0], labels(data[1], up, down)
    estimator = elman.SequenceClassifier(search=False, **QUICK)
    for _ in range(2):  # The second time out of the folder.
        found = elman.sweep(estimator, [{"seed": 1}], X, y, test=(X, y), jobs=1, folder=tmp_path)
        assert found.trials == [elman.run_trial(estimator, {"seed": 1}, X, y, (X, y))]
        best = found.best_estimator()
        assert best.score(X, y) == found.best.score > 0
        assert best.classes_.tolist() == sorted([up, down]) and best.predict(X).dtype == y.dtype
        assert len(best.history_["train_loss"]) == 3


def test_what_was_swept_forecasts_what_it_was_fitted_to():
    data = elman.airline()
    found = elman.sweep(elman.Forecaster(horizon=3, **QUICK), [{"seed": 1}], data, jobs=1)
    alone = elman.Forecaster(horizon=3, seed=1, **QUICK).fit(data)
    ours, theirs = found.best_estimator().predict(), alone.predict()
    assert list(ours["month"])[0] == "1961-01"
    assert list(ours["passengers_forecast"]) == list(theirs["passengers_forecast"])


def test_ctrl_c_ends_a_sweep_and_leaves_no_half_trial(ctrl_c, tmp_path):
    X = np.random.default_rng(0).normal(size=(200, 30, 2))
    estimator = elman.SequenceRegressor(epochs=100_000, verbose=0)
    ctrl_c(1.5)
    with pytest.raises(KeyboardInterrupt):
        elman.sweep(estimator, elman.grid(hidden_size=[32, 33]), X, X[:, :, 0].mean(axis=1), jobs=1, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_out_of_nowhere_says_what_it_needs():
    script = """
import numpy as np, elman
X = np.random.default_rng(0).normal(size=(20, 5, 1))
elman.sweep(elman.SequenceRegressor(epochs=1, verbose=0), elman.grid(seed=[0, 1]), X, X.mean(axis=(1, 2)), jobs=2)
"""
    run = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True)
    assert run.returncode == 1
    last = run.stderr.splitlines()[-1]
    assert "BrokenProcessPool: a process of the sweep ended before its trial did" in last and "__main__" in last


DAYS = np.array(["2024-03-01", "2025-03-01"], "M8[D]")


def plain(column, labels):
    """A column of any library, or labels, as an array to compare with these labels."""
    if hasattr(column, "to_pylist"):
        column = column.to_pylist()
    array = np.asarray(column)
    is_time = labels.dtype.kind in "MO"
    assert array.dtype.kind in ("MO" if is_time else "TUO" if labels.dtype.kind == "U" else labels.dtype.kind)
    return array.astype("M8[us]" if is_time else labels.dtype)


@pytest.mark.parametrize("library", ["dict", "pandas", "polars", "pyarrow"])
@pytest.mark.parametrize(
    "labels",
    [
        DAYS,
        DAYS.astype("M8[ns]"),
        DAYS.astype("M8[us]") + np.timedelta64(90, "m"),
        np.array(DAYS.tolist(), dtype=object),
        np.array([False, True]),
        np.array([3, 20]),
        np.array([0.0, 1.0]),
        np.array(["no", "yes"]),
    ],
    ids=lambda labels: f"{labels.dtype}",
)
def test_labels_of_frames_come_back_in_their_type(library, labels):
    make = dict
    if library != "dict":
        imported = pytest.importorskip(library)
        make = imported.table if library == "pyarrow" else imported.DataFrame
    places = np.arange(40) % 2
    noise = np.random.default_rng(2).normal(size=320)
    columns = {"id": np.repeat(np.arange(40), 8), "v": noise + np.repeat(places, 8) * 9}
    rows = labels[np.repeat(places, 8)]
    given, apart = make({**columns, "target": rows}), make(columns)
    for kind, own, y in [
        (elman.SequenceClassifier, {"search": False}, labels[places]),
        (elman.SequenceLabeler, {"classes": True}, rows),
    ]:
        of_column = kind(**{**QUICK, **own}).fit(given)
        assert np.array_equal(plain(of_column.classes_, labels), plain(labels, labels))
        answers = of_column.predict(given)
        found = plain(answers["target_predicted"], labels)
        assert np.mean(found == plain(y, labels)) == of_column.score(given)
        if kind is elman.SequenceLabeler and labels.dtype.kind in "if":
            continue  # They are taken for numbers.
        of_y = kind(**{**QUICK, **own}).fit(apart, y)
        assert of_y.classes_.dtype == labels.dtype and np.array_equal(of_y.classes_, labels)
        assert np.array_equal(plain(of_y.predict(apart)["target_predicted"], labels), found)
        assert of_y.score(apart, y) == of_column.score(given)
        if labels.dtype.kind in "MO":
            assert [name[:10] for name in of_y._class_names] == ["2024-03-01", "2025-03-01"]


def test_labels_that_a_table_takes_for_one_are_known_by_its_name():
    rows = np.repeat(np.array([" yes", "yes", "no", "yes"] * 10), 6)
    frame = {"id": np.repeat(np.arange(40), 6), "v": np.random.default_rng(0).normal(size=240), "target": rows}
    fitted = elman.SequenceClassifier(search=False, **QUICK).fit(frame)
    assert fitted.classes_.tolist() == ["no", "yes"] and fitted.predict_proba(frame).shape == (40, 2)


def test_dates_that_are_missing_are_no_class():
    X = np.random.default_rng(0).normal(size=(20, 6, 1))
    y = np.where(np.arange(20) % 2, DAYS[0], DAYS[1]).astype("M8[ns]")
    y[3] = "NaT"
    with pytest.raises(ValueError, match="y has a class that is None, NaN or masked"):
        elman.SequenceClassifier(search=False, **QUICK).fit(X, y)
    of_rows = np.repeat(y[:, None], 6, axis=1)
    assert np.array_equal(elman.SequenceLabeler(**QUICK).fit(X, of_rows).classes_, DAYS.astype("M8[ns]"))
