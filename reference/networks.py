"""Recurrent networks: outputs and gradients of every cell, depth, direction and kind of batch.

T timesteps, B batch, I input size, H hidden size, G gates, D directions.
"""

import itertools
import zlib
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import explicit_gru
import onnx_gru

T, B, I, H = 6, 4, 3, 5
LENGTHS = {"equal": [T] * B, "unequal": [4, 6, 1, 3]}
GATES = {"elman": 1, "elman-relu": 1, "gru": 3, "gru-reset-before": 3, "lstm": 4}

# The explicit loop and torch.nn.GRU differ only in the order of sums of numbers near 1.
FLOAT64_TOLERANCE = 1e-13
# ONNX Runtime computes in float32 (epsilon 1.2e-7), with its own approximations of tanh and
# sigmoid, over up to 2 layers of 6 timesteps.
FLOAT32_TOLERANCE = 2e-6
# What a swapped gate or a lost bias must at least change in an output. They move by far more
# than any tolerance a test of these numbers should need.
VISIBLE = 1e-3


@dataclass(frozen=True)
class Case:
    cell: str
    num_layers: int
    bidirectional: bool
    batch: str

    @property
    def name(self) -> str:
        direction = "bi" if self.bidirectional else "uni"
        return f"{self.cell}-{self.num_layers}-{direction}-{self.batch}"

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def state_names(self) -> tuple[str, ...]:
        return ("h", "c") if self.cell == "lstm" else ("h",)


CASES = [
    Case(cell, num_layers, bidirectional, batch)
    for cell, num_layers, bidirectional, batch in itertools.product(
        GATES, (1, 2), (False, True), LENGTHS
    )
]


def draw_parameters(case: Case, generator: torch.Generator) -> dict[str, Tensor]:
    """PyTorch's names and shapes; weights in [-0.6, 0.6], biases also at least 0.1 from zero.

    Biases under a ReLU are positive, or most of its units would never wake.
    """
    G = GATES[case.cell]

    def uniform(*shape: int) -> Tensor:
        return (torch.rand(shape, generator=generator) * 2 - 1) * 0.6

    parameters = {}
    for layer in range(case.num_layers):
        input_size = I if layer == 0 else case.directions * H
        for suffix in ("", "_reverse")[: case.directions]:
            parameters[f"weight_ih_l{layer}{suffix}"] = uniform(G * H, input_size)
            parameters[f"weight_hh_l{layer}{suffix}"] = uniform(G * H, H)
            for kind in ("bias_ih", "bias_hh"):
                draw = uniform(G * H)
                sign = 1 if case.cell == "elman-relu" else draw.sign()
                parameters[f"{kind}_l{layer}{suffix}"] = sign * (0.1 + draw.abs() * 5 / 6)
    return parameters


