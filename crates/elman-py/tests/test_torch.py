"""Layers inside PyTorch, held to PyTorch's own."""

import copy
import io
import pickle
import random
import warnings
import weakref

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch import nn  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch.autograd import forward_ad  # noqa: E402
from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402
from torch.nn.utils import prune  # noqa: E402
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import elman  # noqa: E402
import elman.torch as fast  # noqa: E402

KINDS = ["LSTM", "GRU", "RNN"]
#: Of float32: the rounding of some hundred sums, which both have in another order.
TOLERANCE = 1e-5


def pair(kind, *args, seed=0, **options):
    torch.manual_seed(seed)
    theirs = getattr(nn, kind)(*args, **options)
    ours = getattr(fast, kind)(*args, **options)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def flat(result):
    y, final = result
    y = y.data if isinstance(y, nn.utils.rnn.PackedSequence) else y
    return [y, *(final if isinstance(final, tuple) else [final])]


def assert_close(a, b, scale=1.0):
    a, b = a.detach(), b.detach()
    assert a.shape == b.shape and a.dtype == b.dtype
    assert (a - b).abs().max() <= TOLERANCE * scale * max(1.0, b.abs().max().item())


def assert_same(theirs, ours, x, hx=None, weights=True):
    """Outputs, final states, and the gradients of a drawn function of them."""
    results = []
    for layer in (theirs, ours):
        layer.zero_grad()
        leaves = [] if isinstance(x, nn.utils.rnn.PackedSequence) else [x.detach().clone().requires_grad_()]
        given = leaves[0] if leaves else x
        states = None
        if hx is not None:
            copies = [state.detach().clone().requires_grad_() for state in hx]
            leaves += copies
            states = tuple(copies) if len(copies) == 2 else copies[0]
        outputs = flat(layer(given, states))
        generator = torch.Generator().manual_seed(7)
        loss = sum((o * torch.randn(o.shape, generator=generator, dtype=o.dtype)).sum() for o in outputs)
        loss.backward()
        gradients = [leaf.grad for leaf in leaves] + [parameter.grad for parameter in layer.parameters()]
        results.append((outputs, gradients))
    for a, b in zip(*(result[0] for result in results)):
        assert_close(b, a)
    for a, b in zip(*(result[1] for result in results)):
        assert_close(b, a)


def drawn_shapes():
    rng = np.random.default_rng(12)
    for n in range(36):
        kind = KINDS[n % 3]
        options = {
            "num_layers": int(rng.integers(1, 4)),
            "bidirectional": bool(rng.integers(2)),
            "batch_first": bool(rng.integers(2)),
            "bias": bool(rng.integers(4)),
        }
        if kind == "RNN":
            options["nonlinearity"] = ["tanh", "relu"][int(rng.integers(2))]
        yield kind, options, [int(k) for k in rng.integers(1, [9, 40, 20, 18])], bool(rng.integers(2))


@pytest.mark.parametrize("kind, options, sizes, has_state", list(drawn_shapes()))
def test_drawn_shapes(kind, options, sizes, has_state):
    inputs, hidden, batch, time = sizes
    theirs, ours = pair(kind, inputs, hidden, **options)
    shape = (batch, time, inputs) if options["batch_first"] else (time, batch, inputs)
    rows = options["num_layers"] * (2 if options["bidirectional"] else 1)
    hx = [torch.randn(rows, batch, hidden) for _ in range(2 if kind == "LSTM" else 1)] if has_state else None
    assert_same(theirs, ours, torch.randn(shape), hx)


