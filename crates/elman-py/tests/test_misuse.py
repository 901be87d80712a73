"""What goes wrong in people's hands is said in the words of what they wrote: the value, what it must be, the way out."""

import copy
import itertools
import os
import threading

import numpy as np
import pytest

import elman

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 6, 2))
Y = X[:, :, 0].mean(axis=1)
QUICK = {"epochs": 2, "hidden_size": 4, "verbose": 0}


ROW = np.ones(2, np.float32)


def read_only(size):
    array = np.ones(size, np.float32)
    array.flags.writeable = False
    return array


@pytest.fixture(scope="module")
def net():
    return elman.Network([elman.GRU(4), elman.Dense(1)], input_size=2)


@pytest.fixture(scope="module")
def regressor():
    return elman.SequenceRegressor(**QUICK).fit(X, Y)


@pytest.fixture(scope="module")
def forecaster():
    return elman.Forecaster(**QUICK).fit(elman.airline())


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda n: n.forward([[1, 2], [3]]), ValueError, "x is a list of parts that make no array"),
        (lambda n: n.forward(np.ones((1, 2, 2)), np.zeros((1, 1, 4))), TypeError, "state is ndarray; .* as forward gives"),
        (lambda n: n.forward(np.ones((1, 2, 2)), {"h": 1}), TypeError, "state is dict; it must be a list of arrays"),
        (lambda n: n.forward(np.ones((1, 2, 2)), [np.zeros(4)]), ValueError, r"state\[0\] has the shape \(4,\)"),
        (lambda n: n.forward(np.ones((1, 2, 2)), lengths=2), TypeError, "lengths is 2; it must be a list"),
        (lambda n: n.load_state_dict([1]), TypeError, "state_dict is list; it must be tensors by their names"),
        (lambda n: elman.Adam(n.parameters), TypeError, "network is ndarray; it must be the elman.Network"),
        (lambda n: elman.Adam(n, "fast"), TypeError, "learning_rate is 'fast'; it must be a number"),
        (
            lambda n: n.train_step(np.ones((1, 2, 2)), np.ones((1, 2, 1)), elman.SquaredError, elman.Adam(n)),
            TypeError,
            r"loss is <class .*>; it must be a loss, such as elman.SquaredError\(\)",
        ),
        (lambda n: n.stream().step([1.0, 2.0]), TypeError, "x is of list; it must be an array of one dimension of float32"),
        (lambda n: n.stream().step(np.ones(2)), TypeError, r"x is of float64; .*: x.astype\(numpy.float32\)"),
        (lambda n: n.stream().step(np.ones(2, ">f4")), TypeError, "x is of >f4; it must be an array of one dimension"),
        (lambda n: n.stream().step(np.ones((1, 2), np.float32)), TypeError, r"x has 2 dimensions; .*: x.ravel\(\)"),
        (lambda n: n.stream().step(ROW, np.ones(1)), TypeError, "out is of float64; it must be an array of one dim"),
        (lambda n: n.stream().step(ROW, read_only(1)), TypeError, "out is read-only; give an array that may be written"),
        (lambda n: n.stream().step(ROW, ROW), TypeError, "out shares its memory with an array that is in use by this call"),
        (lambda n: (n(np.ones((1, 2, 2))), n.backward(np.ones((1, 2, 1)))), ValueError, "predict and step keep nothing"),
        (lambda n: elman.Adam(n, beta1=np.nan), ValueError, "beta1 is nan; it must be a finite number"),
        (lambda n: elman.SGD(n, momentum="much"), TypeError, "momentum is 'much'; it must be a number"),
        (lambda n: elman.Adam(n, np.inf), ValueError, "learning_rate is inf; it must be a finite number"),
        (lambda n: setattr(elman.Adam(n), "learning_rate", -5), ValueError, "learning_rate is -5; it must be above 0"),
        (lambda n: setattr(elman.Adam(n), "learning_rate", np.nan), ValueError, "learning_rate is nan; it must be a fin"),
        (lambda n: elman.Dropout(float("nan")), ValueError, "probability is nan; it must be a finite number"),
        (lambda n: elman.Dropout(10**400), ValueError, "probability is beyond all numbers of 64 bits"),
        (lambda n: elman.LayerNorm(np.float32("inf")), ValueError, "eps is inf; it must be a finite number"),
        (lambda n: elman.Network([elman.GRU(2)], input_size=1, seed=2**64), ValueError, f"seed is {2**64}; .* at most"),
        (lambda n: elman.Network([elman.GRU(2)], input_size=1, dtype="f16"), ValueError, "dtype is 'f16'; it must be \"f"),
        (lambda n: elman.Network([elman.GRU(2)], input_size=1, dtype=None), ValueError, "dtype is None; it must be \"f"),
        (
            lambda n: n.train_step(np.ones((1, 2, 2)), np.ones((1, 2, 1)), elman.SquaredError(), elman.Adam(copy.copy(n))),
            ValueError,
            "optimiser is of another network",
        ),
        (
            lambda n: n.train_step(np.ones((1, 2, 2)), np.ones((1, 2, 1)), elman.SquaredError(), elman.Adam),
            TypeError,
            r"optimiser is <class .*>; it must be an optimiser, such as elman.Adam\(network\)",
        ),
        (
            lambda n: elman.CrossEntropy()(np.zeros((1, 3)), np.array([2**64 - 1], np.uint64)),
            ValueError,
            f"targets hold {2**64 - 1}, but classes are from 0 to 2",
        ),
        (lambda n: elman.set_threads(-1), ValueError, "count is -1; it must be at least 0"),
        (lambda n: elman.GRU(2, direction="up"), ValueError, 'direction is \'up\'; it must be "forward", "reverse" or "both"'),
        (lambda n: elman.GRU(2, output=None), ValueError, 'output is None; it must be "every" or "last"'),
        (lambda n: elman.GRU(0), ValueError, "hidden_size is 0; it must be at least 1"),
        (lambda n: elman.GRU(2, learned_state="no"), TypeError, "learned_state is 'no'; it must be True or False"),
        (lambda n: elman.LSTM(2, zoneout_cell=1.0), ValueError, "zoneout_cell is 1; it must be at least 0 and below 1"),
        (lambda n: elman.Recurrent("tru", 2), ValueError, "cell is 'tru'; it must be \"elman\", .* or \"peephole-lstm\""),
        (lambda n: elman.Recurrent("min-gru", 2, recurrent_dropout=0.1), ValueError, "min-gru has no recurrent product"),
        (lambda n: elman.Dense(0), ValueError, "output_size is 0; it must be at least 1"),
        (lambda n: elman.Dropout(1.0), ValueError, "dropout is 1; it must be at least 0 and below 1"),
        (lambda n: elman.Embedding(4, 3, one_hot=True), ValueError, "embedding_dim is 3, but one-hot vectors of 4 tokens"),
        (lambda n: elman.LayerNorm(-1), ValueError, "eps is -1.0; it must be above 0"),
        (lambda n: elman.Skip(0), ValueError, "inputs is 0; it must be at least 1"),
        (lambda n: elman.Patch(0), ValueError, "len is 0; it must be at least 1"),
        (lambda n: elman.Pooling("min"), ValueError, "kind is 'min'; it must be \"last\", \"mean\" or \"max\""),
        (lambda n: n.check(seed=-1), ValueError, "seed is -1; it must be at least 0"),
        (lambda n: elman.Network([elman.GRU(2)], input_size=1, init=3), TypeError, "init is 3; it must be a text"),
        (lambda n: elman.clip_grad_norm(n, "x"), TypeError, "max_norm is 'x'; it must be a number"),
        (lambda n: elman.clip_grad_norm("x", 1.0), TypeError, "network is str; it must be the elman.Network"),
        (lambda n: elman.RNN(4, nonlinearity="selu"), ValueError, "nonlinearity is 'selu'; it must be \"tanh\" or"),
        (
            lambda n: elman.Network([elman.Dense(4, "swish")], input_size=2),
            ValueError,
            "activation is 'swish'; it must be \"identity\", .*\"elu\" or \"softmax\"$",
        ),
        (lambda n: elman.from_torch(n), (TypeError, ImportError), "module is Network; it must be a torch.nn.Module|torch"),
        (lambda n: elman.from_torch(dict), (TypeError, ImportError), "module is the class dict; it must be|torch"),
    ],
)
def test_networks(net, call, error, message):
    with pytest.raises(error, match=message):
        call(net)


