"""Values of types that are seldom given: they are what they are, or refused by name, and never taken for something else."""

from datetime import timedelta

import numpy as np
import pytest

import elman

QUICK = {"epochs": 2, "hidden_size": 4, "verbose": 0}
RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 6, 2))
Y = X[:, :, 0].mean(axis=1)
CLASSES = np.where(Y > 0, "up", "down")
SERIES = np.sin(np.arange(60) / 3)
HIDDEN = np.arange(60) == 5


def regressor(**options):
    return elman.SequenceRegressor(**QUICK, **options)


def classifier(**options):
    return elman.SequenceClassifier(search=False, **QUICK, **options)


def labeler(**options):
    return elman.SequenceLabeler(**QUICK, **options)


def forecaster(**options):
    return elman.Forecaster(horizon=2, **QUICK, **options)


def test_what_is_masked_is_missing():
    """Whatever its type, and never what lies below the mask."""
    masked = np.ma.masked_array(SERIES, HIDDEN)
    with pytest.raises(ValueError, match="the value is missing; fill it in, or choose with missing"):
        forecaster().fit(masked)
    filled = forecaster(missing="interpolate").fit(masked).predict()
    assert np.array_equal(filled, forecaster(missing="interpolate").fit(np.where(HIDDEN, np.nan, SERIES)).predict())
    hidden = X > 2
    with pytest.raises(ValueError, match=r"X\[\d+\] contains NaN, the first at timestep \d, value \d; fill it in, or choose"):
        regressor().fit(np.ma.masked_array(X, hidden), Y)
    gaps = [np.where(mask, np.nan, x) for x, mask in zip(X, hidden)]
    fitted = [
        regressor(missing="zero").fit(given, Y)
        for given in (np.ma.masked_array(X, hidden), [np.ma.masked_array(x, mask) for x, mask in zip(X, hidden)], gaps)
    ]
    assert all(np.array_equal(each.predict(gaps), fitted[0].predict(gaps)) for each in fitted)
    for labels in (CLASSES, (Y > 0).astype(int), Y > 0, CLASSES.astype(object)):
        y = np.ma.masked_array(labels, np.arange(40) == 3)
        for call in (lambda: classifier().fit(X, y), lambda: classifier().fit(X, labels).score(X, y)):
            with pytest.raises(ValueError, match="None, NaN or masked; leave out|y contains NaN"):
                call()
    above, hidden = X[:, :, 0] > 0, X[:, :, 1] > 1
    for labels in (above, np.where(above, "up", "down"), np.where(above, "up", "down").astype(object)):
        fitted = labeler().fit(X, np.ma.masked_array(labels, hidden))
        assert fitted.classes_.tolist() == np.unique(labels).tolist()
        assert fitted.score(X, np.ma.masked_array(labels, hidden)) <= 1


@pytest.mark.parametrize("make", [regressor, classifier, labeler])
@pytest.mark.parametrize("y", [{"y": 1}, {1, 2}, (y for y in Y), 3.0, "up"], ids=lambda y: type(y).__name__)
def test_targets_are_an_array_or_a_list(make, y):
    with pytest.raises(TypeError, match=f"y is {type(y).__name__}; it must be an array or a list"):
        make().fit(X, y)


def test_a_lazy_frame_is_no_list():
    polars = pytest.importorskip("polars")
    for make in (regressor, classifier, labeler):
        with pytest.raises(TypeError, match="y is LazyFrame; it must be an array or a list"):
            make().fit(X, polars.LazyFrame({"y": Y}))


@pytest.mark.parametrize("make", [classifier, labeler])
def test_labels_are_names_or_whole_numbers(make):
    shape = (40,) if make is classifier else (40, 6)
    lists = np.full(shape, None, dtype=object)
    for place in np.ndindex(shape):
        lists[place] = [place[0] % 2]
    with pytest.raises(TypeError, match=r"y has \[0\], of type list; a class is a name or a whole number"):
        make().fit(X, lists)
    with pytest.raises(ValueError, match="y is of complex128: Complex data not supported"):
        make().fit(X, np.ones(shape) * 1j)


def test_what_can_be_gone_through_once_is_for_no_sweep():
    for X_, y in [((x for x in X), Y), (X, iter(Y))]:
        for call in (lambda: elman.sweep(regressor(), [{}], X_, y, jobs=2), lambda: elman.run_trial(regressor(), {}, X_, y)):
            with pytest.raises(TypeError, match="^[Xy] is .*, which can be gone through but once; give a list or an array"):
                call()


@pytest.fixture(params=["pandas", "polars", "pyarrow"])
def frame(request):
    library = pytest.importorskip(request.param)
    return library.table if request.param == "pyarrow" else library.DataFrame


