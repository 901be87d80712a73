"""Scores that the program must reach, from data to figure by its command line alone, beside what PyTorch reached.

    python bench/anchors.py [--only TEXT] [--seeds N]

`cargo xtask anchors` makes the Python environment and calls this. Data are made here, or come out of a package (aeon's
wheel; Debian's bible-kjv, where it is installed). What PyTorch reached is the mean over three seeds and the worst of them, by
the same recipe; random numbers differ between programs, so a score is met if the mean over our seeds is no worse than
PyTorch's worst.
"""

import argparse
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BENCH = Path(__file__).parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", BENCH.parent / "target"))
ELMAN = Path(os.environ.get("ELMAN", TARGET / "release/elman"))
PLACE = TARGET / "anchors"
AEON = "aeon==1.4.0"


@dataclass(frozen=True)
class Anchor:
    """A score to meet."""

    name: str
    unit: str
    score: Callable[[int], float]
    #: PyTorch's mean, and the worst of its seeds.
    mean: float
    worst: float
    seeds: int = 3
    #: Is more better?
    higher: bool = False

    def is_met(self, ours: float) -> bool:
        return ours >= self.worst if self.higher else ours <= self.worst


class Missing(Exception):
    """What an anchor needs and this machine lacks."""


def elman(*arguments: object) -> list[dict]:
    """Runs the program; what it prints as JSON, an object a line."""
    command = [str(ELMAN), *map(str, arguments), "--json", "-q"]
    run = subprocess.run(command, cwd=PLACE, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{run.stderr}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def figure(lines: list[dict], name: str) -> float:
    """A figure of the test after training."""
    return lines[-1]["test"][name]


def made(name: str, make: Callable[[Path], None]) -> str:
    """A file of this name, made once."""
    path = PLACE / name
    if not path.exists():
        unfinished = path.with_name("unfinished-" + name)
        make(unfinished)
        unfinished.rename(path)
    return name


def from_aeon(name: str) -> str:
    """A data set out of the wheel, which is not installed: nothing else of it is needed."""

    def take(path: Path) -> None:
        wheels = PLACE / "wheels"
        if not list(wheels.glob("aeon-*.whl")):
            download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(wheels), AEON]
            subprocess.run(download, check=True)
        with zipfile.ZipFile(next(wheels.glob("aeon-*.whl"))) as wheel:
            inside = next(entry for entry in wheel.namelist() if entry.endswith("/" + name))
            path.write_bytes(wheel.read(inside))

    return made(name, take)


def airline(seed: int) -> float:
    recipe = "--horizon 6 --test 24 --season 12 --window 36 --transform log-difference --cell lstm --hidden-size 20"
    training = "--batch-size 16 --epochs 60 --optimiser adamw --learning-rate 0.01 --weight-decay 2 --clip 1"
    return figure(elman("train", *recipe.split(), *training.split(), "--seed", seed), "mape")


def classes(name: str, epochs: int) -> Callable[[int], float]:
    def score(seed: int) -> float:
        train, test = (from_aeon(f"{name}_{part}.ts") for part in ("TRAIN", "TEST"))
        recipe = f"--cell gru --hidden-size 64 --batch-size 16 --epochs {epochs} --learning-rate 0.003 --clip 1"
        whole = f"--validation 0 --search=false --test-data {test}"
        lines = elman("train", "classify", train, *recipe.split(), *whole.split(), "--seed", seed)
        return 100.0 * figure(lines, "accuracy")

    return score


def adding(seed: int) -> float:
    """750 batches of 32 sequences, each seen once."""

    def make(path: Path) -> None:
        rng = np.random.default_rng(seed)
        with path.open("w") as file:
            file.write("@problemName adding\n@timestamps false\n@univariate false\n@dimension 2\n@equalLength true\n")
            file.write("@seriesLength 200\n@targetlabel true\n@data\n")
            for _ in range(24_000 + 500):
                values, markers = rng.random(200).round(6), np.zeros(200, int)
                markers[[rng.integers(100), 100 + rng.integers(100)]] = 1
                dimensions = [",".join(map(str, row)) for row in (values, markers)]
                file.write(":".join([*dimensions, f"{values @ markers:.6f}"]) + "\n")

    data = made(f"adding-{seed}.ts", make)
    recipe = "--cell gru --hidden-size 64 --batch-size 32 --epochs 1 --learning-rate 0.005 --schedule constant --clip 1"
    lines = elman("train", "regress", data, *recipe.split(), "--validation", 0, "--test", 500 / 24_500, "--seed", seed)
    return figure(lines, "rmse") ** 2