@pytest.mark.parametrize(
    "options, y, error, message",
    [
        ({"hidden_size": "big"}, Y, ValueError, 'hidden_size: .* "big", expected a whole number from 0 on$'),
        ({"hidden_size": 4.5}, Y, ValueError, "hidden_size: .*`4.5`, expected a whole number"),
        ({"seed": -1}, Y, ValueError, "seed: .*`-1`, expected a whole number"),
        ({"seed": 2**64}, Y, ValueError, "seed: .*expected a whole number"),
        ({"learning_rate": float("nan")}, Y, ValueError, "learning_rate is nan; it must be a finite number"),
        ({"clip": np.float32("inf")}, Y, ValueError, "clip is inf; it must be a finite number"),
        ({"quantiles": [0.1, np.nan]}, Y, ValueError, "quantiles is nan; it must be a finite number"),
        ({"layout": "bogus"}, Y, ValueError, "layout is 'bogus'; it must be \"time\" or \"channels\""),
        ({"dtype": "f16"}, Y, ValueError, "dtype is 'f16'; it must be \"float32\" or \"float64\""),
        ({"learning_rate": "high"}, Y, ValueError, "learning_rate: "),
        ({"verbose": "yes"}, Y, TypeError, "verbose is 'yes'; it must be a whole number"),
        ({}, np.where(Y > 0, "a", "b"), TypeError, "y is of <U1; it must be numbers"),
        ({}, np.ma.array(Y, mask=Y > 0), ValueError, "y has masked values"),
    ],
)
def test_options_and_targets(options, y, error, message):
    with pytest.raises(error, match=message):
        elman.SequenceRegressor(**{**QUICK, **options}).fit(X, y)


