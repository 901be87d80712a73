"""Frames with a sequence in each row, under the tools of scikit-learn that give them out by rows."""

import pickle

import numpy as np
import pytest

import elman

pytest.importorskip("sklearn")

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

QUICK = {"epochs": 3, "hidden_size": 4, "verbose": 0}
X = np.random.default_rng(7).normal(size=(60, 20))
Y = X.mean(axis=1)
CLASSES = np.where(Y > 0, "up", "down")


@pytest.fixture(params=["pandas", "polars"])
def frame(request):
    library = pytest.importorskip(request.param)
    made = library.DataFrame({f"t{t + 1}": X[:, t] for t in range(X.shape[1])})
    return made.set_index(np.arange(100, 160)) if request.param == "pandas" else made


@pytest.fixture
def regressor():
    return elman.SequenceRegressor(**QUICK)


@pytest.fixture
def classifier():
    return elman.SequenceClassifier(search=False, **QUICK)


def test_predictions_are_arrays_with_an_answer_for_each_row(frame, regressor, classifier):
    for estimator, y in [(regressor, Y), (classifier, CLASSES)]:
        expected, answers = estimator.fit(X, y).predict(X), estimator.fit(frame, y).predict(frame)
        assert type(answers) is np.ndarray and answers.dtype == expected.dtype
        assert np.array_equal(answers, expected)
    assert accuracy_score(CLASSES, classifier.predict(frame)) == classifier.score(frame, CLASSES)
    assert r2_score(Y, regressor.predict(frame)) == pytest.approx(regressor.score(frame, Y))


def test_predictions_are_arrays_where_targets_are_a_column(regressor):
    columns = {f"t{t + 1}": X[:, t] for t in range(X.shape[1])}
    fitted = regressor.fit({**columns, "target": Y})
    assert np.array_equal(fitted.predict(columns), fitted.predict({**columns, "target": Y}))
    assert fitted.predict(columns).shape == (60,)


def test_who_learned_from_rows_takes_arrays_of_them(regressor):
    pandas = pytest.importorskip("pandas")
    # In the order of the columns, which scikit-learn's tools keep, whatever their numbers are.
    frame = pandas.DataFrame({f"t{t + 1}": X[:, t] for t in reversed(range(20))})
    fitted = regressor.fit(frame, Y)
    for given in (frame.to_numpy(), frame.to_numpy()[:, :, None], list(frame.to_numpy())):
        assert np.array_equal(fitted.predict(given), fitted.predict(frame))
        assert fitted.score(given, Y) == fitted.score(frame, Y)
    ordered = regressor.fit(frame[frame.columns[::-1]], Y)
    assert np.array_equal(ordered.predict([X[0, :18], X[1]])[1:], ordered.predict(X[1:2]))
    with pytest.raises(ValueError, match="X has 2 values per timestep, but SequenceRegressor learned from rows of a frame"):
        fitted.predict(np.ones((3, 20, 2)))


def test_a_file_is_answered_by_named_columns(regressor, tmp_path):
    path = tmp_path / "rows.csv"
    np.savetxt(path, X, delimiter=",", header=",".join(f"t{t + 1}" for t in range(20)), comments="")
    columns = {f"t{t + 1}": X[:, t] for t in range(X.shape[1])}
    fitted = regressor.fit(columns, Y)
    assert np.allclose(fitted.predict(path)["target_predicted"], fitted.predict(columns))


def test_rows_can_be_given_out(frame, regressor, classifier):
    by_rows, by_arrays = (cross_val_predict(regressor, given, Y, cv=3) for given in (frame, X))
    assert np.array_equal(by_rows, by_arrays)
    assert np.array_equal(cross_val_predict(classifier, frame, CLASSES, cv=3), cross_val_predict(classifier, X, CLASSES, cv=3))
    for estimator, y, scoring in [(regressor, Y, "r2"), (classifier, CLASSES, "accuracy"), (classifier, CLASSES, "roc_auc")]:
        options = {"scoring": scoring, "cv": 2, "error_score": "raise"}
        search = GridSearchCV(estimator, {"hidden_size": [2, 3]}, **options).fit(frame, y)
        assert search.best_score_ == GridSearchCV(estimator, {"hidden_size": [2, 3]}, **options).fit(X, y).best_score_
        assert search.predict(frame).shape == (60,)
        assert np.isfinite(cross_val_score(estimator, frame, y, **options)).all()


def test_others_estimators_hold_these(frame, regressor, classifier):
    transformed = TransformedTargetRegressor(regressor, func=np.exp, inverse_func=np.log).fit(frame, Y)
    assert transformed.predict(frame).shape == (60,)
    fitted = [
        VotingRegressor([("a", regressor), ("b", Ridge())]).fit(frame, Y),
        VotingClassifier([("a", classifier)]).fit(frame, CLASSES),
        StackingRegressor([("a", regressor)], cv=2).fit(frame, Y),
        CalibratedClassifierCV(classifier, cv=2).fit(frame, CLASSES),
    ]
    for estimator in fitted:
        assert estimator.predict(frame).shape == (60,)
    found = permutation_importance(regressor.fit(frame, Y), frame, Y, n_repeats=1, scoring="r2")
    assert found.importances_mean.shape == (20,)


def test_a_frame_of_few_columns_is_told_how_many_make_sequences_of_its_rows(regressor):
    with pytest.raises(ValueError, match='no column "id".* in a frame of at least 15 columns that are numbered'):
        regressor.fit({f"t{t + 1}": X[:, t] for t in range(14)}, Y)


def test_texts_are_read_as_their_characters():
    pd = pytest.importorskip("pandas")
    words = [("ta" if n % 2 else "at") * (1 + n % 3) + "mkr"[n % 5 % 3] for n in range(120)]
    frame = pd.DataFrame({"word": [f"{word}{n}" for n, word in enumerate(words)]})
    y = np.array(["open" if n % 2 else "closed" for n in range(120)])
    classifier = elman.SequenceClassifier(search=False, epochs=20, hidden_size=12, verbose=0).fit(frame, y)
    assert classifier.n_features_in_ == 1 and list(classifier.feature_names_in_) == ["word"]
    predicted = classifier.predict(frame)
    assert isinstance(predicted, np.ndarray) and (predicted == y).mean() > 0.9
    assert classifier.score(frame, y) == (predicted == y).mean()
    again = pickle.loads(pickle.dumps(classifier))
    assert (again.predict(frame[:7]) == predicted[:7]).all()
    of_list = elman.SequenceClassifier(search=False, epochs=20, hidden_size=12, verbose=0).fit(list(frame["word"]), y)
    for texts in (list(frame["word"]), frame["word"], frame["word"].to_numpy()):
        assert (of_list.predict(texts) == predicted).all() and (classifier.predict(texts) == predicted).all()
    assert of_list.score(frame["word"], y) == classifier.score(frame, y)
    beside = frame.assign(mood=y)
    named = elman.SequenceClassifier(target="mood", search=False, epochs=2, verbose=0).fit(beside)
    assert named.predict(beside).shape == (120,)
    with pytest.raises(ValueError, match="learned from the texts in a column 'word'; give a frame that has it"):
        classifier.predict(np.zeros((3, 5, 1)))
    of_numbers = elman.SequenceRegressor(epochs=1, verbose=0).fit(np.random.default_rng(0).normal(size=(20, 5, 1)), np.arange(20.0))
    with pytest.raises(TypeError, match="X holds texts, but SequenceRegressor learned from numbers"):
        of_numbers.predict(["ab", "cd"])