@pytest.mark.parametrize("kind", KINDS)
def test_packed_sequences(kind):
    theirs, ours = pair(kind, 3, 6, num_layers=2, bidirectional=True)
    lengths = [4, 7, 1, 4, 2]
    x = torch.randn(7, 5, 3)
    for enforce_sorted, order in [(False, lengths), (True, sorted(lengths, reverse=True))]:
        packed = pack_padded_sequence(x, order, enforce_sorted=enforce_sorted)
        hx = [torch.randn(4, 5, 6) for _ in range(2 if kind == "LSTM" else 1)]
        assert_same(theirs, ours, packed)
        assert_same(theirs, ours, packed, hx)
        for a, b in zip(pad_packed_sequence(theirs(packed)[0]), pad_packed_sequence(ours(packed)[0])):
            assert_close(b, a)
    assert_same(theirs, ours, pack_sequence([torch.randn(3, 3), torch.randn(3, 3)]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_through_packing_reaches_the_input(kind):
    theirs, ours = pair(kind, 2, 4)
    gradients = []
    for layer in (theirs, ours):
        x = torch.linspace(-1, 1, 24).reshape(4, 3, 2).requires_grad_()
        layer(pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False))[0].data.sum().backward()
        gradients.append(x.grad)
    assert_close(gradients[1], gradients[0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_sequence(kind):
    theirs, ours = pair(kind, 3, 5, bidirectional=True)
    x = torch.randn(6, 3)
    for a, b in zip(flat(theirs(x)), flat(ours(x))):
        assert_close(b, a)
    hx = [torch.randn(2, 5) for _ in range(2 if kind == "LSTM" else 1)]
    assert_same(theirs, ours, x, hx)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
def test_gradcheck(kind, options):
    torch.manual_seed(1)
    layer = getattr(fast, kind)(2, 3, dtype=torch.float64, **options)
    rows = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    states = [
        torch.randn(rows, 2, 3, dtype=torch.float64, requires_grad=True) for _ in range(2 if kind == "LSTM" else 1)
    ]
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *rest):
        given = states_of(rest[: len(states)])
        y, final = torch.func.functional_call(layer, dict(zip(names, rest[len(states) :])), (x, given))
        return (y, *(final if isinstance(final, tuple) else [final]))

    def states_of(given):
        return tuple(given) if len(given) == 2 else given[0]

    assert torch.autograd.gradcheck(run, (x, *states, *layer.parameters()))


def test_only_some_outputs_and_gradients_are_used():
    theirs, ours = pair("LSTM", 3, 4)
    x = torch.randn(5, 2, 3)
    for pick in (lambda y, h, c: y[-1].sum(), lambda y, h, c: h.sum(), lambda y, h, c: c.sum() + y[0].sum()):
        for layer in (theirs, ours):
            layer.zero_grad()
            y, (h, c) = layer(x)
            pick(y, h, c).backward()
        for a, b in zip(theirs.parameters(), ours.parameters()):
            assert_close(b.grad, a.grad)
    for layer in (theirs, ours):
        layer.zero_grad()
        layer.requires_grad_(False)
        layer.weight_hh_l0.requires_grad_(True)
        layer(x)[0].sum().backward()
        assert layer.weight_ih_l0.grad is None
    assert_close(ours.weight_hh_l0.grad, theirs.weight_hh_l0.grad)
    with torch.no_grad():
        assert not ours(x)[0].requires_grad
        assert_close(ours(x)[0], theirs(x)[0])


def test_passes_may_overlap_and_be_gone_through_twice():
    theirs, ours = pair("GRU", 2, 4, num_layers=2)
    results = []
    for layer in (theirs, ours):
        layer.zero_grad()
        a, b = layer(torch.ones(3, 2, 2))[0].sum(), layer(2 * torch.ones(5, 1, 2))[0].sum()
        b.backward(retain_graph=True)
        a.backward()
        b.backward()
        results.append([parameter.grad for parameter in layer.parameters()])
    for a, b in zip(*results):
        assert_close(b, a)


def test_dropout_follows_pytorchs_generator():
    torch.manual_seed(0)
    layer = fast.LSTM(3, 32, num_layers=2, dropout=0.5)
    x = torch.randn(4, 2, 3)

    def run(seed):
        torch.manual_seed(seed)
        return layer(x)[0]

    assert torch.equal(run(1), run(1)) and not torch.equal(run(1), run(2))
    layer.eval()
    assert torch.equal(run(1), run(2))
    # Masks are the same on the backward pass as on the way forward, twice as well.
    layer.train()
    y = run(3).sum()
    y.backward(retain_graph=True)
    once = layer.weight_hh_l0.grad.clone()
    y.backward()
    assert_close(layer.weight_hh_l0.grad, 2 * once)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_dropout_of_everything_is_pytorchs(kind):
    layers = [kind(3, 4, num_layers=2, dropout=1.0, bidirectional=True) for _ in range(2)]
    layers[1].load_state_dict(layers[0].state_dict())
    fast.accelerate(layers[1])
    x = torch.randn(5, 2, 3)
    for training in (True, False):
        expected, found = (layer.train(training)(x)[0] for layer in layers)
        assert_close(found, expected)
        results = []
        for layer, y in zip(layers, (expected, found)):
            layer.zero_grad()
            y.square().sum().backward()
            results.append([parameter.grad for parameter in layer.parameters()])
        for a, b in zip(*results):
            assert_close(b, a)
    own = getattr(fast, kind.__name__)(3, 4, num_layers=2, dropout=1.0)
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.zero_()
    assert own(x)[0].isfinite().all()


def test_a_training_script_changes_one_import():
    finals = []
    for module in (nn, fast):
        torch.manual_seed(0)
        model = nn.ModuleDict({"rnn": module.LSTM(1, 8, batch_first=True), "head": nn.Linear(8, 1)})
        optimiser = torch.optim.Adam(model.parameters(), 0.01)
        x = torch.sin(torch.arange(60.0) / 3).reshape(4, 15, 1)
        for _ in range(30):
            optimiser.zero_grad()
            loss = ((model["head"](model["rnn"](x[:, :-1])[0]) - x[:, 1:]) ** 2).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
        finals.append(loss.item())
    assert finals[1] == pytest.approx(finals[0], rel=1e-3)


def test_accelerate_changes_a_model_in_place():
    torch.manual_seed(0)
    model = nn.Sequential(nn.LSTM(2, 3), nn.Identity(), nn.Sequential(nn.GRU(2, 3), nn.RNN(2, 3)))
    before, keys = [id(parameter) for parameter in model.parameters()], list(model.state_dict())
    y = model[0](torch.ones(2, 1, 2))[0]
    assert fast.accelerate(model) is model
    assert [type(model[0]), type(model[2][0]), type(model[2][1])] == [fast.LSTM, fast.GRU, fast.RNN]
    assert [id(parameter) for parameter in model.parameters()] == before and list(model.state_dict()) == keys
    assert_close(model[0](torch.ones(2, 1, 2))[0], y)
    assert isinstance(fast.accelerate(nn.LSTM(2, 3)), fast.LSTM)

    class Own(nn.LSTM):
        pass

    with pytest.warns(UserWarning, match="0 is of a class of its own, Own, and stays that"):
        assert type(fast.accelerate(nn.Sequential(Own(2, 3)))[0]) is Own
    with pytest.warns(UserWarning, match="proj_size"):
        assert type(fast.accelerate(nn.LSTM(2, 3, proj_size=1))) is nn.LSTM


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_number_types_are_pytorchs(dtype):
    theirs = nn.LSTM(3, 4).to(dtype)
    expected, ours = theirs(torch.ones(5, 2, 3, dtype=dtype)), fast.accelerate(copy.deepcopy(theirs))
    for layer in (ours, fast.accelerate(copy.deepcopy(theirs).float()).to(dtype)):
        y, (h, c) = layer(torch.ones(5, 2, 3, dtype=dtype))
        assert y.dtype == dtype and torch.equal(y, expected[0]) and torch.equal(c, expected[1][1])
        y.sum().backward()
        assert layer.weight_hh_l0.grad.dtype == dtype
    with pytest.raises(ValueError, match="the input is torch.float32 and the weights are"):
        ours(torch.ones(5, 2, 3))


def test_layers_are_copied_pickled_and_saved():
    layer, x, file = fast.GRU(2, 3), torch.randn(4, 2, 2), io.BytesIO()
    y = layer(x)[0]
    torch.save(layer, file)
    file.seek(0)
    for other in (
        copy.deepcopy(layer),
        pickle.loads(pickle.dumps(layer)),
        torch.load(file, weights_only=False),
        nn.DataParallel(layer),
    ):
        assert torch.equal(other(x)[0], y)
    doubled = copy.deepcopy(layer).double()(x.double())[0]
    assert doubled.dtype == torch.float64 and torch.allclose(doubled, y.double(), atol=1e-6)


def test_what_pytorch_takes_down_it_runs_itself():
    theirs, ours = pair("LSTM", 2, 3)
    x, longer = torch.randn(4, 2, 2), torch.randn(6, 2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, of its own layer.
        traced, exported = torch.jit.trace(ours, (x,)), torch.export.export(ours, (x,))
    assert_close(traced(longer)[0], theirs(longer)[0])
    assert_close(exported.module()(x)[0], theirs(x)[0])
    compiled = torch.compile(ours, backend="eager")
    assert_close(compiled(x)[0], theirs(x)[0])

    def gradients(layer):
        def loss(parameters):
            return torch.func.functional_call(layer, parameters, (x,))[0].square().sum()

        return torch.func.grad(loss)(dict(layer.named_parameters()))

    for a, b in zip(gradients(theirs).values(), gradients(ours).values()):
        assert_close(b, a)


def test_what_watches_operations_sees_pytorchs():
    class Model(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return self.layer(x)[0] * 2

    theirs, ours = pair("GRU", 2, 3)
    x, other = torch.randn(4, 2, 2), torch.randn(4, 2, 2)
    taken = make_fx(lambda x: ours(x)[0])(x)
    assert_close(taken(other), theirs(other)[0])
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        assert ours(mode.from_tensor(x))[0].shape == (4, 2, 3)
    counts = []
    for layer in (theirs, ours):
        with FlopCounterMode(display=False) as counter:
            layer(x)
        counts.append(counter.get_total_flops())
    assert counts[0] == counts[1] > 0
    # A graph has the layer itself, as it has PyTorch's.
    taken = torch.fx.symbolic_trace(Model(ours))
    assert type(taken.layer) is fast.GRU
    assert_close(taken(other), Model(theirs)(other))
    with pytest.raises(TypeError, match="elman.torch.GRU: torch.fx takes down a model that the layer"):
        torch.fx.symbolic_trace(ours)
    ours.register_forward_hook(lambda *_: None)
    with pytest.raises(TypeError, match="without hooks"):
        torch.fx.symbolic_trace(Model(ours))


def test_a_tensor_of_a_class_of_its_own_stays_that():
    class Named(torch.Tensor):
        pass

    theirs, ours = pair("RNN", 2, 3)
    x = torch.randn(4, 2, 2).as_subclass(Named)
    assert type(ours(x)[0]) is type(theirs(x)[0]) is Named
    assert_close(ours(x)[0].as_subclass(torch.Tensor), theirs(x)[0].as_subclass(torch.Tensor))


@pytest.mark.parametrize("kind", ["GRU", "RNN"])
def test_derivatives_forward_are_pytorchs(kind):
    theirs, ours = pair(kind, 2, 3)
    x, direction = torch.randn(4, 2, 2), torch.randn(4, 2, 2)
    for has_gradients in (True, False):
        tangents = []
        for layer in (theirs, ours.requires_grad_(has_gradients)):
            with warnings.catch_warnings(), torch.set_grad_enabled(has_gradients), forward_ad.dual_level():
                warnings.simplefilter("ignore")  # PyTorch's own, of its own rules.
                y = layer(forward_ad.make_dual(x, direction))[0]
                tangents.append(forward_ad.unpack_dual(y).tangent)
        assert_close(tangents[1], tangents[0])


def test_several_gradients_at_once_are_refused():
    layer, x = fast.GRU(2, 3), torch.ones(2, 1, 2)
    leaf = x.clone().requires_grad_()
    y = layer(leaf)[0].flatten()
    for ask in (
        lambda: torch.autograd.functional.jacobian(lambda x: layer(x)[0], x, vectorize=True),
        lambda: torch.autograd.grad(y, leaf, torch.eye(6), is_grads_batched=True, retain_graph=True),
        lambda: torch.func.vmap(lambda d: torch.autograd.grad(y, leaf, d, retain_graph=True)[0])(torch.eye(6)),
    ):
        with pytest.raises(RuntimeError, match="elman.torch's layers go back through one gradient at a time"):
            ask()


def test_autocast_widens_what_it_narrowed_and_nothing_else():
    layer = fast.GRU(2, 3)
    x, state = torch.ones(4, 1, 2), torch.ones(1, 1, 3)
    for wrong, hx, error, message in [
        (x.long(), None, ValueError, "the input is torch.int64 and the weights are torch.float32"),
        (x.double(), None, ValueError, "the input is torch.float64"),
        (x, state.double(), ValueError, "hx is torch.float64, but the input is torch.float32"),
        (x, state.numpy(), TypeError, "GRU: hx is of ndarray; it must be of tensors"),
        (x, 5, TypeError, "GRU: hx is of int; it must be of tensors"),
        (x, (state, None), TypeError, "GRU: hx is of NoneType; it must be of tensors"),
    ]:
        for enabled in (False, True):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled), pytest.raises(error, match=message):
                layer(wrong, hx)


def test_autocast_leaves_the_layer_exact():
    layer, x = fast.LSTM(2, 3), torch.randn(4, 1, 2)
    state = (torch.randn(1, 1, 3).bfloat16(), torch.randn(1, 1, 3).bfloat16())
    expected = layer(x.bfloat16().float(), tuple(part.float() for part in state))[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(x.bfloat16(), state)[0]
        packed = layer(pack_sequence([x[:, 0].bfloat16()]), state)[0]
    assert y.dtype == torch.float32 and torch.equal(y, expected)
    assert torch.equal(packed.data, expected[:, 0])
    y.sum().backward()


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: prune.random_unstructured(layer, "weight_hh_l0", 0.5),
        lambda layer: nn.utils.parametrizations.weight_norm(layer, "weight_hh_l0"),
        lambda layer: nn.utils.parametrizations.spectral_norm(layer, "weight_ih_l0"),
    ],
)
def test_parameters_that_are_made_of_others(change):
    theirs, ours = pair("LSTM", 2, 3)
    change(ours)
    ours.eval()
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            parameter.copy_(getattr(ours, name))
    y = ours(torch.ones(4, 1, 2))[0]
    assert_close(y, theirs(torch.ones(4, 1, 2))[0])
    y.sum().backward()
    assert all(parameter.grad.any() for parameter in ours.parameters())


def test_what_the_engine_does_not_have_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="proj_size"):
        fast.LSTM(2, 3, proj_size=1)
    layer = fast.LSTM(2, 3)
    with pytest.raises(ValueError, match="torch.float16"):
        layer(torch.ones(2, 1, 2, dtype=torch.float16))
    with pytest.raises(RuntimeError, match="Expected 2, got 4"):
        layer(torch.ones(2, 1, 4))
    with pytest.raises(RuntimeError, match="Expected hidden size"):
        layer(torch.ones(2, 1, 2), (torch.zeros(1, 2, 3), torch.zeros(1, 2, 3)))
    with pytest.raises(TypeError, match="LSTM: hx is a tensor; it must be a tuple of 2 tensors"):
        layer(torch.ones(2, 1, 2), torch.zeros(1, 1, 3))
    with pytest.raises(TypeError, match="GRU: hx is 2 tensors; it must be a tensor"):
        fast.GRU(2, 3)(torch.ones(2, 1, 2), (torch.zeros(1, 1, 3), torch.zeros(1, 1, 3)))
    with pytest.raises(TypeError, match="LSTM: the input is ndarray; it must be a tensor, or packed"):
        layer(np.ones((2, 1, 2), np.float32))
    with pytest.raises(RuntimeError, match="runs on the CPU"):
        layer(torch.ones(2, 1, 2, device="meta"))


def test_second_derivatives_are_refused_wherever_they_would_count():
    layer = fast.LSTM(2, 3)
    x = torch.ones(2, 1, 2, requires_grad=True)
    y = layer(x)[0].sum()
    # The gradient does not depend on the one that comes in, which is constant: a penalty on it would be 0 in silence.
    (dx,) = torch.autograd.grad(y, x, create_graph=True)
    assert_close(dx, torch.autograd.grad(layer(x)[0].sum(), x)[0])
    with pytest.raises(RuntimeError, match="elman.torch's layers have no second derivatives; torch.nn's have"):
        (layer(x)[0].sum() + (dx.norm() - 1) ** 2).backward()


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives_are_refused_on_every_path(kind):
    layer = getattr(fast, kind)(2, 3)
    x, states = torch.ones(2, 1, 2), [torch.ones(1, 1, 3) for _ in range(2 if kind == "LSTM" else 1)]

    def total(x):
        return layer(x)[0].sum()

    def from_states(*states):
        return layer(x, states if kind == "LSTM" else states[0])[0].sum()

    def penalty(causes):
        gradients = torch.autograd.grad(total(x), list(layer.parameters()), create_graph=True)
        return torch.autograd.grad(sum(g.square().sum() for g in gradients), causes, allow_unused=True)

    functional = torch.autograd.functional
    for ask in (
        lambda: functional.hessian(total, x),
        lambda: functional.hessian(from_states, tuple(states)),
        lambda: functional.hvp(total, x, x),
        lambda: functional.vhp(total, x, x),
        lambda: functional.jvp(lambda x: layer(x)[0], x, x),
        lambda: penalty(list(layer.parameters())),
    ):
        with pytest.raises(RuntimeError, match="elman.torch's layers have no second derivatives"):
            ask()
    # Of what the gradients do not depend on there is nothing to ask the layer for.
    assert penalty([torch.ones(1, requires_grad=True)]) == (None,)


def test_a_graph_is_gone_through_once_unless_it_is_kept_and_nothing_in_it_changed():
    layer = fast.GRU(2, 3)
    x = torch.ones(2, 1, 2, requires_grad=True)
    once = torch.autograd.grad(layer(x)[0].sum(), x)[0]
    y = layer(x)[0].sum()
    for _ in range(2):
        assert torch.equal(torch.autograd.grad(y, x, retain_graph=True)[0], once)
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()
    assert torch.equal(x.grad, once)
    for change in (layer.weight_hh_l0, x):
        y = layer(x)[0].sum()
        with torch.no_grad():
            change.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()


def test_what_a_pass_answers_stays_as_it_is():
    # Their memory is used again once nobody has them, and no sooner: a view or an array of it is enough.
    layer, x = fast.LSTM(3, 4), torch.randn(6, 2, 3)
    kept, expected = [], []
    for n in range(12):
        leaf = (x + n).requires_grad_()
        y, _ = layer(leaf)
        layer.zero_grad(set_to_none=True)
        (y * y).sum().backward()
        kept += [[y[2:4, 0], y.detach().numpy()[0], layer.weight_hh_l0.grad, leaf.grad[1]][n % 4]]
        expected.append(kept[-1].detach().clone() if torch.is_tensor(kept[-1]) else kept[-1].copy())
        del y, leaf
    for now, then in zip(kept, expected):
        assert torch.equal(torch.as_tensor(now), torch.as_tensor(then))


def test_of_memory_that_nobody_has_one_array_is_kept():
    layer = elman._elman.Layer("gru", 2, 3, 1, False, 0.0, "float32")
    weights = [np.ones(shape, np.float32) for shape in [(9, 2), (9, 3), (9,), (9,)]]

    def run(time):
        """The array that the output, or the gradient of the input, is a part of."""
        y, _, passed = layer.forward(np.ones((time, 2), np.float32), [time], None, weights, None, keep)
        return passed.backward(y, None, True, False)[0].base if keep else y.base

    for keep in (False, True):
        kept = run(5)
        alive = [weakref.ref(kept)]
        for _ in range(3):
            other = run(5)
            assert other is not kept
            alive.append(weakref.ref(other))
        del kept, other
        # Both are free, of which one is enough; and of another length none is of use.
        again = weakref.ref(run(5))
        assert again() is not None and {id(array()) for array in alive} == {id(None), id(again())}
        later = weakref.ref(run(6))
        assert later() is not None and not any(array() is not None for array in alive)


def test_data_loaders_beside_it():
    layer = fast.LSTM(4, 64)
    x = torch.randn(20, 64, 4)
    layer(x)[0].sum().backward()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=5, num_workers=1)
    assert sum(layer(part)[0].shape[0] for (part,) in loader) == 20


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.LSTM(3, 5, num_layers=2, bidirectional=True, batch_first=True),
        lambda: nn.GRU(3, 5, bias=False, batch_first=True),
        lambda: nn.RNN(3, 5, nonlinearity="relu", batch_first=True, dtype=torch.float64),
        lambda: nn.Sequential(
            nn.LSTM(3, 5, batch_first=True),
            nn.LayerNorm(5),
            nn.Dropout(0.1),
            nn.Linear(5, 4),
            nn.Tanh(),
            nn.GRU(4, 3, batch_first=True),
            nn.Linear(3, 2, bias=False),
            nn.Softmax(-1),
        ),
        lambda: nn.Sequential(nn.Sequential(nn.LSTM(3, 5, batch_first=True)), nn.Sequential(nn.Linear(5, 4), nn.Tanh())),
        # Activations wherever they stand: first and last, behind each other, dropout and every layer.
        lambda: nn.Sequential(nn.Tanh(), nn.Identity(), nn.Softmax(-1), nn.Linear(3, 2, bias=False), nn.ELU()),
        lambda: nn.Sequential(nn.LSTM(3, 5, bidirectional=True, batch_first=True), nn.ReLU(), nn.Linear(10, 2)),
        lambda: nn.Sequential(
            nn.GRU(3, 5, batch_first=True),
            nn.Sequential(nn.Sigmoid(), nn.ReLU()),
            nn.LayerNorm(5),
            nn.ELU(),
            nn.Linear(5, 4, bias=False),
            nn.Dropout(0.5),
            nn.Tanh(),
            nn.Sigmoid(),
            nn.RNN(4, 7, batch_first=True),
            nn.Softmax(2),
        ),
    ],
)
def test_networks_from_modules_and_back(make):
    torch.manual_seed(0)
    _there_and_back(make().eval(), torch.randn(4, 6, 3))