def test_classes():
    make = elman.SequenceClassifier(search=False, **QUICK)
    for y, error, message in [
        (np.array([None, "a"] * 10, dtype=object), ValueError, "y has a class that is None, NaN or masked; leave out"),
        (np.array([1, "a"] * 10, dtype=object), TypeError, "y has classes of the types int, str, which have no order; give them all one"),
    ]:
        with pytest.raises(error, match=message):
            make.fit(X, y)
    with pytest.raises(ValueError, match="arrays have no column of targets"):
        make.fit(X, np.where(Y > 0, "a", "b")).score(X)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda f: f.predict(horizon=2.5), TypeError, "horizon is 2.5; it must be a whole number"),
        (lambda f: f.predict(horizon=-1), ValueError, "horizon is -1; it must be at least 1"),
        (lambda f: f.backtest(test=0), ValueError, "test is 0; it must be at least 1"),
        (lambda f: f.predict_interval(levels=0.95), ValueError, "levels has 0.95, but they are in percent; .* give 95"),
        (lambda f: f.predict(baseline=3), TypeError, "baseline is 3; it must be a text"),
        (lambda f: f.predict_interval(levels="many"), TypeError, "levels is .*many.*; it must be a number"),
        (lambda f: f.network("first"), TypeError, "member is 'first'; it must be a whole number"),
        (lambda f: f.predict(baseline="naive"), ValueError, "did you mean seasonal naive"),
    ],
)
def test_forecasts(forecaster, call, error, message):
    with pytest.raises(error, match=message):
        call(forecaster)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda e: elman.sweep(e, {"seed": 1}, X, Y), TypeError, r"a list of dicts.* elman.grid\(...\) makes all"),
        (lambda e: elman.sweep(type(e), [{}], X, Y), TypeError, "estimator is the class SequenceRegressor; it must be"),
        (lambda e: elman.sweep(e, [{}], X, Y, jobs=0), ValueError, "jobs is 0; it must be at least 1"),
        (lambda e: elman.sweep(e, [{}], X, Y, test=X), TypeError, r"test is ndarray; it must be a tuple \(X, y\)"),
        (lambda e: elman.run_trial("x", {}, X, Y), TypeError, r"estimator is str; .* such as elman.Forecaster\(\)"),
        (lambda e: elman.run_trial(type(e), {}, X, Y), TypeError, "estimator is the class SequenceRegressor; it must be"),
        (lambda e: elman.run_trial(e, [1], X, Y), TypeError, "params is list; it must be a dict of options"),
        (lambda e: elman.run_trial(e, {}, X, Y, test=X), TypeError, r"test is ndarray; it must be a tuple \(X, y\)"),
        (lambda e: elman.sweep(e, [], X, Y), ValueError, "params are empty"),
        (lambda e: elman.grid(seed=3), TypeError, r"seed is 3; it must be a list of values to try, such as \[3\]"),
        (lambda e: elman.grid(cell="lstm"), TypeError, r"such as \['lstm'\]"),
    ],
)
def test_sweeps(regressor, call, error, message):
    with pytest.raises(error, match=message):
        call(regressor)


def test_a_refused_step_leaves_the_stream_where_it_was(net):
    x = np.ones(2, np.float32)
    untouched, refused = net.stream(), net.stream()
    for out in [np.ones(1), np.ones(2, np.float32)]:
        with pytest.raises((TypeError, ValueError), match="^out "):
            refused.step(x, out)
    np.testing.assert_array_equal(refused.step(x), untouched.step(x))