def test_durations_are_seconds(frame):
    days = np.arange("2024-01-01", "2024-03-01", dtype="M8[D]").astype("M8[us]")
    seconds = np.round(SERIES + 2, 3)
    durations = (seconds * 1e6).round().astype("m8[us]")
    expected = forecaster().fit(frame({"ds": days, "y": seconds})).predict()
    found = forecaster().fit(frame({"ds": days, "y": durations})).predict()
    assert np.array_equal(np.asarray(found["y_forecast"]), np.asarray(expected["y_forecast"]))
    ids = np.repeat(np.arange(40), 6)
    columns = {"id": ids, "x0": X[:, :, 0].ravel(), "x1": np.round(X[:, :, 1].ravel(), 6)}
    fitted = regressor().fit(frame({**columns, "x1": (columns["x1"] * 1e6).round().astype("m8[us]")}), Y)
    expected = regressor().fit(frame(columns), Y).predict(frame(columns))
    assert np.allclose(fitted.predict(frame(columns))["target_predicted"], expected["target_predicted"], atol=1e-6)
    steps = [fitted.stream().step({"x0": 0.5, "x1": given}) for given in (1.5, timedelta(seconds=1.5), np.timedelta64(1500, "ms"))]
    assert steps[0] == steps[1] == steps[2]


def test_a_truth_value_may_be_missing(frame):
    truths = [True, False, None, True, True, False] * 40
    columns = {"id": np.repeat(np.arange(40), 6), "v": X[:, :, 0].ravel(), "flag": truths}
    table = frame(columns)
    if frame.__module__.startswith("pandas"):
        table["flag"] = table["flag"].astype("boolean")
    with pytest.raises(ValueError, match='column "flag".*empty cell.*choose with missing'):
        regressor().fit(table, Y)
    numbers = {**columns, "flag": [np.nan if truth is None else float(truth) for truth in truths]}
    of_truths, of_numbers = (regressor(missing="zero").fit(given, Y).predict(given) for given in (table, numbers))
    assert np.array_equal(of_truths["target_predicted"], of_numbers["target_predicted"])


def test_complex_columns_are_refused():
    for make, given in [(forecaster, {"y": SERIES + 1j}), (regressor, {"id": [0, 0], "v": np.array([1j, 2]), "target": [1, 1]})]:
        with pytest.raises(ValueError, match=r"column '[vy]' is of complex128: Complex data not supported; give real numbers"):
            make().fit(given)
    stream = regressor().fit(X, Y).stream()
    for row, message in [
        (np.array([1j, 2]), "'x0' is .*1j.*; give a number"),
        ([1.0, np.datetime64("2024")], "'x1' is .*2024.*; give a number"),
        ({1.0, 2.0}, "a row is of type set; give x0, x1"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            stream.step(row)


def test_columns_have_a_single_name():
    pandas = pytest.importorskip("pandas")
    names = pandas.MultiIndex.from_tuples([("price", "mean"), ("price", "max")])
    days = pandas.date_range("2024-01-01", periods=60)
    for given in (pandas.DataFrame({0: SERIES, 1: SERIES}).set_axis(names, axis=1), pandas.DataFrame(index=days, columns=names, data=1.0)):
        for make in (forecaster, regressor):
            with pytest.raises(ValueError, match=r'names of 2 levels; give each a single one, .*columns.map\("_".join\)'):
                make(target="price_mean").fit(given)
    given.columns = given.columns.map("_".join)
    assert list(given) == ["price_mean", "price_max"]


def test_columns_may_be_called_by_numbers():
    pandas = pytest.importorskip("pandas")
    given = pandas.DataFrame({0: np.arange(60), 1: SERIES, 2: SERIES[::-1]})
    texts = forecaster(time="0", target="1,2").fit(given).predict()
    for target in ([1, 2], np.array([1, 2]), (1, "2")):
        assert forecaster(time=np.int64(0), target=target).fit(given).predict().equals(texts)
    assert regressor(features=[1]).fit({"id": np.repeat(np.arange(40), 6), **{k: X[:, :, k].ravel() for k in (0, 1)}}, Y)
    for options, message in [
        ({"target": 1.5}, "target: .*`1.5`, expected a text"),
        ({"cell": 3}, "cell: .*`3`, expected a name"),
        ({"time": True}, "time: .*`true`, expected a text"),
    ]:
        with pytest.raises(ValueError, match=message):
            forecaster(**options).fit(given)


def test_targets_are_told_once():
    columns = {"id": np.repeat(np.arange(40), 6), "v": X[:, :, 0].ravel(), "w": np.repeat(Y, 6)}
    for given in (columns, X):
        with pytest.raises(ValueError, match="target is 'w', and y tells the targets; leave out one of them"):
            regressor(target="w").fit(given, Y)
