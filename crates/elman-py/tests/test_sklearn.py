"""The manners of scikit-learn's estimators, and its tools, aeon's and sktime's with ours."""

import importlib
import inspect
import pickle
import warnings

import numpy as np
import pytest

import elman

sklearn = pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

QUICK = {"epochs": 3, "verbose": 0, "hidden_size": 8}
#: The estimators by themselves, and derived from scikit-learn's.
HOMES = pytest.mark.parametrize("home", ["elman", "elman.sklearn"], ids=str)
X = np.random.default_rng(1).normal(size=(60, 8, 2))
Y = X[:, :, 0].mean(axis=1)
CLASSES = np.where(Y > 0, "up", "down")


@HOMES
def test_manners(home):
    home = importlib.import_module(home)
    estimator = home.SequenceRegressor(**QUICK)
    assert clone(estimator).get_params() == estimator.get_params() and type(clone(estimator)) is type(estimator)
    assert repr(estimator) == "SequenceRegressor(hidden_size=8, epochs=3, verbose=0)"
    assert is_regressor(estimator) and is_classifier(home.SequenceClassifier())
    assert not is_regressor(home.SequenceClassifier()) and not is_classifier(home.Forecaster())
    assert estimator.set_params(epochs=4) is estimator and estimator.epochs == 4
    with pytest.raises(sklearn.exceptions.NotFittedError):
        check_is_fitted(estimator)
    check_is_fitted(estimator.fit(X, Y))
    search = GridSearchCV(estimator, {"hidden_size": [4, 8]}, cv=2, n_jobs=2).fit(X, Y)
    assert search.best_params_["hidden_size"] in (4, 8) and search.predict(X).shape == (60,)
    classifier = home.SequenceClassifier(search=False, **QUICK)
    assert len(cross_val_score(classifier, X, CLASSES, cv=3)) == 3
    pipeline = make_pipeline(FunctionTransformer(lambda X: X * 2), estimator).fit(X, Y)
    assert pipeline.predict(X).shape == (60,)


#: Checks of scikit-learn that do not apply to sequences, with the reason.
EXPECTED = {
    "check_n_features_in": "the second dimension of a plain array is time, and may have any length",
    "check_n_features_in_after_fitting": "the same",
    "check_classifiers_train": "the same",
    "check_fit2d_1sample": "of one sequence nothing can be learned; the message says so in words of its own",
    "check_regressors_train": "it sets alpha, which is RMSprop's here, of an estimator with Adam",
    "check_regressor_data_not_an_array": "a data frame is long, with a column that tells sequences apart",
    "check_classifier_data_not_an_array": "the same",
    "check_supervised_y_2d": "a column of targets is taken without a warning",
}


@HOMES
def test_its_own_checks(home):
    pytest.importorskip("sklearn", "1.6")
    from sklearn.utils.estimator_checks import check_estimator

    home = importlib.import_module(home)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind, options in [(home.SequenceRegressor, {"epochs": 2}), (home.SequenceClassifier, {"search": False, "epochs": 20})]:
            results = check_estimator(
                kind(hidden_size=4, verbose=0, **options), on_fail=None, expected_failed_checks=EXPECTED
            )
            failed = [(r["check_name"], str(r["exception"])) for r in results if r["status"] == "failed"]
            assert not failed


def test_those_of_its_bases_are_the_same_estimators(tmp_path):
    for name in elman.sklearn.__all__:
        ours, derived = getattr(elman, name), getattr(elman.sklearn, name)
        assert issubclass(derived, ours) and issubclass(derived, BaseEstimator)
        assert inspect.signature(derived) == inspect.signature(ours) and inspect.getdoc(derived) == inspect.getdoc(ours)
        assert repr(derived(seed=3)) == repr(ours(seed=3)) and derived().get_params() == ours().get_params()
        with pytest.raises(ValueError, match=f"{name} has no parameter 'sed'; did you mean seed"):
            derived(sed=3)
        # In a notebook.
        assert not callable(derived()._repr_mimebundle_) and derived()._repr_html_() == ours()._repr_html_()
    derived, ours = (home.SequenceClassifier(search=False, **QUICK).fit(X, CLASSES) for home in (elman.sklearn, elman))
    derived.save(tmp_path / "model.elman")
    for each in (derived, pickle.loads(pickle.dumps(derived)), elman.sklearn.SequenceClassifier.load(tmp_path / "model.elman")):
        assert type(each) is elman.sklearn.SequenceClassifier and each.score(X, CLASSES) == ours.score(X, CLASSES)
        assert np.array_equal(each.predict_proba(X), ours.predict_proba(X))
    # Trials are those of one estimator, wherever they are tried.
    trials = [elman.run_trial(each, {"seed": 1}, X, CLASSES, folder=tmp_path / "trials") for each in (ours, derived)]
    assert trials[0] == trials[1] and len(list((tmp_path / "trials").iterdir())) == 1


