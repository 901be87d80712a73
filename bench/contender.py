"""What the contenders written in Python share: the protocol, the data and the timing.

A contender is a process that serves: it reads one command per line and answers each with one line of
JSON. `harness/` is the same for those written in Rust.
"""

import json
import sys
import time
from dataclasses import dataclass

import numpy as np

GATES = {"elman": 1, "gru": 3, "lstm": 4}
TENSORS = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "head_weight", "head_bias"]

# The rate of the steps that prove equal work.
PROOF_RATE = 0.01
# The rate of the steps that are measured, so small that the weights stay where they are: the
# millionth step is the same work as the first.
MEASURED_RATE = 1e-8

# Steps before the clock starts run at least this long.
WARM_UP_SECONDS = 0.02


class LeftOut(Exception):
    """The reason why a library takes no part at a point."""


@dataclass(frozen=True)
class Point:
    """I, H, B, T as everywhere; `kind` is train, stream, sequence or notebook."""

    kind: str
    cell: str
    input_size: int
    hidden_size: int
    batch_size: int
    seq_len: int
    num_layers: int
    threads: int

    def shapes(self) -> list[tuple[int, ...]]:
        """Of the parameters of one layer and head, in PyTorch's order."""
        h, rows = self.hidden_size, GATES[self.cell] * self.hidden_size
        return [(rows, self.input_size), (rows, h), (rows,), (rows,), (1, h), (1,)]


class Stream:
    """The generator s = 1664525 s + 1013904223 mod 2^32, many draws at once."""

    def __init__(self):
        self.state = np.uint32(1)

    def draw(self, shape: tuple[int, ...], scale: float) -> np.ndarray:
        """The upper 24 bits of each state, uniform in [-scale, scale)."""
        powers = np.cumprod(np.full(int(np.prod(shape)), 1664525, np.uint32), dtype=np.uint32)
        sums = np.cumsum(np.concatenate([[1], powers[:-1]]), dtype=np.uint32)
        states = powers * self.state + sums * np.uint32(1013904223)
        self.state = states[-1]
        unit = (states >> np.uint32(8)) / float(1 << 23) - 1.0
        return (unit * scale).astype(np.float32).reshape(shape)


def draw(point: Point) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The parameters by name, uniform in ±1/sqrt(H); x [T, B, I] and y [B, 1], in ±1."""
    stream = Stream()
    scale = 1.0 / float(np.sqrt(float(point.hidden_size)))
    named = zip(TENSORS, point.shapes(), strict=True)
    parameters = {name: stream.draw(shape, scale) for name, shape in named}
    x = stream.draw((point.seq_len, point.batch_size, point.input_size), 1.0)
    y = stream.draw((point.batch_size, 1), 1.0)
    return parameters, x, y


class Work:
    """What a contender does at a point."""

    def prove(self) -> list[float]:
        """Runs a few steps; the numbers that come of them prove that it does the same work as others."""
        raise NotImplementedError

    def run(self, steps: int) -> None:
        """The steps that are timed, finished when this returns."""
        raise NotImplementedError


def training_proof(train, parameters) -> list[float]:
    """The losses of two steps, and how far each tensor has moved then.

    `train(rate)` does a step and gives its loss, `parameters()` the tensors as arrays of their own.
    """
    before = parameters()
    losses = [train(PROOF_RATE), train(PROOF_RATE)]
    pairs = zip(before, parameters(), strict=True)
    moved = [np.linalg.norm(b.astype(float) - a.astype(float)) for a, b in pairs]
    return [float(number) for number in losses + moved]


def serve(settings: dict[str, str], prepare) -> None:
    """Answers commands until the input ends. `prepare(point)` gives Work or raises LeftOut."""
    # Libraries write to standard output as they like; the answers keep theirs.
    answers, sys.stdout = sys.stdout, sys.stderr
    work = None
    for line in sys.stdin:
        request = json.loads(line)
        command = request.pop("command")
        if command == "describe":
            answer = settings
        elif command == "prepare":
            # The last point's memory goes before the next one's comes.
            work = None
            try:
                work = prepare(Point(**request))
                answer = {"proof": work.prove(), "seconds": time_of(work, 1)}
            except LeftOut as reason:
                answer = {"left_out": str(reason)}
        else:
            answer = {"seconds": _measure(work, **request)}
        print(json.dumps(answer), file=answers, flush=True)


def _measure(work: Work, seconds: float, min_steps: int) -> float:
    """The mean time of a step over about so many seconds, after a warm-up of at least a step."""
    steps = 1
    while (per_step := time_of(work, steps)) * steps < WARM_UP_SECONDS:
        steps *= 2
    return time_of(work, max(min_steps, int(seconds / per_step)))


def time_of(work: Work, steps: int) -> float:
    """The mean time of one of so many steps."""
    start = time.perf_counter()
    work.run(steps)
    return (time.perf_counter() - start) / steps