def _flat(module):
    return [layer for part in module for layer in _flat(part)] if isinstance(module, nn.Sequential) else [module]


def _there_and_back(module, x):
    """Holds a network to a module's outputs, and the network's module to both."""
    y = x = x.to(next(module.parameters()).dtype)
    for layer in _flat(module):
        y = layer(y.long()[..., 0] if isinstance(layer, nn.Embedding) else y)
        y = y[0] if isinstance(y, tuple) else y
    network = elman.from_torch(module)
    ours = torch.from_numpy(network(x))
    assert_close(ours, y)
    assert_close(network.to_torch().eval()(x), ours)


@pytest.mark.parametrize("seed", range(30))
def test_drawn_chains_come_there_and_back(seed):
    draw = random.Random(seed)
    torch.manual_seed(seed)
    width = draw.randint(1, 5)
    is_text = draw.random() < 0.2
    layers = [nn.Embedding(9, width)] if is_text else []
    x = torch.randint(9, (2, 7, 1)) if is_text else 3 * torch.randn(2, 7, width)
    for _ in range(draw.randint(1, 6)):
        after = draw.randint(1, 20)
        layers += draw.choices([nn.Tanh(), nn.ReLU(), nn.Sigmoid(), nn.ELU(), nn.Softmax(-1)], k=draw.randint(0, 2))
        kind = draw.choice([nn.Linear, nn.LSTM, nn.GRU, nn.RNN, nn.LayerNorm])
        if kind is nn.LayerNorm:
            layers.append(nn.LayerNorm(width))
            continue
        options = {"bias": draw.random() < 0.5}
        if kind is not nn.Linear:
            options.update(batch_first=True, bidirectional=draw.random() < 0.5, num_layers=draw.randint(1, 2))
        layers.append(kind(width, after, **options))
        width = after * (2 if options.get("bidirectional") else 1)
    _there_and_back(nn.Sequential(*layers, nn.Tanh()).to(draw.choice([torch.float32, torch.float64])).eval(), x)


