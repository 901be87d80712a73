"""The cells that PyTorch lacks and that are newest here, once more: forward only, number by number.

Written from the papers' equations and from nothing in `explicit.py`, which must agree: one unit,
one gate and one product at a time, gates picked by row.
"""

from collections.abc import Callable

import numpy as np


def sigmoid(a: float) -> float:
    return 1 / (1 + np.exp(-a))


def min_gru(layer: dict[str, np.ndarray], x: np.ndarray, state: dict[str, np.ndarray]):
    """Feng et al., arXiv:2410.01201: x [I], h [H] -> h [H].

    Rows of the gate z come first, then those of the candidate.
    """
    weight, bias, h = layer["weight_ih"], layer["bias_ih"], state["h"]
    H = len(h)
    following = np.zeros(H)
    for unit in range(H):
        update, candidate = bias[unit], bias[H + unit]
        for i in range(len(x)):
            update += weight[unit, i] * x[i]
            candidate += weight[H + unit, i] * x[i]
        following[unit] = h[unit] + sigmoid(update) * (candidate - h[unit])
    return {"h": following}


def peephole_lstm(layer: dict[str, np.ndarray], x: np.ndarray, state: dict[str, np.ndarray]):
    """Gers, Schraudolph & Schmidhuber, JMLR 3 (2002): x [I], h and c [H] -> h and c [H].

    Rows of the input gate come first, then forget, cell input and output; peepholes of the input
    gate, then forget and output.
    """
    h, c = state["h"], state["c"]
    H = len(h)
    following = {"h": np.zeros(H), "c": np.zeros(H)}

    def net(gate: int, unit: int) -> float:
        row = gate * H + unit
        total = layer["bias_ih"][row] + layer["bias_hh"][row]
        for i in range(len(x)):
            total += layer["weight_ih"][row, i] * x[i]
        for j in range(H):
            total += layer["weight_hh"][row, j] * h[j]
        return total

    for unit in range(H):
        peephole = [layer["weight_ch"][gate * H + unit] for gate in range(3)]
        input_gate = sigmoid(net(0, unit) + peephole[0] * c[unit])
        forget_gate = sigmoid(net(1, unit) + peephole[1] * c[unit])
        cell = forget_gate * c[unit] + input_gate * np.tanh(net(2, unit))
        output_gate = sigmoid(net(3, unit) + peephole[2] * cell)
        following["c"][unit] = cell
        following["h"][unit] = output_gate * np.tanh(cell)
    return following


STEPS: dict[str, Callable] = {"min-gru": min_gru, "peephole-lstm": peephole_lstm}


def run(
    cell: str,
    inputs: dict[str, np.ndarray],
    parameters: dict[str, np.ndarray],
    num_layers: int,
    bidirectional: bool,
) -> dict[str, np.ndarray]:
    """The same shapes in and out as `explicit.run`."""
    x, lengths = inputs["x"], inputs["lengths"]
    T, B, _ = x.shape
    states = {name.removesuffix("0"): v for name, v in inputs.items() if name in ("h0", "c0")}
    H, D = states["h"].shape[2], 2 if bidirectional else 1
    final = {name: np.zeros_like(initial) for name, initial in states.items()}
    for k in range(num_layers):
        output = np.zeros((T, B, D * H))
        for d in range(D):
            suffix = f"_l{k}_reverse" if d == 1 else f"_l{k}"
            layer = {
                n.removesuffix(suffix): p for n, p in parameters.items() if n.endswith(suffix)
            }
            for b in range(B):
                state = {name: initial[k * D + d, b] for name, initial in states.items()}
                for step in range(lengths[b]):
                    t = lengths[b] - 1 - step if d == 1 else step
                    state = STEPS[cell](layer, x[t, b], state)
                    output[t, b, d * H : (d + 1) * H] = state["h"]
                for name in states:
                    final[name][k * D + d, b] = state[name]
        x = output
    return {"output": x} | {f"{name}_n": value for name, value in final.items()}
