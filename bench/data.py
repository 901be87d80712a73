"""The data of anchors and whole jobs: made here, or taken out of a package. A file is made once and kept under target/."""

import math
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from processes import BENCH, TARGET

PLACE = TARGET / "anchors"
AIRLINE = BENCH.parent / "crates/elman/data/airline.csv"
PRESS = BENCH.parent / "docs/press.csv"
AEON = "aeon==1.4.0"

#: Values of Mackey and Glass's series; the last of them are for the test.
MACKEY_GLASS, MACKEY_GLASS_TEST = 8000, 4000
#: The King James text but for its last twentieth is learned from in so many streams, of each 1500 pieces of 128 characters.
KING_JAMES_STREAMS = 32
KING_JAMES_STREAM = 1500 * 128


class Missing(Exception):
    """What is needed and this machine lacks."""


def made(name: str, make: Callable[[Path], None]) -> Path:
    """A file of this name, made once."""
    PLACE.mkdir(parents=True, exist_ok=True)
    path = PLACE / name
    if not path.exists():
        unfinished = path.with_name("unfinished-" + name)
        make(unfinished)
        unfinished.rename(path)
    return path


def from_aeon(name: str) -> Path:
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


def adding(seed: int, train: int, test: int, lengths: tuple[int, int] = (200, 200)) -> tuple[Path, Path]:
    """The adding problem: numbers, of which two are marked, one in each half; their sum is to be told. Lengths are drawn from
    the first to the last."""
    shortest, longest = lengths

    def write(path: Path, rng: np.random.Generator, count: int) -> None:
        with path.open("w") as file:
            file.write("@problemName adding\n@timestamps false\n@univariate false\n@dimension 2\n")
            file.write(f"@equalLength {str(shortest == longest).lower()}\n@targetlabel true\n@data\n")
            for _ in range(count):
                length = int(rng.integers(shortest, longest + 1))
                values, markers = rng.random(length).round(6), np.zeros(length, int)
                markers[[rng.integers(length // 2), rng.integers(length // 2, length)]] = 1
                dimensions = [",".join(map(str, row)) for row in (values, markers)]
                file.write(":".join([*dimensions, f"{values @ markers:.6f}"]) + "\n")

    parts = (("train", train, 2 * seed), ("test", test, 2 * seed + 1))
    name = f"adding-{shortest}-{longest}-{seed}"
    files = [
        made(f"{name}-{part}-{count}.ts", lambda path, count=count, seed=seed: write(path, np.random.default_rng(seed), count))
        for part, count, seed in parts
    ]
    return files[0], files[1]


def verses() -> list[bytes]:
    """The King James text: 31,102 verses, each behind its place, as `Ge1:1`."""
    if shutil.which("bible") is None:
        raise Missing("the Debian package bible-kjv")
    read = ["bible", "-f", "gen1:1-rev22:21"]
    printed = subprocess.run(read, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    return [line for line in printed.splitlines() if b" " in line]


def king_james(train: int) -> Path:
    """The first so many characters of the verses without their places, and behind them the last twentieth of all."""

    def make(path: Path) -> None:
        text = b"\n".join(verse.split(b" ", 1)[1] for verse in verses())
        path.write_bytes(text[:train] + text[-len(text) // 20 :])

    return made(f"kjv-{train}.txt", make)


def king_james_streams() -> Path:
    """The verses with their places but for the last twentieth, cut into streams of which each goes on from its start where it is
    through, one behind the other; then that twentieth."""

    def make(path: Path) -> None:
        text = b"".join(verse + b"\n" for verse in verses())
        train, test = text[: len(text) * 19 // 20], text[len(text) * 19 // 20 :]
        length = len(train) // KING_JAMES_STREAMS
        streams = (train[n * length : (n + 1) * length] for n in range(KING_JAMES_STREAMS))
        path.write_bytes(b"".join((stream * 2)[:KING_JAMES_STREAM] for stream in streams) + test)

    return made("kjv-streams.txt", make)


def mackey_glass() -> Path:
    """Tau 17, by Euler's rule with steps of 0.1, sampled at 1; the first 1000 are left out."""

    def make(path: Path) -> None:
        steps, delay = 10, 170
        series = np.full(delay + steps * (1000 + MACKEY_GLASS) + 1, 1.2)
        for n in range(delay, len(series) - 1):
            late = series[n - delay]
            series[n + 1] = series[n] + 0.1 * (0.2 * late / (1.0 + late**10) - 0.1 * series[n])
        np.savetxt(path, series[delay::steps][1000 : 1000 + MACKEY_GLASS], header="x", comments="")

    return made("mackey-glass.csv", make)


def mackey_glass_windows(length: int, heard: int) -> Path:
    """All windows of so many values before the test, and of each value the next one, but of those that are only heard."""

    def make(path: Path) -> None:
        values = np.loadtxt(mackey_glass(), skiprows=1)[:-MACKEY_GLASS_TEST]
        with path.open("w") as file:
            file.write("window,x,next\n")
            for start in range(len(values) - length):
                for n in range(start, start + length):
                    following = f"{values[n + 1]:.9f}" if n >= start + heard else ""
                    file.write(f"{start},{values[n]:.9f},{following}\n")

    return made(f"mackey-glass-{length}-{heard}.csv", make)


def effect(rate: int, seconds: int) -> tuple[Path, Path]:
    """Plucked notes over noise, from soft to loud, and what the virtual analogue effect makes of them."""

    def notes() -> np.ndarray:
        rng = np.random.default_rng(0)
        time = np.arange(seconds * rate) / rate
        count = 2 * seconds
        pitch = 440.0 * 2.0 ** ((np.repeat(rng.integers(40, 77, count), rate // 2) - 69) / 12.0)
        decay = np.exp(-6.0 * (time % 0.5)) * np.repeat(rng.uniform(0.1, 1.0, count), rate // 2)
        phase = 2.0 * np.pi * np.cumsum(pitch) / rate
        return decay * (np.sin(phase) + 0.5 * np.sin(2.0 * phase)) / 1.5 + 0.05 * rng.standard_normal(len(time))

    def play(path: Path) -> None:
        x = read_wav(clean).astype(float)
        y, s, z = np.empty_like(x), 0.0, 0.0
        for n, sample in enumerate(x):
            s += 0.25 * (sample - s)
            u = math.tanh(3.0 * s + 0.6 * z)
            z = 0.995 * z + 0.005 * abs(u)
            y[n] = u - 0.3 * z
        write_wav(path, y, rate)

    clean = made(f"effect-{rate}-{seconds}-input.wav", lambda path: write_wav(path, notes(), rate))
    return clean, made(f"effect-{rate}-{seconds}-target.wav", play)


def write_wav(path: Path, samples: np.ndarray, rate: int) -> None:
    """As floating point numbers of 32 bits, one channel."""
    data = samples.astype("<f4").tobytes()
    sizes = (16, 3, 1, rate, 4 * rate, 4, 32)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", *sizes, b"data", len(data))
    path.write_bytes(head + data)


def read_wav(path: Path) -> np.ndarray:
    """The samples of a file that `write_wav` wrote."""
    return np.frombuffer(path.read_bytes()[44:], "<f4")
