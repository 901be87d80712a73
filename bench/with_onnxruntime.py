"""ONNX Runtime as a contender: its RNN, GRU and LSTM operators, with everything bound in advance.

It does not train.
"""

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from contender import GATES, LeftOut, Point, Work, draw, serve

OPERATORS = {"elman": "RNN", "gru": "GRU", "lstm": "LSTM"}
# PyTorch's gates in ONNX's order: r z n as z r h, i f g o as i o f c.
GATE_ORDER = {"elman": [0], "gru": [1, 0, 2], "lstm": [0, 3, 1, 2]}


def states(cell: str) -> list[str]:
    return ["h", "c"] if cell == "lstm" else ["h"]


def model(point: Point, seq_len: int) -> bytes:
    """x [T, 1, I] and the initial states [1, 1, H] to y [1, 1] and the final states."""
    parameters, _, _ = draw(point)
    h = point.hidden_size

    def reordered(name: str) -> np.ndarray:
        blocks = np.split(parameters[name], GATES[point.cell])
        return np.concatenate([blocks[n] for n in GATE_ORDER[point.cell]])

    weights = {
        "W": reordered("weight_ih")[None],
        "R": reordered("weight_hh")[None],
        "B": np.concatenate([reordered("bias_ih"), reordered("bias_hh")])[None],
        "head_weight": parameters["head_weight"],
        "head_bias": parameters["head_bias"],
        "flat": np.array([1, h], np.int64),
    }
    names = states(point.cell)
    # The reset gate after the recurrent product, as in PyTorch.
    form = {"linear_before_reset": 1} if point.cell == "gru" else {}
    nodes = [
        helper.make_node(
            OPERATORS[point.cell],
            ["x", "W", "R", "B", ""] + [f"{name}0" for name in names],
            [""] + [f"{name}1" for name in names],
            hidden_size=h,
            **form,
        ),
        helper.make_node("Reshape", ["h1", "flat"], ["last"]),
        helper.make_node("Gemm", ["last", "head_weight", "head_bias"], ["y"], transB=1),
    ]

    def floats(name: str, *shape: int):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "network",
        [floats("x", seq_len, 1, point.input_size)] + [floats(f"{name}0", 1, 1, h) for name in names],
        [floats("y", 1, 1)] + [floats(f"{name}1", 1, 1, h) for name in names],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return made.SerializeToString()


def session(point: Point, seq_len: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = point.threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    return ort.InferenceSession(model(point, seq_len), options, providers=["CPUExecutionProvider"])


class Bound(Work):
    """Bindings that are run one after the other, in a circle, each of them one step."""

    def __init__(self, point: Point, xs: list[np.ndarray], carries_state: bool):
        """A binding for each x; the states go to and fro between two places, or stay at zero."""
        self.session = session(point, len(xs[0]))
        zeros = np.zeros((1, 1, point.hidden_size), np.float32)
        names = states(point.cell)
        places = [{name: ort.OrtValue.ortvalue_from_numpy(zeros.copy()) for name in names} for _ in range(2)]
        self.y = ort.OrtValue.ortvalue_from_numpy(np.zeros((1, 1), np.float32))
        self.bindings = []
        for n, x in enumerate(xs):
            binding = self.session.io_binding()
            binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(x))
            source, target = (n % 2, 1 - n % 2) if carries_state else (0, 1)
            for name in names:
                binding.bind_ortvalue_input(f"{name}0", places[source][name])
                binding.bind_ortvalue_output(f"{name}1", places[target][name])
            binding.bind_ortvalue_output("y", self.y)
            self.bindings.append(binding)
        self.next = 0

    def run(self, steps):
        bindings, run = self.bindings, self.session.run_with_iobinding
        at, count = self.next, len(self.bindings)
        for _ in range(steps):
            run(bindings[at])
            at += 1
            if at == count:
                at = 0
        self.next = at

    def prove(self):
        outputs = []
        for _ in self.bindings:
            self.run(1)
            outputs.append(float(self.y.numpy()[0, 0]))
        return outputs


def prepare(point: Point) -> Work:
    if point.kind == "train":
        raise LeftOut("ONNX Runtime does not train")
    _, x, _ = draw(point)
    if point.kind == "sequence":
        return Bound(point, [x], carries_state=False)
    return Bound(point, [x[t : t + 1] for t in range(point.seq_len)], carries_state=True)


SETTINGS = "all graph optimisations, inputs, outputs and states bound in advance"
serve({"version": ort.__version__, "settings": SETTINGS}, prepare)
