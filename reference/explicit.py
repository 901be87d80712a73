"""Every cell as its equations in a plain loop, which autograd differentiates.

A cell is a step function and a line in `CELLS`; the loops over layers, directions, sequences and
timesteps are the same for all. What `torch.nn` lacks comes from here: the reset-before GRU, the
minGRU and the LSTM with peepholes. What it has is computed here too, and must agree.

A step gets, each split into its gates,

    x          W_ih x + b_ih                                  FROM_X of [H]
    state      h, or h and c                                  [H]
    weight_hh  what multiplies the state                      FROM_H of [H, H]
    bias_hh                                                   FROM_H of [H]
    per_unit   parameters of each unit by itself: peepholes   PER_UNIT of [H]

and returns the next state. T timesteps, B batch, I input size, H hidden size, D directions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, sigmoid, tanh

State = tuple[Tensor, ...]


def sums(x, weight_hh, h, bias_hh) -> list[Tensor]:
    """Per gate: W_ih x + b_ih + W_hh h + b_hh."""
    return [x + W @ h + b for x, W, b in zip(x, weight_hh, bias_hh, strict=True)]


def elman(x, state, weight_hh, bias_hh, per_unit) -> State:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), of Elman (1990)."""
    (h,) = state
    (a,) = sums(x, weight_hh, h, bias_hh)
    return (tanh(a),)


def elman_relu(x, state, weight_hh, bias_hh, per_unit) -> State:
    """h' = max(0, W_ih x + b_ih + W_hh h + b_hh), of Le, Jaitly & Hinton, arXiv:1504.00941."""
    (h,) = state
    (a,) = sums(x, weight_hh, h, bias_hh)
    return (torch.relu(a),)


def gru(x, state, weight_hh, bias_hh, per_unit) -> State:
    """torch.nn.GRU, which resets after the recurrent product; gates r, z, n.

    r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
    z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
    n  = tanh(W_in x + b_in + r * (W_hn h + b_hn))
    h' = (1 - z) * n + z * h
    """
    (h,) = state
    r, z = (sigmoid(a) for a in sums(x[:2], weight_hh[:2], h, bias_hh[:2]))
    n = tanh(x[2] + r * (weight_hh[2] @ h + bias_hh[2]))
    return ((1 - z) * n + z * h,)


def gru_reset_before(x, state, weight_hh, bias_hh, per_unit) -> State:
    """The GRU of Cho et al., arXiv:1406.1078, equations 5 to 8 (there without biases).

    n  = tanh(W_in x + b_in + W_hn (r * h) + b_hn)
    r, z and h' as above.
    """
    (h,) = state
    r, z = (sigmoid(a) for a in sums(x[:2], weight_hh[:2], h, bias_hh[:2]))
    n = tanh(x[2] + weight_hh[2] @ (r * h) + bias_hh[2])
    return ((1 - z) * n + z * h,)


def min_gru(x, state, weight_hh, bias_hh, per_unit) -> State:
    """The minGRU of Feng et al., arXiv:2410.01201, section 3.1; gates z, h~.

    z  = sigmoid(W_z x + b_z)
    h~ = W_h x + b_h
    h' = (1 - z) * h + z * h~

    Nothing multiplies the state: the cell has neither weight_hh nor bias_hh. This is the plain
    form; section 3.1 removes tanh, and the paper's appendix keeps h~ positive for its logarithms.
    """
    z, candidate = x
    (h,) = state
    z = sigmoid(z)
    return ((1 - z) * h + z * candidate,)


def lstm(x, state, weight_hh, bias_hh, per_unit) -> State:
    """torch.nn.LSTM; gates i, f, g, o.

    i, f, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh), g = tanh(of the same)
    c' = f * c + i * g
    h' = o * tanh(c')
    """
    h, c = state
    i, f, g, o = sums(x, weight_hh, h, bias_hh)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def peephole_lstm(x, state, weight_hh, bias_hh, per_unit) -> State:
    """The LSTM whose gates see the cell state; gates i, f, g, o, peepholes i, f, o.

    i  = sigmoid(W_ii x + b_ii + W_hi h + b_hi + p_i * c)
    f  = sigmoid(W_if x + b_if + W_hf h + b_hf + p_f * c)
    g  =    tanh(W_ig x + b_ig + W_hg h + b_hg)
    c' = f * c + i * g
    o  = sigmoid(W_io x + b_io + W_ho h + b_ho + p_o * c')
    h' = o * tanh(c')

    Gers, Schraudolph & Schmidhuber, "Learning Precise Timing with LSTM Recurrent Networks",
    JMLR 3 (2002), 115-143.
    """
    h, c = state
    p_i, p_f, p_o = per_unit
    i, f, g, o = sums(x, weight_hh, h, bias_hh)
    c = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * tanh(g)
    return sigmoid(o + p_o * c) * tanh(c), c


