"""Chains of blocks: outputs and gradients of everything that surrounds recurrent layers.

T timesteps, B batch, I input size, O output size, H hidden size.
"""

import dataclasses
import itertools
import zlib

import torch
from torch import Tensor

import chains
import explicit
from chains import (
    ACTIVATIONS,
    BIDIRECTIONAL,
    REVERSE,
    Chain,
    Dense,
    Embedding,
    Flow,
    LayerNorm,
    Patch,
    Pooling,
    Recurrent,
    Skip,
)
from networks import FLOAT64_TOLERANCE, LENGTHS, VISIBLE, B, I, T, assert_close

GRU, LSTM = Recurrent("gru", 5), Recurrent("lstm", 5)
BIDIRECTIONAL_GRU = dataclasses.replace(GRU, directions=BIDIRECTIONAL)
CHAINS: dict[str, Chain] = {
    **{
        f"dense-{activation}": (LSTM, Dense(4, activation), Dense(2))
        for activation in ("identity", "tanh", "relu", "sigmoid", "elu")
    },
    "softmax": (GRU, Dense(3, "softmax")),
    "embedding": (Embedding(7, 4), GRU, Dense(2)),
    "layer-norm": (LSTM, LayerNorm(), Recurrent("gru", 4), Dense(2)),
    "skip": (LSTM, Dense(3), Skip(2)),
    **{
        f"pooling-{kind}": (BIDIRECTIONAL_GRU, Pooling(kind), Dense(2))
        for kind in ("last", "mean", "max")
    },
    "patch": (Patch(2), LSTM, Dense(2)),
    "patch-bi": (Patch(2), BIDIRECTIONAL_GRU, Dense(2)),
    "learned-state": (Recurrent("lstm", 5, BIDIRECTIONAL, learned_state=True), Dense(2)),
    "zoneout": (
        Recurrent("gru", 5, BIDIRECTIONAL, kept=(0.2,)),
        Recurrent("lstm", 5, learned_state=True, kept=(0.1, 0.6)),
        Dense(2),
    ),
    "mixed": (
        GRU,
        Recurrent("lstm", 4, BIDIRECTIONAL),
        Recurrent("elman", 6, REVERSE),
        Dense(2),
    ),
    "states": (LSTM,),
    "last": (LSTM, Recurrent("gru", 4, BIDIRECTIONAL, last=True), Dense(2)),
}

# By timestep, then sequence. Ids come again within and across sequences, 3 never, and 0 fills up
# what is past the end.
IDS = [[2, 6, 0, 4], [5, 5, 1, 4], [2, 5, 2, 1], [0, 1, 0, 6], [4, 6, 6, 2], [2, 0, 5, 5]]
UNUSED_ID = 3

# How near a number whose side decides a gradient may come to deciding otherwise: nearer, and a
# computation in float32 might.
MARGIN = 1e-4


# Bounds of weights; hidden states are small, and what reads them has larger ones.
BOUNDS = {"embedding.weight": 1.0, "head.weight": 3.0, "dense0.weight": 3.0}


def draw_parameters(chain: Chain, generator: torch.Generator) -> dict[str, Tensor]:
    """Weights in [-0.6, 0.6] where `BOUNDS` says nothing else, in a norm in [0.4, 1.6]; biases and
    learned states in [-0.6, 0.6] and at least 0.1 from zero."""

    def draw(name: str, shape: tuple[int, ...]) -> Tensor:
        uniform = torch.rand(shape, generator=generator) * 2 - 1
        if len(shape) == 2:
            return uniform * BOUNDS.get(name, 0.6)
        if name.endswith(".weight"):
            return 1 + 0.6 * uniform
        return uniform.sign() * (0.1 + uniform.abs() / 2)

    return {name: draw(name, shape) for name, shape in chains.parameter_shapes(chain, I).items()}


