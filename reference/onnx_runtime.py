"""ONNX Runtime's RNN, GRU and LSTM, in float32: a second opinion on every cell that they can say."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy
import onnxruntime
import torch
from onnx import TensorProto, helper
from torch import Tensor

from explicit import CELLS, Cell


@dataclass(frozen=True)
class Node:
    """How ONNX says a cell. `gates` and `peepholes` name ours in ONNX's order."""

    op: str
    gates: tuple[int, ...]
    peepholes: tuple[int, ...] = ()
    attributes: dict = field(default_factory=dict)
    # Puts the cell's parameters in terms of those of PyTorch's `op`.
    translate: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict


def min_gru_as_gru(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """A GRU without recurrent weights, whose candidate is not squashed, is a minGRU.

    In the GRU z weighs the old state and in the minGRU the new one; 1 - sigmoid(a) = sigmoid(-a).
    """
    gru = {}
    for name, parameter in parameters.items():
        z, candidate = parameter.chunk(2)
        gru[name] = torch.cat([torch.zeros_like(z), -z, candidate])
        H = len(z)
        gru[name.replace("_ih", "_hh")] = torch.zeros(3 * H, *[H] * (parameter.dim() - 1))
    return gru


# Ours and ONNX's: r z n and z r h; i f g o and i o f c; peepholes i f o and i o f.
NODES = {
    "elman": Node("RNN", (0,), attributes=dict(activations=["Tanh"])),
    "elman-relu": Node("RNN", (0,), attributes=dict(activations=["Relu"])),
    "gru": Node("GRU", (1, 0, 2), attributes=dict(linear_before_reset=1)),
    "gru-reset-before": Node("GRU", (1, 0, 2), attributes=dict(linear_before_reset=0)),
    "min-gru": Node(
        "GRU",
        (1, 0, 2),
        attributes=dict(
            activations=["Sigmoid", "Affine"], activation_alpha=[1.0], activation_beta=[0.0]
        ),
        translate=min_gru_as_gru,
    ),
    "lstm": Node("LSTM", (0, 3, 1, 2)),
    "peephole-lstm": Node("LSTM", (0, 3, 1, 2), peepholes=(0, 2, 1)),
}


def ordered(tensor: Tensor, order: tuple[int, ...]) -> Tensor:
    gates = tensor.chunk(len(order))
    return torch.cat([gates[g] for g in order])


def session(cell: Cell, node: Node, hidden_size: int, bidirectional: bool):
    # Inputs are named by place; an LSTM's initial c and its peepholes are the last two.
    ranks = {"X": 3, "W": 3, "R": 3, "B": 2, "lengths": 1} | {f"{s}0": 3 for s in cell.states}
    if node.peepholes:
        ranks["P"] = 2
    outputs = {"Y": 4} | {f"Y_{s}": 3 for s in cell.states}
    attributes = dict(node.attributes)
    attributes["direction"] = "bidirectional" if bidirectional else "forward"
    for name, value in attributes.items():
        if name.startswith("activation") and bidirectional:
            attributes[name] = value * 2  # each direction has its own

    def info(name: str, rank: int):
        kind = TensorProto.INT32 if name == "lengths" else TensorProto.FLOAT
        return helper.make_tensor_value_info(name, kind, [None] * rank)

    attributes |= dict(hidden_size=hidden_size)
    graph = helper.make_graph(
        [helper.make_node(node.op, list(ranks), list(outputs), **attributes)],
        node.op,
        [info(*item) for item in ranks.items()],
        [info(*item) for item in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def run(
    name: str,
    inputs: dict[str, Tensor],
    parameters: dict[str, Tensor],
    num_layers: int,
    bidirectional: bool,
) -> dict[str, Tensor]:
    """What `explicit.run` gives for the cell of that name; one ONNX node per layer."""
    cell, node = CELLS[name], NODES[name]
    parameters = node.translate(parameters)
    D, H = (2 if bidirectional else 1), inputs["h0"].shape[2]
    suffixes = ("", "_reverse")[:D]
    onnx_layer = session(cell, node, H, bidirectional)

    def float32(tensor: Tensor) -> numpy.ndarray:
        return tensor.detach().numpy().astype(numpy.float32)

    def stacked(kind: str, layer: int, order: tuple[int, ...]) -> Tensor:
        return torch.stack([ordered(parameters[f"{kind}_l{layer}{s}"], order) for s in suffixes])

    X, finals = float32(inputs["x"]), []
    for layer in range(num_layers):
        biases = [stacked(kind, layer, node.gates) for kind in ("bias_ih", "bias_hh")]
        feed = {
            "X": X,
            "W": float32(stacked("weight_ih", layer, node.gates)),
            "R": float32(stacked("weight_hh", layer, node.gates)),
            "B": float32(torch.cat(biases, dim=1)),
            "lengths": inputs["lengths"].numpy().astype(numpy.int32),
        }
        for s in cell.states:
            feed[f"{s}0"] = float32(inputs[f"{s}0"][layer * D : (layer + 1) * D])
        if node.peepholes:
            feed["P"] = float32(stacked("weight_ch", layer, node.peepholes))
        Y, *final = onnx_layer.run(None, feed)
        # Y is [T, D, B, H]; the next layer reads [T, B, D*H].
        X = numpy.concatenate([Y[:, d] for d in range(D)], axis=2)
        finals.append(final)
    states = [numpy.concatenate(s) for s in zip(*finals, strict=True)]
    results = {"output": X} | {f"{s}_n": v for s, v in zip(cell.states, states, strict=True)}
    return {name: torch.from_numpy(value).double() for name, value in results.items()}