@dataclass(frozen=True)
class Cell:
    step: Callable[..., State]
    FROM_X: int
    FROM_H: int
    PER_UNIT: int = 0
    # The tensor of the per-unit parameters: `UNIT_NAME` of the cell in Rust.
    unit_name: str = "weight_unit"
    states: tuple[str, ...] = ("h",)
    # Is its output a ReLU's, half of which never wakes where biases may be negative?
    is_relu: bool = False

    def shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """The parameters of one layer in one direction, by PyTorch's names without `_l{k}`."""
        G, K, P = (n * hidden_size for n in (self.FROM_X, self.FROM_H, self.PER_UNIT))
        shapes = {
            "weight_ih": (G, input_size),
            "weight_hh": (K, hidden_size),
            "bias_ih": (G,),
            "bias_hh": (K,),
            self.unit_name: (P,),
        }
        return {kind: shape for kind, shape in shapes.items() if shape[0] > 0}


CELLS = {
    "elman": Cell(elman, FROM_X=1, FROM_H=1),
    "elman-relu": Cell(elman_relu, FROM_X=1, FROM_H=1, is_relu=True),
    "gru": Cell(gru, FROM_X=3, FROM_H=3),
    "gru-reset-before": Cell(gru_reset_before, FROM_X=3, FROM_H=3),
    "min-gru": Cell(min_gru, FROM_X=2, FROM_H=0),
    "lstm": Cell(lstm, FROM_X=4, FROM_H=4, states=("h", "c")),
    "peephole-lstm": Cell(
        peephole_lstm, FROM_X=4, FROM_H=4, PER_UNIT=3, unit_name="weight_ch", states=("h", "c")
    ),
}


def run_sequence(
    cell: Cell,
    x: Tensor,
    state: State,
    parameters: dict[str, Tensor],
    reverse: bool,
    kept: tuple[float, ...] = (),
) -> tuple[Tensor, State]:
    """One sequence: x [t, I], state of [H] -> output [t, H], final state.

    In reverse the loop starts at the sequence's last timestep; output stays in x's order. With
    zoneout a share of each state is `kept` as it was before the step.
    """
    H, times = len(state[0]), range(len(x))
    output = [state[0]] * len(x)
    for t in reversed(times) if reverse else times:
        from_x = parameters["weight_ih"] @ x[t] + parameters["bias_ih"]
        # Split anew at every timestep: so gradients are summed up timestep by timestep.
        by_gates = [
            parameters[kind].split(H) if kind in parameters else ()
            for kind in ("weight_hh", "bias_hh", cell.unit_name)
        ]
        made = cell.step(from_x.split(H), state, *by_gates)
        if kept:
            made = tuple(m + d * (s - m) for d, s, m in zip(kept, state, made, strict=True))
        state = made
        output[t] = state[0]
    return torch.stack(output), state


def run_layer(
    cell: Cell,
    x: Tensor,
    lengths: Tensor,
    state: State,
    parameters: dict[str, Tensor],
    reverse: bool,
    kept: tuple[float, ...] = (),
) -> tuple[Tensor, State]:
    """One layer in one direction: x [T, B, I], state of [B, H] -> output [T, B, H], final state."""
    T, B, _ = x.shape
    outputs, finals = [], []
    for b in range(B):
        initial = tuple(s[b] for s in state)
        output, final = run_sequence(cell, x[: lengths[b], b], initial, parameters, reverse, kept)
        padding = output.new_zeros(T - len(output), output.shape[1])
        outputs.append(torch.cat([output, padding]))
        finals.append(final)
    return torch.stack(outputs, dim=1), tuple(torch.stack(s) for s in zip(*finals, strict=True))


def run(
    cell: Cell,
    inputs: dict[str, Tensor],
    parameters: dict[str, Tensor],
    num_layers: int,
    bidirectional: bool,
) -> dict[str, Tensor]:
    """`x` [T, B, I], `lengths` [B], `h0` and `c0` [num_layers*D, B, H] ->
    `output` [T, B, D*H], `h_n` and `c_n` like `h0`."""
    x, lengths = inputs["x"], inputs["lengths"]
    finals = []
    for layer in range(num_layers):
        directions = []
        for suffix in ("", "_reverse") if bidirectional else ("",):
            initial = tuple(inputs[f"{s}0"][len(finals)] for s in cell.states)
            end = f"_l{layer}{suffix}"
            own = {n.removesuffix(end): p for n, p in parameters.items() if n.endswith(end)}
            output, final = run_layer(cell, x, lengths, initial, own, suffix == "_reverse")
            directions.append(output)
            finals.append(final)
        x = torch.cat(directions, dim=2)
    states = (torch.stack(s) for s in zip(*finals, strict=True))
    return {"output": x} | {f"{s}_n": v for s, v in zip(cell.states, states, strict=True)}