def draw_inputs(chain: Chain, batch: str, generator: torch.Generator) -> dict[str, Tensor]:
    lengths = torch.tensor(LENGTHS[batch])
    reads_ids = isinstance(chain[0], Embedding)
    x = torch.tensor(IDS) if reads_ids else torch.rand(T, B, I, generator=generator) * 2 - 1
    inside = torch.arange(T)[:, None] < lengths
    return {"x": x * (inside if reads_ids else inside[:, :, None]), "lengths": lengths}


def upstream_name(result: str) -> str:
    """`doutput` of `output`, `l0/dh_n` of `l0/h_n`."""
    place, slash, name = result.rpartition("/")
    return f"{place}{slash}d{name}"


def forward_and_backward(chain, inputs, upstream, parameters, layer) -> dict[str, Tensor]:
    """Results, and `grad/...` of loss = sum(output*doutput) + sum over all final states alike."""
    leaves = {name: p.clone().requires_grad_() for name, p in parameters.items()}
    x = inputs["x"].clone()
    if x.is_floating_point():
        x.requires_grad_()
    results = chains.run(chain, inputs | {"x": x}, leaves, layer)
    sum((value * upstream[upstream_name(name)]).sum() for name, value in results.items()).backward()
    differentiated = leaves | ({"x": x} if x.requires_grad else {})
    return results | {f"grad/{name}": leaf.grad for name, leaf in differentiated.items()}


def check_explicit_loop(case: str, chain, inputs, upstream, parameters, results) -> None:
    """With the recurrent layers of explicit.py everything comes out the same."""

    def layer(cell: str, *arguments):
        return explicit.run_layer(explicit.CELLS[cell], *arguments)

    by_loop = forward_and_backward(chain, inputs, upstream, parameters, layer)
    assert by_loop.keys() == results.keys()
    for name in results:
        assert_close(by_loop[name], results[name], FLOAT64_TOLERANCE, f"{case}/{name}")


def check_sequences_alone(case: str, chain, inputs, upstream, parameters, results) -> None:
    """Each sequence alone, without padding, gives what it gives in the batch; parameters' gradients
    are the sums over the sequences. Past the ends, outputs and gradients are exactly zero."""
    alone = {name: torch.zeros_like(value) for name, value in results.items()}
    for b, length in enumerate(inputs["lengths"].tolist()):
        one = slice(b, b + 1)
        own_inputs = {"x": inputs["x"][:length, one], "lengths": inputs["lengths"][one]}
        with torch.no_grad():
            steps = len(chains.run(chain, own_inputs, parameters)["output"])
        # Where each result of this sequence stands in the batch's.
        places = {name: (one,) for name in results if not name.startswith("grad/")}
        if results["output"].dim() == 3:
            places["output"] = (slice(steps), one)
        places["grad/x"] = (slice(length), one)

        own_upstream = {
            upstream_name(name): upstream[upstream_name(name)][place]
            for name, place in places.items()
            if name != "grad/x"
        }
        own = forward_and_backward(chain, own_inputs, own_upstream, parameters, chains.torch_layer)
        for name, value in own.items():
            alone[name][places.get(name, ...)] += value
    for name in results:
        assert_close(alone[name], results[name], FLOAT64_TOLERANCE, f"{case}/{name} alone")
        padding = alone[name] == 0
        assert (results[name][padding] == 0).all(), f"{case}/{name} past a sequence's end"


def mistaken(chain: Chain) -> list[Chain]:
    """Chains of the same parameters that a wrong program might compute instead."""

    def others(block) -> list:
        match block:
            case Dense(activation="identity"):  # where all is positive, ReLU and ELU do the same
                return [Dense(block.width, a) for a in ("tanh", "sigmoid", "softmax")]
            case Dense():
                return [Dense(block.width, a) for a in ACTIVATIONS]
            case Pooling():
                return [Pooling(kind) for kind in ("last", "mean", "max")]
            case Skip():
                return [Skip(width) for width in range(I + 1)]
            case _:
                return []

    wrong = [
        (*chain[:i], other, *chain[i + 1 :])
        for i, block in enumerate(chain)
        for other in others(block)
        if other != block
    ]
    for i, block in enumerate(chain):
        if isinstance(block, Recurrent) and block.last:
            every = dataclasses.replace(block, last=False)
            wrong.append((*chain[:i], every, Pooling("last"), *chain[i + 1 :]))
        if isinstance(block, Recurrent) and block.kept:
            for kept in ((0.0,) * len(block.kept), tuple(1 - share for share in block.kept)):
                wrong.append((*chain[:i], dataclasses.replace(block, kept=kept), *chain[i + 1 :]))
    return wrong