def test_an_activation_of_its_own_leaves_what_it_is_applied_to_as_it_was():
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 37, batch_first=True)
    x = torch.randn(5, 40, 3)
    network = elman.from_torch(nn.Sequential(lstm, nn.ReLU()))
    assert network.blocks[1] == elman.Dense(37, "relu", bias=False)
    assert np.array_equal(network(x), np.maximum(elman.from_torch(lstm)(x), 0))
    assert elman.from_torch(nn.Sequential(nn.Linear(3, 2), nn.ReLU())).blocks == [elman.Dense(2, "relu")]


def test_every_block_goes_to_pytorch():
    blocks = [
        elman.Patch(2),
        elman.LSTM(4, direction="both", learned_state=True),
        elman.Recurrent("elman", 6, "reverse"),
        elman.LayerNorm(),
        elman.Dropout(0.5),
        elman.Dense(3, "elu"),
    ]
    x = np.random.default_rng(0).normal(size=(3, 7, 2)).astype(np.float32)
    for end in ([elman.Pooling("max")], [elman.Pooling("mean")], [elman.GRU(4, output="last", direction="both")], []):
        network = elman.Network([*blocks, *end, elman.Dense(2)], input_size=2)
        network.parameters[:] += 0.1
        assert_close(network.to_torch().eval()(torch.from_numpy(x)), torch.from_numpy(network(x)))
    network = elman.Network([elman.GRU(3), elman.Skip(2), elman.Dense(1)], input_size=2)
    assert_close(network.to_torch()(torch.from_numpy(x)), torch.from_numpy(network(x)))
    tokens = np.array([[[1.0], [4.0], [0.0]]], np.float32)
    for first in (elman.Embedding(5, 3), elman.Embedding(5, 5, one_hot=True)):
        network = elman.Network([first, elman.GRU(3), elman.Dense(5)])
        assert_close(network.to_torch()(torch.from_numpy(tokens)), torch.from_numpy(network(tokens)))


