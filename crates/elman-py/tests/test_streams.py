"""Estimators row by row: the answers are those of `predict` on the rows so far."""

import contextlib
import itertools
import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest

import elman

QUIET = {"epochs": 1, "verbose": 0, "hidden_size": 4}


def sequences(count=12):
    rng = np.random.default_rng(3)
    return [rng.normal(size=(4 + n % 3, 2)).astype(np.float32) for n in range(count)]


def test_a_series_is_forecast_as_predict_forecasts_it():
    data = elman.airline()
    forecaster = elman.Forecaster(transform="log-difference", **QUIET).fit(data)
    stream = forecaster.stream()
    assert stream.names == ("passengers", "place in the season of 12") and stream.answers == ("passengers_forecast",)
    answers = [stream.step([passengers, n % 12]) for n, passengers in enumerate(data["passengers"])]
    assert [answer is None for answer in answers] == [True] * 12 + [False] * 132
    expected = forecaster.predict(data, horizon=1)["passengers_forecast"][0]
    assert answers[-1]["passengers_forecast"] == pytest.approx(expected, rel=1e-6)
    # From the start, and by names, among others.
    stream.reset()
    for n, passengers in enumerate(data["passengers"]):
        row = {"month": "1949-01", "place in the season of 12": n % 12, "passengers": passengers}
        assert stream.step(row) == answers[n]
    assert stream.step(pd.Series({"passengers": 400.0, "place in the season of 12": 0})) is not None


@pytest.mark.parametrize("ids", [["a", "b"], [1, 2]])
def test_each_of_several_series_has_a_stream(ids):
    frame = pd.DataFrame(
        {"shop": np.repeat(ids, 60), "units": [n * n % 7 + 5.0 for n in range(120)]}
    )
    forecaster = elman.Forecaster(id="shop", horizon=2, window=4, transform="difference", **QUIET).fit(frame)
    stream = forecaster.stream()
    assert stream.names == ("shop", "units")
    last = {}
    for left, right in zip(frame[:60].itertuples(), frame[60:].itertuples()):
        for row in (left, right):
            last[row.shop] = stream.step({"shop": row.shop, "units": row.units})
    expected = forecaster.predict(frame, horizon=1)
    for shop, forecast in zip(expected["shop"], expected["units_forecast"]):
        assert last[shop]["units_forecast"] == pytest.approx(forecast, rel=1e-6)
    with pytest.raises(ValueError, match="row 121: this model has not learned from series \"c\"; it knows"):
        stream.step(["c", 1.0])
    with pytest.raises(ValueError, match="'shop' is None; give the name of a series"):
        stream.step([None, 1.0])
    first = str(ids[0])
    with pytest.raises(ValueError, match=f'row 121, series "{first}": "units" is missing; give a number'):
        stream.step([ids[0], float("nan")])


def test_series_in_columns_have_an_answer_each():
    wide = pd.DataFrame({"x": [n * n % 7 + 5.0 for n in range(60)], "y": [n % 5 + 1.0 for n in range(60)]})
    forecaster = elman.Forecaster(target="x,y", horizon=2, window=4, transform="difference", **QUIET).fit(wide)
    stream = forecaster.stream()
    assert stream.names == ("x", "y") and stream.answers == ("x_forecast", "y_forecast")
    for row in wide.to_numpy():
        answer = stream.step(row)
    expected = forecaster.predict(wide, horizon=1)
    assert list(answer.values()) == pytest.approx(list(expected["forecast"]), rel=1e-6)


def test_sequences_are_answered_as_predict_answers_them():
    X = sequences()
    classifier = elman.SequenceClassifier(search=False, **QUIET).fit(X, ["b", "a", "c"] * 4)
    regressor = elman.SequenceRegressor(**QUIET).fit(X, [float(x[0, 0]) for x in X])
    labeler = elman.SequenceLabeler(**QUIET).fit(X, [x[:, 0] for x in X])
    streams = [estimator.stream() for estimator in (classifier, regressor, labeler)]
    assert streams[0].answers == ("probability_a", "probability_b", "probability_c")
    for n in range(3):
        answers = []
        for stream in streams:
            stream.reset()
            answers.append([stream.step(row) for row in X[n]])
        assert list(answers[0][-1].values()) == pytest.approx(list(classifier.predict_proba([X[n]])[0]), rel=1e-5)
        assert list(answers[1][-1].values()) == pytest.approx(list(np.ravel(regressor.predict([X[n]]))), rel=1e-5)
        found = [next(iter(answer.values())) for answer in answers[2]]
        assert found == pytest.approx(list(np.ravel(labeler.predict([X[n]])[0])), rel=1e-5)


