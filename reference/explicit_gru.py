"""A GRU as a plain loop, in both of its published forms.

    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
    z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
    n = tanh(W_in x + b_in + r * (W_hn h + b_hn))      reset after  (torch.nn.GRU)
    n = tanh(W_in x + b_in + W_hn (r * h) + b_hn)      reset before (Cho et al. 2014)
    h' = (1 - z) * n + z * h

Rows of the weights are in PyTorch's order r, z, n. Cho et al., "Learning Phrase Representations
using RNN Encoder-Decoder for Statistical Machine Translation", arXiv:1406.1078, equations 5 to 8
(there without biases).

PyTorch has the reset-after form only, so the other comes from here; autograd differentiates it.
"""

import torch
from torch import Tensor


def step(x: Tensor, h: Tensor, weights: list[Tensor], reset_before: bool) -> Tensor:
    """x [I], h [H] -> h' [H]."""
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    input_r, input_z, input_n = (weight_ih @ x + bias_ih).chunk(3)
    weight_hr, weight_hz, weight_hn = weight_hh.chunk(3)
    bias_hr, bias_hz, bias_hn = bias_hh.chunk(3)

    r = torch.sigmoid(input_r + weight_hr @ h + bias_hr)
    z = torch.sigmoid(input_z + weight_hz @ h + bias_hz)
    if reset_before:
        n = torch.tanh(input_n + weight_hn @ (r * h) + bias_hn)
    else:
        n = torch.tanh(input_n + r * (weight_hn @ h + bias_hn))
    return (1 - z) * n + z * h


def run_sequence(
    x: Tensor, h: Tensor, weights: list[Tensor], reset_before: bool, reverse: bool
) -> tuple[Tensor, Tensor]:
    """One sequence, one layer, one direction: x [t, I], h [H] -> output [t, H], h_n [H].

    In reverse the loop starts at the sequence's last timestep; output stays in x's order.
    """
    times = range(len(x))
    states = [h] * len(x)
    for t in reversed(times) if reverse else times:
        h = step(x[t], h, weights, reset_before)
        states[t] = h
    return torch.stack(states), h


def run(
    x: Tensor,
    lengths: Tensor,
    h0: Tensor,
    parameters: dict[str, Tensor],
    num_layers: int,
    bidirectional: bool,
    reset_before: bool,
) -> tuple[Tensor, Tensor]:
    """x [T, B, I], lengths [B], h0 [num_layers*D, B, H] -> output [T, B, D*H], h_n like h0."""
    T, B, _ = x.shape
    suffixes = ("", "_reverse") if bidirectional else ("",)
    h_n = []
    for layer in range(num_layers):
        directions = []
        for suffix in suffixes:
            weights = [
                parameters[f"{kind}_l{layer}{suffix}"]
                for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            initial = h0[len(h_n)]
            outputs, finals = [], []
            for b in range(B):
                sequence = x[: lengths[b], b]
                output, final = run_sequence(
                    sequence, initial[b], weights, reset_before, reverse=suffix == "_reverse"
                )
                padding = output.new_zeros(T - len(output), output.shape[1])
                outputs.append(torch.cat([output, padding]))
                finals.append(final)
            directions.append(torch.stack(outputs, dim=1))
            h_n.append(torch.stack(finals))
        x = torch.cat(directions, dim=2)
    return x, torch.stack(h_n)