class _Tanh(nn.Tanh):
    def forward(self, x):
        return 2 * super().forward(x)


class _Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


def test_modules_without_counterpart_are_refused_by_name():
    for module, message in [
        (nn.Sequential(nn.Conv1d(1, 2, 3)), "Conv1d"),
        (nn.Sequential(nn.LSTM(2, 3), nn.GELU()), "GELU has no counterpart in a network; .* Tanh, ReLU, Sigmoid, ELU, Softmax"),
        (nn.Sequential(nn.LSTM(2, 3), _Tanh(), nn.Linear(3, 1)), "_Tanh has no counterpart"),
        (nn.Sequential(nn.GRU(2, 3), nn.LogSoftmax(-1)), "LogSoftmax has no counterpart"),
        (nn.Sequential(nn.GRU(2, 3), nn.ELU(2.0)), "ELU has alpha 2.0"),
        (nn.Sequential(nn.GRU(2, 3), nn.Softmax(0)), "Softmax is over dimension 0"),
        (nn.Sequential(nn.Tanh()), "no layer"),
        (nn.Sequential(nn.Tanh(), nn.Embedding(3, 4)), "Embedding must be the first layer"),
        (nn.Sequential(nn.Tanh(), nn.Linear(2, 3).half()), "a layer is of float16"),
        (nn.LSTM(2, 3, proj_size=1), "proj_size"),
        (nn.Sequential(nn.Linear(2, 3), nn.ELU(0.5)), "ELU has alpha 0.5"),
        (nn.Sequential(nn.Identity()), "no layer"),
        (nn.Sequential(nn.Linear(2, 3), nn.Softmax()), "Softmax has no dim, and PyTorch takes the first of three; .* dim=-1"),
        (nn.Sequential(nn.Linear(2, 3), nn.Softmax(1)), "Softmax is over dimension 1"),
        (nn.Sequential(_Residual(nn.Linear(3, 3)), nn.Linear(3, 2)), "_Residual has no counterpart"),
        (nn.LSTM(3, 4).bfloat16(), r"a layer is of bfloat16; a network is of float32 or float64: .*module.float\(\)"),
        (nn.Sequential(nn.LSTM(3, 4), nn.Linear(5, 2)), "Linear reads 5 values, but what stands before it gives 4"),
        (nn.Sequential(nn.LSTM(3, 4, bidirectional=True), nn.LayerNorm(4)), "LayerNorm reads 4 .* before it gives 8"),
        (nn.Sequential(nn.Linear(2, 1), nn.Embedding(3, 4)), "Embedding must be the first layer"),
        (nn.LSTM(2, 3, device="meta"), "a layer is on PyTorch's meta device.*to_empty"),
        (nn.LSTM(2, 3, num_layers=2, dropout=1.0), "dropout is 1; it must be at least 0 and below 1"),
        (nn.Sequential(nn.GRU(2, 3), nn.Linear(3, 1).double()), "Linear is of float64, but the first layer of float32"),
    ]:
        with pytest.raises(ValueError, match=message):
            elman.from_torch(module)
    with pytest.raises(ValueError, match="min-gru"):
        elman.Network([elman.Recurrent("min-gru", 3)], input_size=1).to_torch()


