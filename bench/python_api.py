"""What Python adds to the engine: to a step of a stream, and to a training beside that of the program.

    python bench/python_api.py [ROUNDS]

needs NumPy, the package elman, and the program; `cargo xtask dist` leaves both, built for release, in target/dist and prints
what they weigh. One thread each. A training is `fit` of a file and `elman train` of the same file with the same options, in
turns; that both end with the same parameters is checked. The program's time is from its start to its end, with its model
written; medians of the processors' time, which other work on the machine disturbs least, and of the clock's.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

import data
import elman
from figures import duration
from processes import ELMAN, run

ROUNDS = 5
STEPS = 100_000
MOTORS = data.BENCH.parent / "docs/motors.csv"

#: A task, its estimator, its file and the options of both.
JOBS = [
    ("forecast", elman.Forecaster, data.AIRLINE, {"horizon": 6, "test": 24, "hidden_size": 20, "epochs": 200}),
    (
        "classify",
        elman.SequenceClassifier,
        MOTORS,
        {
            "id": "motor",
            "time": "second",
            "target": "state",
            "features": "current,vibration",
            "search": False,
            "pooling": "max",
            "hidden_size": 32,
            "epochs": 60,
        },
    ),
    (
        "regress",
        elman.SequenceRegressor,
        MOTORS,
        {"id": "motor", "time": "second", "target": "load", "features": "current", "hidden_size": 32, "epochs": 60},
    ),
]


def steps() -> None:
    """A step of 16 units, and one of a single weight, nearly all of which is the way there and back."""
    for what, blocks in [
        ("an LSTM of 16 units and a dense block", [elman.LSTM(16), elman.Dense(1)]),
        ("a dense block of one weight, nearly all of it the way there and back", [elman.Dense(1, bias=False)]),
    ]:
        stream = elman.Network(blocks, input_size=1).stream()
        x, out = np.ones(1, np.float32), np.zeros(1, np.float32)
        calls: dict[str, Callable[[], object]] = {
            "step(x)": lambda: stream.step(x),
            "step(x, out)": lambda: stream.step(x, out),
            "step_scalar(x)": lambda: stream.step_scalar(1.0),
        }
        nothing = seconds_of(lambda: None)
        took = (f"{name} {duration(max(seconds_of(call) - nothing, 0.0))}" for name, call in calls.items())
        print(f"a step of {what}: {', '.join(took)}", flush=True)


def seconds_of(call: Callable[[], object]) -> float:
    """The least seconds of a call over five loops."""

    def loop() -> float:
        start = time.perf_counter()
        for _ in range(STEPS):
            call()
        return (time.perf_counter() - start) / STEPS

    return min(loop() for _ in range(5))


def fitted(kind, file, options: dict[str, object]) -> tuple[object, float, float]:
    """An estimator, and its seconds of the clock and of the processors."""
    estimator = kind(verbose=0, **options)
    start = time.perf_counter(), time.process_time()
    estimator.fit(file)
    return estimator, time.perf_counter() - start[0], time.process_time() - start[1]


def flag(name: str, value: object) -> str:
    return f"--{name.replace('_', '-')}={str(value).lower() if isinstance(value, bool) else value}"


def training(task: str, kind, file, options: dict[str, object], rounds: int) -> None:
    """Both in turns."""
    model = data.PLACE / "python.elman"
    train = [ELMAN, "train", task, file, *(flag(*option) for option in options.items())]
    train += ["-o", model, "--force", "-q", "--threads", 1]
    fitted(kind, file, {**options, "epochs": 1})
    found = []
    for _ in range(rounds):
        estimator, seconds, processor_seconds = fitted(kind, file, options)
        ended = run(train, data.PLACE, 1)
        theirs = elman.load(model).network().parameters
        if not np.array_equal(estimator.network().parameters, theirs):
            sys.exit(f"error: {task}: fit and the program have learned other parameters")
        found.append((seconds, ended.seconds, processor_seconds, ended.processor_seconds))
    ours, programs, of_ours, of_programs = (statistics.median(times) for times in zip(*found, strict=True))
    ratio = statistics.median(a / b for _, _, a, b in found)
    print(
        f"{task}: fit {duration(of_ours)} of the processors, the program {duration(of_programs)}, ratio {ratio:.3f} "
        f"(by the clock {duration(ours)} and {duration(programs)})",
        flush=True,
    )


if __name__ == "__main__":
    elman.set_threads(1)
    data.PLACE.mkdir(parents=True, exist_ok=True)
    steps()
    for job in JOBS:
        training(*job, rounds=int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
