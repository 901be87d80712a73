"""What is asked of a fitted estimator must be of the kind that it learned: as many values, targets that are some."""

import numpy as np
import pytest

import elman

QUICK = {"epochs": 3, "hidden_size": 4, "verbose": 0}
X = np.random.default_rng(0).normal(size=(60, 10, 2))
Y = X[:, :, 0].mean(axis=1)
CLASSES = np.where(Y > 0, "up", "down")
LONG = {"id": np.repeat(np.arange(60), 10), "a": X[:, :, 0].ravel(), "b": X[:, :, 1].ravel()}


@pytest.fixture(scope="module")
def regressor():
    return elman.SequenceRegressor(**QUICK).fit(X, Y)


@pytest.fixture(scope="module")
def classifier():
    return elman.SequenceClassifier(search=False, **QUICK).fit(X, CLASSES)


def test_targets_that_are_none_have_no_score(regressor, classifier):
    first_missing = np.where(np.arange(60) == 0, np.nan, Y)
    for y, message in [
        (first_missing, "y contains NaN or infinity"),
        (np.full(60, np.nan), "y contains NaN or infinity"),
        (np.full(60, np.inf), "y contains NaN or infinity"),
        (Y[:2], "y has 2 targets, but X has 60 sequences"),
        (np.float64(1), r"y has the shape \(\)"),
        (np.stack([Y, Y], axis=1), "y has 2 numbers for each sequence, but the model tells 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            regressor.score(X, y)
    for y, message in [
        (CLASSES[:1], "y has 1 targets, but X has 60 sequences"),
        (np.str_("up"), r"y has the shape \(\)"),
        (np.array([None] * 60), "y has a class that is None, NaN or masked"),
        (Y, "continuous"),
    ]:
        with pytest.raises(ValueError, match=message):
            classifier.score(X, y)
    labeler = elman.SequenceLabeler(**QUICK).fit(list(X), [x[:, 0] for x in X])
    uneven = [X[0][:9, 0], X[1][[*range(10), 0], 0], *(x[:, 0] for x in X[2:])]
    for ask in (labeler.fit, labeler.score):
        with pytest.raises(ValueError, match=r"y\[0\] has 9 targets, but X\[0\] has 10 timesteps"):
            ask(list(X), uneven)


def test_weights_are_those_of_scikit_learn(regressor, classifier):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    draw = np.random.default_rng(3)
    two = elman.SequenceRegressor(**QUICK).fit(X, np.stack([Y, -(Y**2)], axis=1))
    noisy = Y + draw.normal(size=60)
    for weights in (draw.random(60), draw.integers(0, 3, 60), np.eye(60)[5] + np.eye(60)[7], 1e308 * draw.random(60), None):
        # Of scikit-learn's own sum of weights a part may be beyond all numbers.
        known = None if weights is None else weights / weights.max()
        expected = metrics.accuracy_score(CLASSES, classifier.predict(X), sample_weight=known)
        assert classifier.score(X, CLASSES, sample_weight=weights) == pytest.approx(expected, abs=1e-12)
        expected = metrics.r2_score(noisy, regressor.predict(X), sample_weight=known)
        assert regressor.score(X, noisy, weights) == pytest.approx(expected, rel=1e-9)
        both = np.stack([noisy, Y], axis=1)
        expected = metrics.r2_score(both, two.predict(X), sample_weight=known)
        assert two.score(X, both, sample_weight=weights) == pytest.approx(expected, rel=1e-9)
    # What counts nothing might as well not be there, and what counts twice be there twice.
    counts = draw.integers(0, 3, 60)
    again = np.repeat(np.arange(60), counts)
    assert regressor.score(X, noisy, counts) == pytest.approx(regressor.score(X[again], noisy[again]), abs=1e-9)
    assert classifier.score(X, CLASSES, counts.tolist()) == pytest.approx(classifier.score(X[again], CLASSES[again]))
    # Targets that are all one have no spread.
    assert regressor.score(X, np.zeros(60), counts) == metrics.r2_score(np.zeros(60), Y, sample_weight=counts) == 0


def test_weights_are_one_for_each_sequence(regressor, classifier):
    for model, y in [(regressor, Y), (classifier, CLASSES)]:
        for weights, message in [
            (np.ones(59), "sample_weight has 59 weights, but X has 60 sequences"),
            (np.ones((60, 1)), r"sample_weight has the shape \(60, 1\); it must be \(n,\)"),
            (2.0, r"sample_weight has the shape \(\)"),
            (np.where(np.arange(60) == 3, np.nan, 1), r"sample_weight\[3\] is nan; a weight must be finite"),
            (np.where(np.arange(60) == 4, -1, 1), r"sample_weight\[4\] is -1.0; .* at least 0"),
            (np.zeros(60), "sample_weight is 0 for every sequence"),
        ]:
            with pytest.raises(ValueError, match=message):
                model.score(X, y, weights)
        with pytest.raises(TypeError, match="sample_weight is of <U"):
            model.score(X, y, ["much"] * 60)
    weights = np.arange(60)
    framed = elman.SequenceRegressor(**QUICK).fit(LONG, Y)
    assert framed.score(LONG, Y, np.repeat(weights, 10)) == framed.score(LONG, Y, weights) != framed.score(LONG, Y)
    with pytest.raises(ValueError, match="sample_weight has several weights in the sequence of row 1; a sequence has one"):
        framed.score(LONG, Y, np.arange(600))
    own = {**LONG, "target": np.repeat(Y, 10)}
    with pytest.raises(ValueError, match="sample_weight weighs the targets of y, which is None; pass y"):
        framed.score(own, sample_weight=weights)
    assert framed.score(own, own["target"], weights) == framed.score(LONG, Y, weights)


def test_the_targets_of_a_frame_may_be_told_for_each_row():
    regressor, rows = elman.SequenceRegressor(**QUICK).fit(LONG, np.repeat(Y, 10)), np.repeat(Y, 10)
    assert regressor.score(LONG, rows) == regressor.score(LONG, Y)
    classifier = elman.SequenceClassifier(search=False, **QUICK).fit(LONG, CLASSES)
    assert classifier.score(LONG, np.repeat(CLASSES, 10)) == classifier.score(LONG, CLASSES) > 0
    with pytest.raises(ValueError, match="y has several targets in the sequence of row 7"):
        regressor.score(LONG, np.where(np.arange(600) == 7, 0, rows))
    with pytest.raises(ValueError, match="y has 599 targets, but X has 60 sequences of 600 rows"):
        regressor.score(LONG, rows[1:])


def test_a_model_from_a_file_knows_how_many_values_it_reads(regressor, tmp_path):
    regressor.save(tmp_path / "r.elman")
    wide = np.concatenate([X, np.random.default_rng(1).normal(size=(60, 10, 5))], axis=2)
    for model in (regressor, elman.load(tmp_path / "r.elman")):
        for given in (wide, X[:, :, :1]):
            with pytest.raises(ValueError, match=f"{given.shape[2]} features, but SequenceRegressor is expecting 2"):
                model.predict(given)
        with pytest.raises(ValueError, match=r'expecting 2 features as input; .*layout="channels"'):
            model.predict(X[:, :5].transpose(0, 2, 1))
    labeler = elman.SequenceLabeler(**QUICK).fit(X, X[:, :, 0])
    labeler.save(tmp_path / "l.elman")
    with pytest.raises(ValueError, match="7 features, but SequenceLabeler is expecting 2"):
        elman.load(tmp_path / "l.elman").score(wide, X[:, :, 0])
    # Nor does a file tell what was left aside.
    first = elman.SequenceRegressor(features="x0", **QUICK).fit(X, Y)
    first.save(tmp_path / "f.elman")
    with pytest.raises(ValueError, match=r"if it read the first 1 of these, give them alone: X\[:, :, :1\]"):
        elman.load(tmp_path / "f.elman").predict(X)
    assert np.array_equal(elman.load(tmp_path / "f.elman").predict(X[:, :, :1]), first.predict(X))
    # What never changes is no input, and a file does not tell that it was there.
    padded = np.concatenate([X, np.ones((60, 10, 1))], axis=2)
    fitted = elman.SequenceRegressor(**QUICK).fit(padded, Y)
    fitted.save(tmp_path / "p.elman")
    assert np.array_equal(elman.load(tmp_path / "p.elman").predict(padded), fitted.predict(padded))


def test_features_are_what_is_learned_from():
    regressor = elman.SequenceRegressor(**QUICK).fit(LONG, Y)
    assert regressor.n_features_in_ == 2 and regressor.feature_names_in_.tolist() == ["a", "b"]
    own = elman.SequenceRegressor(**QUICK).fit({**LONG, "target": np.repeat(Y, 10)})
    assert own.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="X is of arrays, but SequenceRegressor learned from the columns a, b; give a frame"):
        regressor.predict(X)
    with pytest.raises(ValueError, match="X has a column 'target', and y tells the targets"):
        elman.SequenceRegressor(**QUICK).fit({**LONG, "target": LONG["a"]}, Y)
    assert not hasattr(regressor.fit(X, Y), "feature_names_in_")


def test_weights_are_routed_to_the_score_where_that_is_asked_for():
    sklearn = pytest.importorskip("sklearn", "1.5")
    from sklearn.exceptions import UnsetMetadataPassedError
    from sklearn.model_selection import GridSearchCV, check_cv, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    weights = np.linspace(0.1, 2, 60)
    for estimator, y in [
        (elman.SequenceRegressor(**QUICK), Y),
        (elman.SequenceClassifier(search=False, **QUICK), CLASSES),
    ]:
        def scored(estimator, **params):
            return cross_val_score(estimator, X, y, cv=2, error_score="raise", params=params)

        # By hand, on the folds that cross_val_score makes.
        folds = check_cv(2, y, classifier=y is CLASSES).split(X, y)
        fitted = [(sklearn.base.clone(estimator).fit(X[train], y[train]), test) for train, test in folds]
        by_hand = [each.score(X[test], y[test], weights[test]) for each, test in fitted]

        with sklearn.config_context(enable_metadata_routing=True):
            asks = sklearn.base.clone(sklearn.base.clone(estimator).set_score_request(sample_weight=True))
            assert scored(asks, sample_weight=weights) == pytest.approx(by_hand)
            assert scored(asks.set_score_request(sample_weight="w"), w=weights) == pytest.approx(by_hand)
            with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
                scored(estimator, sample_weight=weights)
            # A pipeline asks its last step what it may hand on, weights or not.
            pipeline = make_pipeline(FunctionTransformer(), estimator)
            name = f"{type(estimator).__name__.lower()}__hidden_size"
            GridSearchCV(pipeline, {name: [2, 3]}, cv=2, error_score="raise").fit(X, y)