def test_weights_are_routed_to_those_of_its_bases():
    pytest.importorskip("sklearn", "1.5")
    with sklearn.config_context(enable_metadata_routing=True):
        asks = clone(elman.sklearn.SequenceClassifier(search=False, **QUICK).set_score_request(sample_weight=True))
        weights = {"sample_weight": np.ones(60)}
        found = cross_val_score(asks, X, CLASSES, cv=2, params=weights, error_score="raise")
        assert np.array_equal(found, cross_val_score(clone(asks), X, CLASSES, cv=2))


def test_pipelines_of_aeon():
    collection = pytest.importorskip("aeon.transformations.collection", reason="aeon is not installed")
    from aeon.pipeline import make_pipeline

    channels = X[:, :, :1].transpose(0, 2, 1)
    scaled = collection.Normalizer().fit_transform(channels)
    for estimator, y, answer in [
        (elman.sklearn.SequenceClassifier(layout="channels", search=False, **QUICK), CLASSES, "predict_proba"),
        (elman.sklearn.SequenceRegressor(layout="channels", **QUICK), Y, "predict"),
    ]:
        pipeline = make_pipeline(collection.Normalizer(), estimator).fit(channels, y)
        expected = getattr(clone(estimator).fit(scaled, y), answer)(scaled)
        assert np.array_equal(getattr(pipeline, answer)(channels), expected)


def test_pipelines_of_sktime():
    exponent = pytest.importorskip("sktime.transformations.exponent", reason="sktime is not installed")
    from sktime.pipeline import make_pipeline

    channels = X[:, :, :1].transpose(0, 2, 1)
    # To estimators of scikit-learn sktime gives rows.
    cubes = exponent.ExponentTransformer(power=3).fit_transform(channels)[:, 0]
    for estimator, y, answer in [
        (elman.sklearn.SequenceClassifier(search=False, **QUICK), CLASSES, "predict_proba"),
        (elman.sklearn.SequenceRegressor(**QUICK), Y, "predict"),
    ]:
        pipeline = make_pipeline(exponent.ExponentTransformer(power=3), estimator).fit(channels, y)
        expected = getattr(clone(estimator).fit(cubes, y), answer)(cubes)
        assert np.array_equal(getattr(pipeline, answer)(channels), expected)


def test_bundled_sets_of_aeon():
    datasets = pytest.importorskip("aeon.datasets", reason="aeon is not installed")
    for load, kind, at_least in [
        (datasets.load_unit_test, elman.SequenceClassifier, 0.8),
        (datasets.load_basic_motions, elman.SequenceClassifier, 0.8),
        (datasets.load_covid_3month, elman.SequenceRegressor, -0.1),
    ]:
        search = {"search": False} if kind is elman.SequenceClassifier else {}
        fitted = kind(layout="channels", epochs=60, verbose=0, **search).fit(*load(split="train"))
        assert fitted.score(*load(split="test")) > at_least, load.__name__
    # The numbers alone, without their months.
    assert elman.Forecaster(verbose=0).fit(datasets.load_airline()).test_["elman"]["mape"] < 6


def test_bundled_sets_of_sktime():
    datasets = pytest.importorskip("sktime.datasets", reason="sktime is not installed")
    answers = []
    for form in ("numpy3d", "nested_univ", "pd-multiindex"):
        X, y = datasets.load_unit_test("train", return_type=form)
        fitted = elman.SequenceClassifier(layout="channels", search=False, epochs=60, verbose=0)
        # Frames have their timesteps in rows, whatever the layout of arrays.
        X_test, y_test = datasets.load_unit_test("test", return_type=form)
        assert fitted.fit(X, y).score(X_test, y_test) > 0.8
        answers.append(fitted.predict_proba(X_test))
    assert all(np.array_equal(answer, answers[0]) for answer in answers)
    forecast = elman.Forecaster(verbose=0, horizon=3).fit(datasets.load_airline())
    assert forecast.test_["elman"]["mape"] < 5
    assert [str(time) for time in forecast.predict()["ds"]] == ["1961-01", "1961-02", "1961-03"]
