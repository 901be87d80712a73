"""ONNX Runtime's GRU, in float32: a second opinion on the reset-before form."""

import numpy
import onnxruntime
import torch
from onnx import TensorProto, helper
from torch import Tensor


def rzn_to_zrn(tensor: Tensor) -> Tensor:
    """From PyTorch's order of gates to ONNX's."""
    r, z, n = tensor.chunk(3)
    return torch.cat([z, r, n])


def session(hidden_size: int, bidirectional: bool, reset_before: bool):
    node = helper.make_node(
        "GRU",
        ["X", "W", "R", "B", "lengths", "h0"],
        ["Y", "Y_h"],
        hidden_size=hidden_size,
        direction="bidirectional" if bidirectional else "forward",
        linear_before_reset=0 if reset_before else 1,
    )
    inputs = [
        helper.make_tensor_value_info(i, TensorProto.FLOAT, [None] * rank)
        for i, rank in (("X", 3), ("W", 3), ("R", 3), ("B", 2), ("h0", 3))
    ]
    inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, [None]))
    outputs = [
        helper.make_tensor_value_info(o, TensorProto.FLOAT, [None] * rank)
        for o, rank in (("Y", 4), ("Y_h", 3))
    ]
    graph = helper.make_graph([node], "gru", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def run(
    x: Tensor,
    lengths: Tensor,
    h0: Tensor,
    parameters: dict[str, Tensor],
    num_layers: int,
    bidirectional: bool,
    reset_before: bool,
) -> tuple[Tensor, Tensor]:
    """The same shapes in and out as `explicit_gru.run`; one ONNX node per layer."""
    D, H = (2 if bidirectional else 1), h0.shape[2]
    suffixes = ("", "_reverse")[:D]
    gru = session(H, bidirectional, reset_before)

    def float32(tensor: Tensor) -> numpy.ndarray:
        return tensor.detach().numpy().astype(numpy.float32)

    X, h_n = float32(x), []
    for layer in range(num_layers):
        weight_ih, weight_hh, bias_ih, bias_hh = (
            torch.stack([rzn_to_zrn(parameters[f"{kind}_l{layer}{s}"]) for s in suffixes])
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        Y, Y_h = gru.run(
            None,
            {
                "X": X,
                "W": float32(weight_ih),
                "R": float32(weight_hh),
                "B": float32(torch.cat([bias_ih, bias_hh], dim=1)),
                "lengths": lengths.numpy().astype(numpy.int32),
                "h0": float32(h0[layer * D : (layer + 1) * D]),
            },
        )
        # Y is [T, D, B, H]; the next layer reads [T, B, D*H].
        X = numpy.concatenate([Y[:, d] for d in range(D)], axis=2)
        h_n.append(Y_h)
    return torch.from_numpy(X).double(), torch.from_numpy(numpy.concatenate(h_n)).double()
