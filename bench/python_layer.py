"""Times `elman.torch`'s layers beside PyTorch's, in turns.

    python bench/python_layer.py [THREADS]

needs the package elman and torch. Each figure is the median over rounds in which both run one after the other, so that a
busy machine slows both. On one, give 1 for the threads: then it is the processor's time that is measured. Of several threads
PyTorch's look for work for milliseconds before they sleep, and take turns with whatever else there is, which makes either
layer several times slower; with OMP_WAIT_POLICY=passive in the environment they sleep.
"""

import statistics
import sys
import time

import torch
from torch import nn

import elman
import elman.torch

#: Inputs, units, batch, timesteps.
SHAPES = [
    (1, 16, 1, 50),
    (8, 32, 32, 50),
    (16, 64, 32, 100),
    (32, 128, 32, 100),
    (64, 128, 128, 128),
    (256, 512, 64, 100),
]


def training_step(layer, x):
    optimiser = torch.optim.SGD(layer.parameters(), 1e-3)

    def step():
        optimiser.zero_grad()
        layer(x)[0].square().mean().backward()
        optimiser.step()

    return step


def prediction(layer, x):
    def run():
        with torch.no_grad():
            layer(x)

    return run


def seconds(work, least):
    """Seconds of one call, over as many as take `least` together: of one thread those that it ran."""
    clock = time.process_time if torch.get_num_threads() == elman.threads() == 1 else time.perf_counter
    count, start = 0, clock()
    while clock() - start < least or count == 0:
        work()
        count += 1
    return (clock() - start) / count


def compare(make):
    theirs, ours = make(nn), make(elman.torch)
    for work in (theirs, ours):
        work()
    rounds = [(seconds(theirs, 0.05), seconds(ours, 0.05)) for _ in range(7)]
    return statistics.median(a / b for a, b in rounds), statistics.median(b for _, b in rounds)


def layers():
    print(
        f"{'layer':<6}{'inputs, units, batch, timesteps':<34}{'training':>9}{'predicting':>12}{'ms a training step':>20}"
    )
    for kind in ("LSTM", "GRU", "RNN"):
        for inputs, units, batch, steps in SHAPES:
            x = torch.randn(steps, batch, inputs)

            def make(what):
                def of(module):
                    torch.manual_seed(0)
                    return what(getattr(module, kind)(inputs, units), x)

                return of

            (train, ours), (predict, _) = compare(make(training_step)), compare(make(prediction))
            print(
                f"{kind:<6}{f'{inputs}, {units}, {batch}, {steps}':<34}{train:>8.2f}x{predict:>11.2f}x{1e3 * ours:>20.3f}",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        torch.set_num_threads(int(sys.argv[1]))
        elman.set_threads(int(sys.argv[1]))
    layers()