def king_james(seed: int) -> float:
    """1500 pieces of 128 characters in 32 streams, twice through 3,072,000 characters; the last 5 % are the test."""

    def make(path: Path) -> None:
        if shutil.which("bible") is None:
            raise Missing("the Debian package bible-kjv")
        verses = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
        text = b"\n".join(line.split(b" ", 1)[1] for line in verses.splitlines() if b" " in line)
        path.write_bytes(text[:3_072_000] + text[-len(text) // 20 :])

    data = made("kjv.txt", make)
    share = 1.0 - 3_072_000 / (PLACE / data).stat().st_size
    recipe = "--cell lstm --hidden-size 128 --embedding-dim 0 --init torch --batch-size 32 --window 96000 --truncate 128"
    training = "--epochs 2 --optimiser adam --learning-rate 0.005 --schedule constant --clip 1 --validation 0"
    lines = elman("train", "text", data, *recipe.split(), *training.split(), "--test", share, "--seed", seed)
    return figure(lines, "bits_per_character")


def mackey_glass(_: int) -> np.ndarray:
    """Tau 17, by Euler's rule with steps of 0.1, sampled at 1; the first 1000 are left out."""
    steps, delay = 10, 170
    series = np.full(delay + steps * 9_001, 1.2)
    for n in range(delay, len(series) - 1):
        late = series[n - delay]
        series[n + 1] = series[n] + 0.1 * (0.2 * late / (1.0 + late**10) - 0.1 * series[n])
    return series[delay::steps][1000:9000]


def mackey_glass_ahead(seed: int) -> float:
    """The error of a free run, 84 steps after its start, over the test part's deviation; a hundred starts."""
    values = mackey_glass(seed)
    data = made("mackey-glass.csv", lambda path: np.savetxt(path, values, header="x", comments=""))
    recipe = "--horizon 84 --test 4000 --season 0 --window 128 --stride 1 --transform difference --cell lstm --hidden-size 32"
    # 3,872 windows: 121 batches of 32 an epoch, 605 steps in all.
    training = "--batch-size 32 --epochs 5 --optimiser adam --learning-rate 0.005 --clip 1 --burn-in 32"
    elman("train", data, *recipe.split(), *training.split(), "--seed", seed, "-o", "mg.elman", "--force")
    elman("backtest", "mg.elman", data, "-o", "mg.csv", "--force")
    lines = (PLACE / "mg.csv").read_text().splitlines()
    head = lines[0].split(",")
    step, forecast, actual = (next(n for n, name in enumerate(head) if name.endswith(end)) for end in ("step", "_forecast", "_actual"))
    rows = [line.split(",") for line in lines[1:]]
    errors = [float(row[forecast]) - float(row[actual]) for row in rows if row[step] == "84" and row[actual]]
    chosen = np.array(errors)[np.linspace(0, len(errors) - 1, 100).astype(int)]
    return float(np.sqrt(np.mean(chosen**2)) / values[4000:].std())


def effect(seed: int) -> float:
    """Forty seconds of training and ten of test at 16 kHz, in two recordings each."""
    rate = 16_000

    def play(x: np.ndarray) -> np.ndarray:
        y, s, z = np.empty_like(x), 0.0, 0.0
        for n, sample in enumerate(x):
            s += 0.25 * (sample - s)
            u = math.tanh(3.0 * s + 0.6 * z)
            z = 0.995 * z + 0.005 * abs(u)
            y[n] = u - 0.3 * z
        return y

    def write(path: Path, samples: np.ndarray) -> None:
        data = samples.astype("<f4").tobytes()
        head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 3, 1, rate, 4 * rate, 4, 32, b"data", len(data))
        path.write_bytes(head + data)

    rng = np.random.default_rng(0)
    time = np.arange(50 * rate) / rate
    # Plucked notes over noise, from soft to loud.
    notes = np.repeat(rng.integers(40, 77, 100), rate // 2)
    decay = np.exp(-6.0 * (time % 0.5)) * np.repeat(rng.uniform(0.1, 1.0, 100), rate // 2)
    pitch = 440.0 * 2.0 ** ((notes - 69) / 12.0)
    phase = 2.0 * np.pi * np.cumsum(pitch) / rate
    x = decay * (np.sin(phase) + 0.5 * np.sin(2.0 * phase)) / 1.5 + 0.05 * rng.standard_normal(len(time))
    clean = made("effect-input.wav", lambda path: write(path, x))
    dirty = made("effect-target.wav", lambda path: write(path, play(x.astype(np.float32).astype(float))))
    recipe = "--hidden-size 16 --batch-size 32 --learning-rate 0.01 --clip 1 --burn-in 256 --truncate 512"
    lines = elman("train", "label", "--audio", clean, dirty, "--latency", 0, *recipe.split(), "--seed", seed)
    return figure(lines, "esr")


ANCHORS = [
    Anchor("airline passengers, 6 months ahead", "MAPE %", airline, 3.03, 3.34, seeds=10),
    Anchor("JapaneseVowels", "accuracy %", classes("JapaneseVowels", 100), 97.48, 96.49, higher=True),
    Anchor("BasicMotions", "accuracy %", classes("BasicMotions", 60), 99.17, 97.5, higher=True),
    Anchor("adding problem of 200 steps, 750 updates", "MSE", adding, 0.01, 0.01),
    Anchor("King James Bible", "bits per character", king_james, 2.266, 2.300),
    Anchor("Mackey-Glass, 84 steps ahead", "NRMSE", mackey_glass_ahead, 0.073, 0.074),
    Anchor("virtual analogue effect", "ESR", effect, 0.00307, 0.00345),
]


def rows(only: str, seeds: int | None) -> Iterator[list[str]]:
    yield ["", "unit", "elman", "lowest", "highest", "PyTorch", "its worst", ""]
    for anchor in ANCHORS:
        if only.lower() not in anchor.name.lower():
            continue
        try:
            scores = np.array([anchor.score(seed) for seed in range(seeds or anchor.seeds)])
        except Missing as missing:
            yield [anchor.name, anchor.unit, f"needs {missing}"]
            continue
        mean = float(scores.mean())
        figures = [mean, scores.min(), scores.max(), anchor.mean, anchor.worst]
        yield [anchor.name, anchor.unit, *(f"{value:.4g}" for value in figures), "met" if anchor.is_met(mean) else "missed"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="anchors with this in their names")
    parser.add_argument("--seeds", type=int, help="so many, instead of three (ten of the airline passengers)")
    arguments = parser.parse_args()
    PLACE.mkdir(parents=True, exist_ok=True)
    for row in rows(arguments.only, arguments.seeds):
        name, unit, *figures = row
        print(f"{name:42} {unit:18} " + "".join(f"{text:>10}" for text in figures), flush=True)


if __name__ == "__main__":
    main()