class _Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def test_what_may_compute_something_else_is_refused():
    def hooked(module, register):
        getattr(module, register)(lambda *_: None)
        return module

    def patched(module):
        module.forward = lambda x: x
        return module

    mixed = nn.Sequential(nn.GRU(4, 3, batch_first=True), nn.GRU(3, 2))
    for module, message in [
        (_Doubled(2, 3), "_Doubled has a forward of its own"),
        (nn.Sequential(nn.Linear(2, 2), _Doubled(2, 3)), "_Doubled has a forward of its own"),
        (patched(nn.LSTM(2, 3)), "LSTM has a forward of its own"),
        (hooked(nn.GRU(2, 3), "register_forward_hook"), "GRU has a forward hook"),
        (hooked(nn.Sequential(nn.Linear(2, 3)), "register_forward_pre_hook"), "Sequential has a forward hook"),
        (prune.random_unstructured(nn.Linear(2, 3), "weight", 0.5), "Linear has a forward hook, .* prune"),
        (mixed, "some recurrent layers have the batch first"),
    ]:
        with pytest.raises(ValueError, match=message):
            elman.from_torch(module)


@pytest.mark.parametrize("options", [{"bias": False}, {"elementwise_affine": False}, {}])
def test_a_layer_norm_needs_no_weights(options):
    module = nn.Sequential(nn.LayerNorm(3, **options), nn.Linear(3, 4), nn.LayerNorm(4, **options))
    x = torch.randn(2, 5, 3)
    assert np.allclose(elman.from_torch(module)(x.numpy()), module(x).detach(), atol=1e-6)
    # What changes a weight before it is read may stay.
    module = nn.utils.parametrizations.weight_norm(nn.Linear(3, 4))
    assert np.allclose(elman.from_torch(module)(x.numpy()), module(x).detach(), atol=1e-6)