def draw_inputs(case: Case, generator: torch.Generator) -> tuple[dict[str, Tensor], ...]:
    """Inputs (x, lengths, h0, c0) and upstream gradients (doutput, dh_n, dc_n)."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator) * 2 - 1

    lengths = torch.tensor(LENGTHS[case.batch])
    inside = (torch.arange(T)[:, None] < lengths)[:, :, None]  # [T, B, 1]
    state = (case.num_layers * case.directions, B, H)

    inputs = {"x": uniform(T, B, I) * inside, "lengths": lengths}
    upstream = {"doutput": uniform(T, B, case.directions * H) * inside}
    for s in case.state_names:
        inputs[f"{s}0"] = uniform(*state)
        upstream[f"d{s}_n"] = uniform(*state)
    return inputs, upstream


def run_torch(case: Case, inputs: dict[str, Tensor], parameters: dict[str, Tensor]):
    """The case by torch.nn: its results, and the leaves that gradients gather in."""
    sizes = dict(num_layers=case.num_layers, bidirectional=case.bidirectional)
    network = {
        "elman": lambda: torch.nn.RNN(I, H, nonlinearity="tanh", **sizes),
        "elman-relu": lambda: torch.nn.RNN(I, H, nonlinearity="relu", **sizes),
        "gru": lambda: torch.nn.GRU(I, H, **sizes),
        "lstm": lambda: torch.nn.LSTM(I, H, **sizes),
    }[case.cell]()
    leaves = dict(network.named_parameters())
    assert {k: v.shape for k, v in leaves.items()} == {k: v.shape for k, v in parameters.items()}
    with torch.no_grad():
        for name, leaf in leaves.items():
            leaf.copy_(parameters[name])

    packed = pack_padded_sequence(inputs["x"], inputs["lengths"], enforce_sorted=False)
    state = (inputs["h0"], inputs["c0"]) if case.cell == "lstm" else inputs["h0"]
    packed_output, state = network(packed, state)
    output, _ = pad_packed_sequence(packed_output, total_length=T)
    states = state if case.cell == "lstm" else (state,)
    final = {f"{s}_n": v for s, v in zip(case.state_names, states, strict=True)}
    return {"output": output} | final, leaves


def run_explicit(
    case: Case, inputs: dict[str, Tensor], parameters: dict[str, Tensor], reset_before: bool
):
    """A GRU by the explicit loop: its results, and the leaves that gradients gather in."""
    leaves = {name: p.clone().requires_grad_() for name, p in parameters.items()}
    output, h_n = explicit_gru.run(
        inputs["x"],
        inputs["lengths"],
        inputs["h0"],
        leaves,
        case.num_layers,
        case.bidirectional,
        reset_before,
    )
    return {"output": output, "h_n": h_n}, leaves


def run(case: Case, inputs: dict[str, Tensor], parameters: dict[str, Tensor]):
    if case.cell == "gru-reset-before":
        return run_explicit(case, inputs, parameters, reset_before=True)
    return run_torch(case, inputs, parameters)


def forward_and_backward(case: Case, inputs, upstream, parameters, run) -> dict[str, Tensor]:
    """Results, and `grad/...` of loss = sum(output*doutput) + sum(h_n*dh_n) + sum(c_n*dc_n)."""
    inputs = {
        name: value.clone().requires_grad_(name != "lengths") for name, value in inputs.items()
    }
    results, leaves = run(case, inputs, parameters)
    loss = sum((value * upstream[f"d{name}"]).sum() for name, value in results.items())
    loss.backward()
    differentiated = leaves | {name: v for name, v in inputs.items() if name != "lengths"}
    return results | {f"grad/{name}": value.grad for name, value in differentiated.items()}


def assert_close(actual: Tensor, expected: Tensor, tolerance: float, what: str) -> None:
    worst = (actual - expected).abs().max().item()
    assert worst <= tolerance, f"{what}: differs by {worst:.2e}, more than {tolerance:.0e}"


def check_explicit_loop(case: Case, inputs, upstream, parameters, results) -> None:
    """The explicit loop, told to reset after, is torch.nn.GRU: outputs, states, gradients."""
    explicit = forward_and_backward(
        case,
        inputs,
        upstream,
        parameters,
        lambda *arguments: run_explicit(*arguments, reset_before=False),
    )
    assert explicit.keys() == results.keys()
    for name in results:
        assert_close(explicit[name], results[name], FLOAT64_TOLERANCE, f"{case.name}/{name}")


def check_against_onnx(case: Case, inputs, parameters, results) -> None:
    output, h_n = onnx_gru.run(
        inputs["x"],
        inputs["lengths"],
        inputs["h0"],
        parameters,
        case.num_layers,
        case.bidirectional,
        reset_before=case.cell == "gru-reset-before",
    )
    assert_close(output, results["output"], FLOAT32_TOLERANCE, f"{case.name}/output")
    assert_close(h_n, results["h_n"], FLOAT32_TOLERANCE, f"{case.name}/h_n")


def check_padding(case: Case, lengths: Tensor, results: dict[str, Tensor]) -> None:
    past_end = torch.arange(T)[:, None] >= lengths
    for name in ("output", "grad/x"):
        assert (results[name][past_end] == 0).all(), f"{case.name}/{name} past a sequence's end"


def check_relu_is_mixed(case: Case, lengths: Tensor, results: dict[str, Tensor]) -> None:
    """Both sides of the ReLU are well represented, and no active unit is nearly inactive."""
    inside = results["output"][torch.arange(T)[:, None] < lengths]
    active = inside[inside > 0]
    assert 0.5 < len(active) / inside.numel() < 0.95, f"{case.name}: {len(active)} active"
    assert active.min() > 1e-4, f"{case.name}: an output of {active.min():.1e}"


def check_mistakes_show(case: Case, inputs, parameters, results) -> None:
    """Swapping two gates anywhere, or losing one gate's bias, visibly changes the output."""

    def assert_shows(name: str, gates: list[Tensor], mistake: str) -> None:
        wrong, _ = run(case, inputs, parameters | {name: torch.cat(gates)})
        change = (wrong["output"] - results["output"]).abs().max().item()
        assert change > VISIBLE, f"{case.name}: {mistake} of {name} changes only {change:.1e}"

    G = GATES[case.cell]
    for name, parameter in parameters.items():
        gates = parameter.chunk(G)
        for i, j in itertools.combinations(range(G), 2):
            swapped = list(gates)
            swapped[i], swapped[j] = gates[j], gates[i]
            assert_shows(name, swapped, f"swapping gates {i} and {j}")
        if name.startswith("bias"):
            for i in range(G):
                lost = [torch.zeros_like(g) if i == j else g for j, g in enumerate(gates)]
                assert_shows(name, lost, f"losing gate {i}")


def make_case(case: Case) -> dict[str, Tensor]:
    # Seeded by its own name, so that a case keeps its numbers when others come or go.
    generator = torch.Generator().manual_seed(zlib.crc32(case.name.encode()))
    parameters = draw_parameters(case, generator)
    inputs, upstream = draw_inputs(case, generator)
    results = forward_and_backward(case, inputs, upstream, parameters, run)

    check_padding(case, inputs["lengths"], results)
    check_mistakes_show(case, inputs, parameters, results)
    if case.cell == "elman-relu":
        check_relu_is_mixed(case, inputs["lengths"], results)
    if case.cell == "gru":
        check_explicit_loop(case, inputs, upstream, parameters, results)
    if case.cell.startswith("gru"):
        check_against_onnx(case, inputs, parameters, results)

    named_parameters = {f"param/{name}": value for name, value in parameters.items()}
    tensors = inputs | named_parameters | results | upstream
    return {f"{case.name}/{name}": value for name, value in tensors.items()}


def all_cases() -> dict[str, Tensor]:
    tensors = {}
    for case in CASES:
        tensors |= make_case(case)
    return tensors
