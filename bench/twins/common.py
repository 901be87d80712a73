"""What the twins share. A twin is a recipe of the program's once more in PyTorch, as its users write it: it reads the same
files, trains, tests and prints its score as JSON."""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor, nn

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def arguments(*files: str, **options: float) -> argparse.Namespace:
    """The paths of the files and options with their defaults, among them the seed and the number of threads, which are set."""
    parser = argparse.ArgumentParser()
    for name in files:
        parser.add_argument(name, type=Path)
    for name, default in {"seed": 0, "threads": 1, **options}.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    return given


def answer(score: float) -> None:
    print(json.dumps({"score": float(score)}), flush=True)


@torch.no_grad()
def start_orthogonal(layer: nn.RNNBase, head: nn.Linear) -> None:
    """Xavier's uniform input weights and orthogonal recurrent ones, gate by gate; no biases but 1 of an LSTM's forget gate."""
    for name, parameter in layer.named_parameters():
        for gate in parameter.chunk(GATES[layer.mode.split("_")[0]]):
            if name.startswith("weight_ih"):
                nn.init.xavier_uniform_(gate)
            elif name.startswith("weight_hh"):
                nn.init.orthogonal_(gate)
            else:
                nn.init.zeros_(gate)
    if layer.mode == "LSTM":
        layer.bias_ih_l0.chunk(4)[1].fill_(1.0)
    nn.init.xavier_uniform_(head.weight)
    nn.init.zeros_(head.bias)


class Skipping(nn.Module):
    """An LSTM that tells how what it answers differs from its input, a number for each timestep."""

    def __init__(self, units: int):
        super().__init__()
        self.lstm = nn.LSTM(1, units)
        self.head = nn.Linear(units, 1)
        start_orthogonal(self.lstm, self.head)

    def forward(self, x, state=None):
        h, state = self.lstm(x, state)
        return x + self.head(h), state


class Training:
    """Adam, or another optimiser, with gradients of a norm of 1 at most, and a rate that is constant or falls along a cosine."""

    def __init__(self, module: nn.Module, rate: float, steps: int | None = None, optimiser=torch.optim.Adam, **options: float):
        self.parameters = list(module.parameters())
        self.optimiser = optimiser(self.parameters, lr=rate, **options)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, steps) if steps else None

    def step(self, loss: Tensor) -> None:
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        if self.schedule:
            self.schedule.step()
