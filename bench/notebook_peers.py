"""The notebook's training in the two libraries one would write it in: 100 epochs of 2-3-1.

    python bench/notebook_peers.py numpy|torch

is the whole program that `elman notebook` is compared with. A library is imported where it is used: its
start is part of what is measured, and no other's is.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "reference"))
EPOCHS, PRINTED_EVERY, LEARNING_RATE = 100, 10, 0.01


def published_weights() -> list[list[list[float]]]:
    """Wx, Wh, Wy."""
    weights = json.loads((ROOT / "crates/elman/data/notebook.json").read_text())
    return [weights[name] for name in ("Wx", "Wh", "Wy")]


def with_numpy() -> list[float]:
    """The notebook's own lines. The ten losses that it prints."""
    import numpy as np
    from notebook import losses_from

    return losses_from(*(np.array(weights) for weights in published_weights()))


def with_torch() -> list[float]:
    """The notebook's arithmetic on PyTorch's tensors: its gradient is not what autograd would give."""
    import torch

    Wx, Wh, Wy = (torch.tensor(weights, dtype=torch.float64) for weights in published_weights())
    inputs = [torch.tensor(x, dtype=torch.float64)[:, None] for x in ([1, 0], [0, 1], [1, 1])]
    bh, by = torch.zeros_like(Wh[:, :1]), torch.zeros_like(Wy[:, :1])
    losses = []
    for epoch in range(EPOCHS):
        h = torch.zeros_like(bh)
        for x in inputs:
            h = torch.tanh(Wx @ x + Wh @ h + bh)
        error = Wy @ h + by - 1
        dh, slope = Wy.T @ error, 1 - torch.tanh(h) ** 2
        dWy, dby = error * h.T, error
        dWx, dWh, dbh = torch.zeros_like(Wx), torch.zeros_like(Wh), torch.zeros_like(bh)
        for x in reversed(inputs):
            dhraw = dh * slope
            dWx += dhraw @ x.T
            dWh += dhraw @ h.T
            dbh += dhraw
            dh = Wh.T @ dhraw
        for parameter, gradient in zip((Wx, Wh, Wy, bh, by), (dWx, dWh, dWy, dbh, dby), strict=True):
            parameter -= LEARNING_RATE * gradient
        if epoch % PRINTED_EVERY == 0:
            losses.append(float(error) ** 2)
    return losses


if __name__ == "__main__":
    losses = {"numpy": with_numpy, "torch": with_torch}[sys.argv[1]]()
    for n, loss in enumerate(losses):
        print(f"Epoch {n * PRINTED_EVERY}, Loss: {loss}")