def test_categories_are_taken_by_name_and_sequences_by_their_ids():
    tools = ["saw", "drill", "7"]
    frame = pd.DataFrame(
        {
            "id": ["a", "b"] * 60,
            "tool": [tools[n * 5 % 11 % 3] for n in range(120)],
            "load": [float(n * 3 % 7) for n in range(120)],
            "wear": [n * n % 13 / 2 for n in range(120)],
        }
    )
    labeler = elman.SequenceLabeler(id="id", target="wear", **QUIET).fit(frame)
    new = frame[:20].drop(columns="wear")
    new.loc[4, "tool"] = "lathe"
    stream = labeler.stream()
    assert stream.names == ("tool", "load")
    found = [stream.step(row)["wear_predicted"] for _, row in new.iterrows()]
    expected = labeler.predict(new)
    assert found == pytest.approx(list(expected["wear_predicted"]), rel=1e-5)
    # In order, of one sequence; a number that stands for a category.
    stream.reset()
    assert stream.step(["saw", 0.0])["wear_predicted"] == found[0]
    by_text, by_number = labeler.stream(), labeler.stream()
    assert by_text.step({"tool": "7", "load": 1}) == by_number.step({"tool": 7, "load": 1})
    with pytest.raises(ValueError, match='"tool" is missing; give one of 7, drill, saw, or train'):
        stream.step({"tool": None, "load": 1})
    labeler.verbose = 1
    with pytest.warns(elman.Remark, match='"tool" says what was not there in training, which is no category: "lathe"'):
        labeler.stream().step({"tool": "lathe", "load": 1})


def test_what_is_no_row_is_refused_and_changes_nothing():
    regressor = elman.SequenceRegressor(**QUIET).fit(sequences(), np.arange(12.0))
    stream, other = regressor.stream(), regressor.stream()
    first, second = stream.names
    row = {first: 1.0, second: 2.0}
    for wrong, error, message in [
        ({first: 1.0}, ValueError, f"'{second}' is missing in the row; give {first}, {second}"),
        ([1.0], ValueError, f"the row has 1 values; give 2: {first}, {second}"),
        ([1.0, 2.0, 3.0], ValueError, f"the row has 3 values; give 2: {first}, {second}"),
        ([1.0, "2"], ValueError, f"'{second}' is '2'; give a number"),
        (
            [1.0, None],
            ValueError,
            f'row 2: "{second}" is missing; give a number, or train a model that was told what becomes of empty cells, with '
            "missing",
        ),
        ([1.0, np.inf], ValueError, f"row 2: {second} is inf; give a finite number"),
        ("1 2", TypeError, f"a row is of type str; give {first}, {second}"),
        (7, ValueError, f"the row has 1 values; give 2: {first}, {second}"),
    ]:
        stream.reset(), other.reset()
        assert stream.step(row) == other.step([1.0, 2.0])
        with pytest.raises(error) as refused:
            stream.step(wrong)
        assert str(refused.value) == message
        assert stream.step(np.array([0.5, 0.25], np.float32)) == other.step([0.5, 0.25])


def test_models_that_are_no_streams_say_why():
    with pytest.raises(ValueError, match="not fitted yet"):
        elman.Forecaster().stream()
    both = elman.SequenceRegressor(bidirectional=True, **QUIET).fit(sequences(), np.arange(12.0))
    with pytest.raises(ValueError, match="bidirectional"):
        both.stream()
    text = elman.TextModel(epochs=1, verbose=0, hidden_size=4).fit("fine wine, nine swine. " * 60)
    with pytest.raises(ValueError, match="not read row by row; generate goes on with a text"):
        text.stream()


def test_arrays_in_use_by_another_thread_are_refused_as_networks_are():
    network = elman.Network([elman.LSTM(128), elman.Dense(1)], input_size=2)
    x, dy = np.ones((64, 200, 2), np.float32), np.ones((64, 200, 1), np.float32)
    optimiser, failed, over = elman.SGD(network, 1e-30), [], threading.Event()
    calls = itertools.count()

    def learn():
        try:
            # Until both are at work at once.
            while not failed and next(calls) < 10_000:
                with contextlib.suppress(RuntimeError):  # The optimiser may be at work, too.
                    network.forward(x)
                    network.backward(dy)
        finally:
            over.set()

    thread = threading.Thread(target=learn)
    thread.start()
    while not over.is_set():
        try:
            optimiser.step()
        except RuntimeError as error:
            failed.append(str(error))
        time.sleep(0.001)
    thread.join()
    wanted = "are in use by another thread: one at a time may use them; give each its own"
    assert failed and set(failed) <= {f"the {what} {wanted}" for what in ("parameters", "gradients")}


@pytest.fixture
def interruptible():
    """Whoever runs the tests in the background ignores the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_long_prediction(interruptible):
    labeler = elman.SequenceLabeler(epochs=1, verbose=0, hidden_size=256).fit(sequences(), [x[:, 0] for x in sequences()])
    long = [np.ones((2_000_000, 2), np.float32)]
    for work in (lambda: labeler.predict(long), lambda: labeler.score(long, [np.ones(2_000_000)])):
        timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            work()
        timer.join()