@pytest.mark.parametrize(
    "x, dy, error, message",
    [
        (np.ones((4, 5, 2)), np.ones((4, 1)), ValueError, r"dy has the shape \(4, 1\), but the output of forward has \(4, 5, 1\)"),
        (np.ones((4, 5, 2)), np.ones((1, 4, 5, 1)), ValueError, r"dy has the shape \(1, 4, 5, 1\), but"),
        (np.ones((4, 5, 2)), np.ones((4, 6, 1)), ValueError, r"dy has the shape \(4, 6, 1\), but the output of forward"),
        (np.ones((4, 5, 2)), None, TypeError, "dy is NoneType; it must be an array or a list"),
        (np.ones((4, 5, 2)), 1.0, ValueError, r"dy has the shape \(\), but"),
        (np.ones((4, 5, 2)), "much", TypeError, "dy is of <U4; it must be numbers"),
        (np.ones((5, 2)), np.ones((1, 5, 1)), ValueError, r"dy has the shape \(1, 5, 1\), but the output of forward has \(5, 1\)"),
        ([np.ones((5, 2)), np.ones((3, 2))], np.ones((2, 5, 1)), ValueError, r"dy\[1\] has the shape \(5, 1\), but .* \(3, 1\)"),
        ([np.ones((5, 2)), np.ones((3, 2))], [np.ones((5, 1))], ValueError, "dy has 1 parts, but .* a list of 2 arrays"),
        ([np.ones((5, 2)), np.ones((3, 2))], None, ValueError, "dy is of NoneType, but .* a list of 2 arrays"),
    ],
)
def test_gradients_of_other_shapes(net, x, dy, error, message):
    net.forward(x)
    gradients = net.gradients.copy()
    with pytest.raises(error, match=message):
        net.backward(dy)
    assert np.array_equal(net.gradients, gradients)


def test_paths_may_be_bytes(net, regressor, tmp_path):
    name = os.fsencode(tmp_path / "a.elman")
    net.save(name)
    assert np.array_equal(elman.Network.open(name).parameters, net.parameters)
    regressor.save(name)
    for load in (elman.load, elman.SequenceRegressor.load):
        assert np.array_equal(load(name).predict(X), regressor.predict(X))
    table = tmp_path / "table.csv"
    table.write_text("id,v,target\n" + "".join(f"{n},{t % 3},{n % 5}\n" for n in range(20) for t in range(4)))
    fitted = elman.SequenceRegressor(**QUICK).fit(os.fsencode(table))
    assert fitted.score(os.fsencode(table)) == fitted.score(table)
    swept = elman.sweep(regressor, [{}], X, Y, jobs=1, folder=os.fsencode(tmp_path / "trials"))
    assert len(swept.trials) == len(list((tmp_path / "trials").glob("*.trial"))) == 1
    with pytest.raises(FileNotFoundError, match="cannot open none.csv: there is no such file"):
        elman.Forecaster(**QUICK).fit(b"none.csv")


def test_what_is_asked_of_a_text_model():
    model = elman.TextModel(**QUICK).fit("fine wine, nine swine. " * 30)
    for options, message in [
        ({"prompt": 3}, "prompt is 3; it must be a text"),
        ({"stop": 3}, "stop is 3; it must be a text"),
        ({"temperature": "hot"}, "temperature is 'hot'; it must be a number"),
        ({"top_p": "all"}, "top_p is 'all'; it must be a number"),
    ]:
        with pytest.raises(TypeError, match=message):
            model.generate(**options)


def test_options_of_trials_may_come_one_by_one(regressor):
    assert len(elman.sweep(regressor, ({"seed": seed} for seed in (1, 2)), X, Y, jobs=1).trials) == 2


def test_classes_of_kinds_that_have_an_order_are_taken():
    classes = np.array([1, np.int64(2)] * 10, dtype=object)
    assert list(elman.SequenceClassifier(**QUICK).fit(X, classes).classes_) == [1, 2]


def test_a_network_in_two_threads_is_refused_by_name():
    net = elman.Network([elman.LSTM(64), elman.Dense(1)], input_size=2)
    x, failed, gate = np.ones((16, 200, 2), np.float32), [], threading.Barrier(2)
    calls = itertools.count()  # Until both are at work at once.

    def run():
        gate.wait()
        while not failed and next(calls) < 10_000:
            try:
                net.predict(x)
            except RuntimeError as error:
                failed.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = "this network is in use by another thread: one at a time may use it; give each its own"
    assert set(failed) == {wanted}
    assert np.array_equal(net(x), net(x))


def test_a_single_class_is_named_as_it_was_given():
    X = np.zeros((4, 3, 1))
    for given, shown in [(["a"] * 4, "'a'"), (np.full(4, 7), "7"), (np.full(4, "b"), "'b'")]:
        with pytest.raises(ValueError) as refused:
            elman.SequenceClassifier(**QUICK).fit(X, given)
        assert str(refused.value) == f"y has one class, {shown}; at least two are needed to tell them apart"
