"""Recurrent networks: outputs and gradients of every cell, depth, direction and kind of batch.

T timesteps, B batch, I input size, H hidden size, D directions.
"""

import itertools
import zlib
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import explicit
import numpy_loops
import onnx_runtime

T, B, I, H = 6, 4, 3, 5
LENGTHS = {"equal": [T] * B, "unequal": [4, 6, 1, 3]}

# The explicit loop, torch.nn and NumPy differ only in the order of sums of numbers near 1.
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
    def equations(self) -> explicit.Cell:
        return explicit.CELLS[self.cell]

    @property
    def shape(self) -> dict[str, int | bool]:
        return dict(num_layers=self.num_layers, bidirectional=self.bidirectional)


CASES = [
    Case(cell, num_layers, bidirectional, batch)
    for cell, num_layers, bidirectional, batch in itertools.product(
        explicit.CELLS, (1, 2), (False, True), LENGTHS
    )
]


def draw_parameters(case: Case, generator: torch.Generator) -> dict[str, Tensor]:
    """PyTorch's names and shapes; weights in [-0.6, 0.6]. Biases and peepholes, of which each unit
    has one per gate, are also at least 0.1 from zero.

    Biases under a ReLU are positive, or most of its units would never wake.
    """

    def draw(shape: tuple[int, ...]) -> Tensor:
        uniform = (torch.rand(shape, generator=generator) * 2 - 1) * 0.6
        if len(shape) == 2:
            return uniform
        sign = 1 if case.equations.is_relu else uniform.sign()
        return sign * (0.1 + uniform.abs() * 5 / 6)

    parameters = {}
    for layer in range(case.num_layers):
        input_size = I if layer == 0 else case.directions * H
        for suffix in ("", "_reverse")[: case.directions]:
            for kind, shape in case.equations.shapes(input_size, H).items():
                parameters[f"{kind}_l{layer}{suffix}"] = draw(shape)
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
    for s in case.equations.states:
        inputs[f"{s}0"] = uniform(*state)
        upstream[f"d{s}_n"] = uniform(*state)
    return inputs, upstream


# The cells that torch.nn has.
TORCH = {
    "elman": partial(torch.nn.RNN, nonlinearity="tanh"),
    "elman-relu": partial(torch.nn.RNN, nonlinearity="relu"),
    "gru": torch.nn.GRU,
    "lstm": torch.nn.LSTM,
}


def run_torch(case: Case, inputs: dict[str, Tensor], parameters: dict[str, Tensor]):
    """The case by torch.nn: its results, and the leaves that gradients gather in."""
    network = TORCH[case.cell](I, H, **case.shape)
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
    final = {f"{s}_n": v for s, v in zip(case.equations.states, states, strict=True)}
    return {"output": output} | final, leaves


def run_explicit(case: Case, inputs: dict[str, Tensor], parameters: dict[str, Tensor]):
    """The case by the explicit loop: its results, and the leaves that gradients gather in."""
    leaves = {name: p.clone().requires_grad_() for name, p in parameters.items()}
    return explicit.run(case.equations, inputs, leaves, **case.shape), leaves


def run(case: Case, inputs: dict[str, Tensor], parameters: dict[str, Tensor]):
    by = run_torch if case.cell in TORCH else run_explicit
    return by(case, inputs, parameters)


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


def assert_all_close(case: Case, actual, expected, tolerance: float, by: str) -> None:
    for name in actual:
        assert_close(actual[name], expected[name], tolerance, f"{case.name}/{name} by {by}")


def check_explicit_loop(case: Case, inputs, upstream, parameters, results) -> None:
    """The explicit loop computes what torch.nn does: outputs, states and all gradients."""
    explicit_results = forward_and_backward(case, inputs, upstream, parameters, run_explicit)
    assert explicit_results.keys() == results.keys()
    assert_all_close(case, explicit_results, results, FLOAT64_TOLERANCE, "the explicit loop")


def check_against_numpy(case: Case, inputs, parameters, results) -> None:
    arrays = ({name: v.numpy() for name, v in tensors.items()} for tensors in (inputs, parameters))
    by_numpy = numpy_loops.run(case.cell, *arrays, **case.shape)
    by_numpy = {name: torch.from_numpy(value) for name, value in by_numpy.items()}
    assert_all_close(case, by_numpy, results, FLOAT64_TOLERANCE, "NumPy")


def check_against_onnx(case: Case, inputs, parameters, results) -> None:
    by_onnx = onnx_runtime.run(case.cell, inputs, parameters, **case.shape)
    assert_all_close(case, by_onnx, results, FLOAT32_TOLERANCE, "ONNX Runtime")


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
    """Swapping two gates anywhere, or losing one gate's bias or peepholes, visibly changes the
    output."""

    def assert_shows(name: str, gates: list[Tensor], mistake: str) -> None:
        wrong, _ = run(case, inputs, parameters | {name: torch.cat(gates)})
        change = (wrong["output"] - results["output"]).abs().max().item()
        assert change > VISIBLE, f"{case.name}: {mistake} of {name} changes only {change:.1e}"

    for name, parameter in parameters.items():
        gates = parameter.split(H)
        for i, j in itertools.combinations(range(len(gates)), 2):
            swapped = list(gates)
            swapped[i], swapped[j] = gates[j], gates[i]
            assert_shows(name, swapped, f"swapping gates {i} and {j}")
        if parameter.dim() == 1:
            for i in range(len(gates)):
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
    if case.equations.is_relu:
        check_relu_is_mixed(case, inputs["lengths"], results)
    seconds = TORCH.keys() | numpy_loops.STEPS.keys() | onnx_runtime.NODES.keys()
    assert case.cell in seconds, f"{case.cell}: nothing but its equations in explicit.py says so"
    if case.cell in TORCH:
        check_explicit_loop(case, inputs, upstream, parameters, results)
    if case.cell in numpy_loops.STEPS:
        check_against_numpy(case, inputs, parameters, results)
    if case.cell in onnx_runtime.NODES:
        check_against_onnx(case, inputs, parameters, results)

    named_parameters = {f"param/{name}": value for name, value in parameters.items()}
    tensors = inputs | named_parameters | results | upstream
    return {f"{case.name}/{name}": value for name, value in tensors.items()}


def all_cases() -> dict[str, Tensor]:
    tensors = {}
    for case in CASES:
        tensors |= make_case(case)
    return tensors