@torch.no_grad()
def check_mistakes_show(case: str, chain, inputs, parameters, results) -> None:
    """Losing a parameter, its rows one off, another activation or pooling, a skip of another width:
    each visibly changes the output, or a final state where the output does not depend on it."""

    def assert_shows(wrong_chain: Chain, wrong_parameters: dict[str, Tensor], mistake: str) -> None:
        wrong = chains.run(wrong_chain, inputs, wrong_parameters)
        change = max((value - results[name]).abs().max().item() for name, value in wrong.items())
        assert change > VISIBLE, f"{case}: {mistake} changes only {change:.1e}"

    for name, parameter in parameters.items():
        lost = {name: torch.zeros_like(parameter)}
        assert_shows(chain, parameters | lost, f"losing {name}")
        shifted = {name: parameter.roll(1, dims=0)}
        assert_shows(chain, parameters | shifted, f"taking {name} one row off")
    for wrong in mistaken(chain):
        assert_shows(wrong, parameters, f"computing {wrong}")


@torch.no_grad()
def check_sides_are_clear(case: str, chain, inputs, parameters) -> None:
    """ReLU, ELU and maximum decide by a comparison: both outcomes occur, and none is close."""
    after = chain[1] if len(chain) > 1 else None
    if after not in (Dense(4, "relu"), Dense(4, "elu"), Pooling("max")):
        return
    hidden = chains.run(chain[:1], inputs, parameters)["output"]
    inside = Flow(hidden, inputs["lengths"]).inside()
    if isinstance(after, Pooling):
        first, second, *_ = hidden.masked_fill(~inside, -torch.inf).sort(dim=0, descending=True)[0]
        assert (first - second).min() > MARGIN, f"{case}: two maxima"
    else:
        a = hidden @ parameters["dense0.weight"].T + parameters["dense0.bias"]
        a = a[inside[:, :, 0]]
        active = (a > 0).double().mean(dim=0)  # [4]
        assert 0.25 < active.mean() < 0.75, f"{case}: {active} active"
        assert ((0 < active) & (active < 1)).any(), f"{case}: all units keep to one side"
        assert a.abs().min() > MARGIN, f"{case}: a unit at {a.abs().min():.1e}"


def make_case(name: str, chain: Chain, batch: str) -> dict[str, Tensor]:
    case = f"{name}-{batch}"
    # Seeded by its own name, so that a case keeps its numbers when others come or go.
    generator = torch.Generator().manual_seed(zlib.crc32(f"blocks/{case}".encode()))
    parameters = draw_parameters(chain, generator)
    inputs = draw_inputs(chain, batch, generator)
    upstream = {}
    for result, value in chains.run(chain, inputs, parameters).items():
        draw = torch.rand(value.shape, generator=generator) * 2 - 1
        ended = (value == 0).all(dim=-1, keepdim=True)  # past a sequence's end
        upstream[upstream_name(result)] = draw * ~ended
    results = forward_and_backward(chain, inputs, upstream, parameters, chains.torch_layer)

    check_explicit_loop(case, chain, inputs, upstream, parameters, results)
    check_sequences_alone(case, chain, inputs, upstream, parameters, results)
    check_mistakes_show(case, chain, inputs, parameters, results)
    check_sides_are_clear(case, chain, inputs, parameters)

    named_parameters = {f"param/{name}": value for name, value in parameters.items()}
    tensors = inputs | named_parameters | results | upstream
    return {f"{case}/{name}": value for name, value in tensors.items()}


def all_cases() -> dict[str, Tensor]:
    tensors = {}
    for (name, chain), batch in itertools.product(CHAINS.items(), LENGTHS):
        tensors |= make_case(name, chain, batch)
    return tensors
