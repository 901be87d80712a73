"""Networks for training loops of one's own, held to closed forms, to finite differences and to themselves."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import elman

BLOCKS = [
    elman.Recurrent("lstm", 5, direction="both"),
    elman.LayerNorm(),
    elman.Recurrent("gru", 4, learned_state=True),
    elman.Dense(2, activation="tanh"),
]


def network(blocks=BLOCKS, dtype="float64", **options):
    return elman.Network(blocks, input_size=options.pop("input_size", 3), dtype=dtype, **options)


def test_parameters_are_views_of_one_vector():
    net = network()
    views = dict(net.named_parameters())
    assert list(views)[:4] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    assert views["weight_ih_l0_reverse"].shape == (20, 3) and views["h0_l1"].shape == (4,)
    assert sum(view.size for view in views.values()) == net.parameters.size
    assert net.parameters is net.parameters
    before = net(np.ones((1, 2, 3)))
    net["head.bias"][:] = 0.5
    assert np.shares_memory(net["head.bias"], net.parameters)
    assert not np.array_equal(before, net(np.ones((1, 2, 3))))
    with pytest.raises(KeyError, match="there is no tensor 'head.wait'; there are weight_ih_l0"):
        net["head.wait"]


def test_one_unit_by_hand():
    net = elman.Network([elman.RNN(1)], input_size=1, dtype="float64")
    net.load_state_dict({"weight_ih_l0": [[0.5]], "weight_hh_l0": [[-0.3]], "bias_ih_l0": [0.1], "bias_hh_l0": [0.2]})
    y, state = net.forward([[1.0], [2.0]])
    h1 = np.tanh(0.5 * 1 + 0.3)
    h2 = np.tanh(0.5 * 2 - 0.3 * h1 + 0.3)
    np.testing.assert_allclose(y[:, 0], [h1, h2], rtol=1e-14)
    np.testing.assert_allclose(state[0], [[[h2]]], rtol=1e-14)
    dx, dstate = net.backward([[0.0], [1.0]])
    d2, d1 = 1 - h2**2, 1 - h1**2
    np.testing.assert_allclose(dx[:, 0], [0.5 * d1 * -0.3 * d2, 0.5 * d2], rtol=1e-14)
    np.testing.assert_allclose(dstate[0], [[[0.09 * d1 * d2]]], rtol=1e-14)
    np.testing.assert_allclose(net.gradients[0], d2 * (2 + -0.3 * d1 * 1), rtol=1e-14)


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-7), ("float32", 2e-3)])
def test_gradients_are_finite_differences(dtype, tolerance):
    net, rng = network(dtype=dtype), np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 2))
    fine = network(dtype="float64")
    fine.parameters[:] = net.parameters

    def loss():
        return float((fine(x) * weight).sum())

    net.forward(x)
    dx, _ = net.backward(weight)
    for n in rng.choice(net.parameters.size, 20, replace=False):
        kept = fine.parameters[n]
        fine.parameters[n] = kept + 1e-6
        above = loss()
        fine.parameters[n] = kept - 1e-6
        slope = (above - loss()) / 2e-6
        fine.parameters[n] = kept
        assert abs(slope - net.gradients[n]) < tolerance * max(1, abs(slope))
    kept, x[1, 2, 0] = x[1, 2, 0], x[1, 2, 0] + 1e-6
    above = loss()
    x[1, 2, 0] = kept - 1e-6
    assert abs((above - loss()) / 2e-6 - dx[1, 2, 0]) < tolerance


def test_padded_and_listed_sequences_are_each_alone():
    net, rng = network(dtype="float32"), np.random.default_rng(1)
    parts = [rng.normal(size=(length, 3)).astype(np.float32) for length in (2, 5, 1)]
    listed, final = net.forward(parts)
    padded = np.zeros((3, 5, 3), np.float32)
    for n, part in enumerate(parts):
        padded[n, : len(part)] = part
    in_one, final_in_one = net.forward(padded, lengths=[2, 5, 1])
    assert in_one.shape == (3, 5, 2)
    for n, part in enumerate(parts):
        alone, state = net.forward(part)
        assert np.array_equal(alone, listed[n])
        assert np.array_equal(alone, in_one[n, : len(part)]) and not in_one[n, len(part) :].any()
        for k in range(len(state)):
            assert np.array_equal(state[k][0], final[k][n]) and np.array_equal(state[k][0], final_in_one[k][n])
    net.zero_grad()
    net.forward(parts)
    dx, _ = net.backward([np.ones_like(y) for y in listed])
    in_list = net.gradients.copy()
    net.zero_grad()
    net.forward(padded, lengths=[2, 5, 1])
    dpadded, _ = net.backward(np.ones((3, 5, 2), np.float32))
    assert np.array_equal(net.gradients, in_list)
    assert all(np.array_equal(dpadded[n, : len(part)], dx[n]) for n, part in enumerate(parts))


def test_gradients_add_up_until_they_are_set_to_zero():
    net = network()
    once, _ = net.forward(np.ones((1, 3, 3)))
    net.backward(np.ones_like(once))
    first = net.gradients.copy()
    net.forward(np.ones((1, 3, 3)))
    net.backward(np.ones_like(once))
    np.testing.assert_allclose(net.gradients, 2 * first, rtol=1e-14)
    net.zero_grad()
    assert not net.gradients.any()


def test_a_sequence_goes_on_from_its_state():
    net = network([elman.LSTM(6), elman.Dense(1)], "float32")
    x = np.random.default_rng(2).normal(size=(2, 7, 3))
    whole, final = net.predict(x)
    first, state = net.predict(x[:, :4])
    second, state = net.predict(x[:, 4:], state)
    assert np.array_equal(np.concatenate([first, second], axis=1), whole)
    assert np.array_equal(state[0], final[0])
    one, _ = net.step(x[:, 0])
    assert np.array_equal(one, whole[:, 0])


def test_a_stream_is_the_sequence_step_by_step():
    net = elman.Network([elman.GRU(16), elman.Dense(2)], input_size=1, dtype="float32")
    x = np.random.default_rng(3).normal(size=(20, 1)).astype(np.float32)
    stream, out = net.stream(), np.zeros(2, np.float32)
    steps = [stream.step(row).copy() for row in x]
    assert np.array_equal(steps, net(x))
    assert np.array_equal(stream.states()[0][0], net.predict(x)[1][0][0, 0])
    stream.reset()
    assert stream.step(x[0], out) is out and np.array_equal(out, steps[0])
    assert stream.step_scalar(float(x[1, 0])) == steps[1][0]
    with pytest.raises(ValueError, match="x has 2 values, but a timestep has 1"):
        stream.step(np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="a stream has none"):
        network().stream()


def test_a_network_learns():
    net = elman.Network([elman.GRU(8, output="last"), elman.Dense(1)], input_size=1, seed=1)
    x = np.random.default_rng(4).normal(size=(64, 6, 1)).astype(np.float32)
    targets, optimiser = x.mean(axis=1), elman.Adam(net, 0.02)
    losses = [net.train_step(x, targets, elman.SquaredError(), optimiser, clip=1.0) for _ in range(150)]
    assert losses[-1] < losses[0] / 50
    assert net(x).shape == (64, 1)


@pytest.mark.parametrize(
    "rule, options",
    [
        (elman.SGD, {"momentum": 0.9, "nesterov": True}),
        (elman.RMSprop, {"momentum": 0.5}),
        (elman.Adam, {"weight_decay": 0.1}),
        (elman.AdamW, {}),
    ],
)
def test_optimisers_step_along_the_gradient(rule, options):
    net = network()
    net.gradients[:] = np.linspace(-1, 1, net.gradients.size)
    before = net.parameters.copy()
    rule(net, 0.1, **options).step()
    moved = (net.parameters - before) * np.sign(net.gradients)
    assert (moved[np.abs(net.gradients) > 0.5] < 0).all()


def test_plain_descent_is_exact():
    net = network()
    net.gradients[:] = 2.0
    before = net.parameters.copy()
    elman.SGD(net, 0.25).step()
    np.testing.assert_allclose(net.parameters, before - 0.5, rtol=1e-15)


def test_losses_are_their_formulas():
    outputs, targets = np.array([[1.0, 2.0]]), np.array([[0.0, np.nan]])
    assert elman.SquaredError()(outputs, targets)[0] == 1.0
    value, gradient = elman.SquaredError()(outputs, np.array([[0.0, 4.0]]))
    assert value == 2.5 and gradient.tolist() == [[1.0, -2.0]]
    assert elman.AbsoluteError()(outputs, np.array([[0.0, 4.0]]))[0] == 1.5
    assert elman.Huber(1.0)(outputs, np.array([[0.5, 4.0]]))[0] == (0.125 + 1.5) / 2
    value, gradient = elman.CrossEntropy()(np.zeros((2, 2, 4)), np.array([[0, 1], [2, 3]]))
    assert value == pytest.approx(np.log(4)) and gradient.shape == (2, 2, 4)
    assert gradient[0, 0] == pytest.approx([-0.75 / 4, 0.25 / 4, 0.25 / 4, 0.25 / 4])
    value, gradient = elman.SquaredError()([np.ones((2, 1)), np.ones((1, 1))], [np.zeros((2, 1)), np.zeros((1, 1))])
    assert value == 1.0 and [part.shape for part in gradient] == [(2, 1), (1, 1)]
    for targets, message in [(np.array([[0.5]]), "classes are whole numbers"), (np.array([[9]]), "from 0 to 1")]:
        with pytest.raises((TypeError, ValueError), match=message):
            elman.CrossEntropy()(outputs[None], targets)


def test_clipping_scales_to_the_norm():
    net = network()
    net.gradients[:] = 3.0
    norm = 3.0 * np.sqrt(net.gradients.size)
    assert elman.clip_grad_norm(net, 1.0) == pytest.approx(norm)
    assert np.linalg.norm(net.gradients) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize(
    "blocks",
    [
        [elman.GRU(8), elman.Dropout(0.5), elman.Dense(1)],
        [elman.GRU(8, recurrent_dropout=0.5), elman.Dense(1)],
        [elman.LSTM(8, zoneout=0.2, zoneout_cell=0.5), elman.Dense(1)],
        [elman.RNN(8, nonlinearity="relu", zoneout=0.2, learned_state=True), elman.Dense(1)],
    ],
)
def test_dropout_follows_its_seed(blocks):
    x = np.ones((2, 3, 3))
    a, b, c = (network(blocks, seed=seed) for seed in (5, 5, 6))
    assert a.blocks == blocks
    c.parameters[:] = a.parameters
    assert np.array_equal(a.forward(x, training=True)[0], b.forward(x, training=True)[0])
    assert not np.array_equal(b.forward(x, training=True)[0], c.forward(x, training=True)[0])
    assert not np.array_equal(a(x), a.forward(x, training=True)[0])


def test_shorthands_have_all_that_a_recurrent_block_has():
    options = {"direction": "both", "output": "last", "learned_state": True, "recurrent_dropout": 0.1, "zoneout": 0.2}
    for make, cell, more in [
        (elman.LSTM, "lstm", {"zoneout_cell": 0.3}),
        (elman.GRU, "gru", {}),
        (elman.RNN, "elman", {}),
    ]:
        assert make(4, **options, **more) == elman.Recurrent(cell, 4, **options, **more)
    assert elman.RNN(4, nonlinearity="relu") == elman.Recurrent("elman-relu", 4)


def test_embeddings_read_tokens():
    net = elman.Network([elman.Embedding(7, 3), elman.GRU(4), elman.Dense(7)])
    assert net(np.array([[0, 6, 2]])[..., None]).shape == (1, 3, 7)
    for token in (7, -1, 0.5, np.nan):
        with pytest.raises(ValueError, match="no token: they are whole numbers from 0 to 6"):
            net(np.full((1, 2, 1), token))


def test_gradients_are_proven():
    found = network().check()
    assert {agreement.tensor for agreement in found} >= {"weight_ih_l0", "h0_l1", "head.bias", "input"}
    assert max(agreement.error for agreement in found) < 1e-9


def test_files_and_pickles_come_back(tmp_path):
    net, x = network(dtype="float32"), np.ones((1, 4, 3))
    net.save(tmp_path / "net.weights")
    for copy in (elman.Network.open(tmp_path / "net.weights"), pickle.loads(pickle.dumps(net))):
        assert copy.blocks == net.blocks and copy.dtype == net.dtype and np.array_equal(copy(x), net(x))
    with pytest.raises(FileNotFoundError, match="cannot read .*nothing: there is no such file"):
        elman.Network.open(tmp_path / "nothing")
    with pytest.raises(IsADirectoryError):
        elman.Network.open(tmp_path)
    (tmp_path / "other").write_bytes(b"text")
    with pytest.raises(ValueError, match="is not a model file of Elman"):
        elman.Network.open(tmp_path / "other")
    net.parameters[3] = np.nan
    with pytest.raises(ValueError, match="hold NaN or infinity in weight_ih_l0"):
        net.save(tmp_path / "nan.weights")


def test_what_is_no_network_is_refused():
    for blocks, message in [
        ([], "blocks"),
        ([elman.Dropout(0.5), elman.Dense(1)], "dropout is the first block"),
        ([elman.GRU(2), elman.Skip(5)], r"inputs of block 1 \(skip\) is 5, but the network has 3 inputs"),
        ([elman.GRU(2), elman.Patch(2**24)], r"len of block 1 \(patch\) is 16777216; with 2 values"),
    ]:
        with pytest.raises(ValueError, match=message):
            network(blocks)
    with pytest.raises(TypeError, match="input_size"):
        elman.Network([elman.GRU(3)])
    for make, error, message in [
        (lambda: elman.GRU(2.5), TypeError, "hidden_size is 2.5; it must be a whole number"),
        (lambda: elman.GRU(-3), ValueError, "hidden_size is -3; it must be at least 1"),
        (lambda: elman.Network(elman.GRU(3), input_size=1), TypeError, "it must be a list of blocks"),
        (lambda: elman.Network([elman.GRU], input_size=1), TypeError, r"blocks\[0\] is .*such as elman.GRU\(16\)"),
        (lambda: network(input_size=1.5), TypeError, "input_size is 1.5"),
        (lambda: network(seed=-1), ValueError, "seed is -1; it must be at least 0"),
        (lambda: network().forward(np.ones((1, 2, 3)), lengths=[1.5]), TypeError, r"lengths\[0\] is 1.5"),
    ]:
        with pytest.raises(error, match=message):
            make()


def test_numbers_of_numpy_are_numbers():
    blocks = [elman.GRU(np.int64(3)), elman.Dropout(np.float32(0.5)), elman.Dense(np.int8(1), bias=np.True_)]
    net = elman.Network(blocks, input_size=np.int32(2), seed=np.uint8(3))
    assert net.blocks == [elman.GRU(3), elman.Dropout(0.5), elman.Dense(1)] and net.input_size == 2
    assert np.array_equal(net.parameters, elman.Network(blocks, input_size=2, seed=3).parameters)


def test_names_that_are_no_choice_are_refused():
    with pytest.raises(ValueError, match="dtype is 'float16'"):
        network(dtype="float16")
    with pytest.raises(ValueError, match='init is "magic"; it must be one of torch'):
        network(init="magic")


def test_wrong_shapes_are_refused_by_name():
    net = network()
    for x, message in [
        (np.ones(3), r"x has the shape \(3,\); it must be \(B, T, 3\)"),
        (np.ones((2, 2, 4)), "x has 4 values per timestep, but there must be 3"),
        (np.ones((0, 2, 3)), "x holds no sequence"),
        (np.ones((2, 0, 3)), "sequence 0 has no timestep"),
        ([np.ones((2, 3)), np.ones((0, 3))], "sequence 1 has no timestep"),
        ([np.ones((2, 3)), np.ones((2, 2))], "x has 2 values per timestep"),
    ]:
        with pytest.raises(ValueError, match=message):
            net.forward(x)
    x = np.ones((2, 4, 3))
    for lengths in ([4], [5, 1], [0, 1], [4, 4, 4]):
        with pytest.raises(ValueError, match="length"):
            net.forward(x, lengths=lengths)
    with pytest.raises(ValueError, match="state has 1 arrays, but the network has 3 recurrent directions"):
        net.forward(x, [np.zeros((2, 2, 5))])
    with pytest.raises(ValueError, match=r"state\[0\] has the shape \[1, 2, 5\], but it must be \[2, 2, 5\]"):
        net.forward(x, [np.zeros((1, 2, 5)), np.zeros((2, 2, 5)), np.zeros((2, 1, 4))])
    with pytest.raises(ValueError, match="backward needs a forward pass"):
        network().backward(np.ones((2, 4, 2)))
    net.forward(x)
    for dy in (np.ones((2, 3, 2)), np.ones((1, 4, 2)), np.ones((2, 4, 1))):
        with pytest.raises(ValueError):
            net.backward(dy)
    net.backward(np.ones((2, 4, 2)))
    with pytest.raises(ValueError, match="backward needs a forward pass"):
        net.backward(np.ones((2, 4, 2)))
    net.predict(x)
    with pytest.raises(ValueError, match="backward needs a forward pass"):
        net.backward(np.ones((2, 4, 2)))


def test_hostile_arrays():
    net, x = network(dtype="float32"), np.random.default_rng(5).normal(size=(2, 4, 3)).astype(np.float32)
    y = net(x)
    read_only = x.copy()
    read_only.flags.writeable = False
    for same in (
        np.asfortranarray(x),
        np.repeat(x, 2, axis=1)[:, ::2],
        x[::-1, ::-1].copy()[::-1, ::-1],
        x.astype(">f4"),
        x.astype("<f8").astype(object),
        read_only,
        x.tolist(),
        np.ma.array(x, mask=np.zeros_like(x)),
    ):
        assert np.array_equal(net(same), y)
    assert np.isnan(net(np.full((1, 2, 3), np.nan))).all()
    with pytest.raises(ValueError, match="masked"):
        net(np.ma.array(x, mask=x > 0))
    for strange in (
        np.array([[["a", "b", "c"]]]),
        x.astype(complex),
        np.array([[[None, {}, 1]]], dtype=object),
        np.zeros((2, 4, 3), "M8[s]"),
    ):
        with pytest.raises((TypeError, ValueError), match="must be numbers|Complex|no numbers"):
            net(strange)


def test_wrong_state_dicts_change_nothing():
    net = network()
    before, own = net.parameters.copy(), {name: view.copy() for name, view in net.named_parameters()}
    for change, error in [
        (lambda d: d.pop("head.bias"), KeyError),
        (lambda d: d.update(extra=np.ones(1)), KeyError),
        (lambda d: d.update({"head.bias": np.ones(9)}), ValueError),
        (lambda d: d.update({"head.bias": ["x", "y"]}), TypeError),
    ]:
        wrong = {name: view + 1 for name, view in own.items()}
        change(wrong)
        with pytest.raises(error, match="head.bias|extra"):
            net.load_state_dict(wrong)
        assert np.array_equal(net.parameters, before)


def test_threads_change_no_bit():
    script = (
        "import sys, numpy as np, elman; elman.set_threads(int(sys.argv[1]));"
        "net = elman.Network([elman.LSTM(64), elman.Dense(4)], input_size=8);"
        "x = np.random.default_rng(0).normal(size=(64, 20, 8));"
        "y, _ = net.forward(x); net.backward(y); print(net.gradients.tobytes().hex()[:20000])"
    )
    runs = [subprocess.run([sys.executable, "-c", script, n], check=True, capture_output=True).stdout for n in "12"]
    assert runs[0] == runs[1] and len(runs[0]) == 20001


def test_100_000_calls_leave_nothing_behind():
    import resource

    net = elman.Network([elman.GRU(4), elman.Dense(1)], input_size=1)
    x, dy = np.ones((1, 2, 1), np.float32), np.ones((1, 2, 1), np.float32)
    stream, sample = net.stream(), np.ones(1, np.float32)
    loss, targets = elman.SquaredError(), np.zeros((1, 2, 1), np.float32)

    def calls(count):
        for _ in range(count):
            y, _ = net.forward(x)
            net.backward(dy)
            stream.step(sample)
        for _ in range(count // 10):
            loss(y, targets)

    calls(5_000)
    objects = [net, x, dy, sample, net.parameters, net.gradients]
    counts, before = [sys.getrefcount(o) for o in objects], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    calls(34_000)
    assert [sys.getrefcount(o) for o in objects] == counts
    # Of a leak of a hundred bytes a call there would be ten thousand KiB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4_000
