"""Scores that the program must reach, from data to figure by its command line alone, beside what PyTorch reached.

    python bench/anchors.py [--peers] [--only TEXT] [--seeds N]

`cargo xtask anchors` makes the Python environment and calls this. Data are made here, or come out of a package (aeon's
wheel; Debian's bible-kjv, where it is installed). What PyTorch reached is the mean over three seeds and the worst of them, by
the same recipe; random numbers differ between programs, so a score is met if the mean over our seeds is no worse than
PyTorch's worst. With `--peers` the recipe is trained in PyTorch as well, on the same files and seeds in turn (`twins/`), and its
scores in this run stand beside; that needs PyTorch. When all of them have been measured with `--peers`, in one run or part by
part, they are the section "Scores" of RESULTS.md.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import data
import numpy as np
import sections
from processes import BENCH, ELMAN, TWINS, run

#: What was measured so far, for the section of RESULTS.md.
MEASURED = data.PLACE / "scores.json"


@dataclass(frozen=True)
class Anchor:
    """A score to meet."""

    name: str
    unit: str
    score: Callable[[int], float]
    #: The twin's script, its files and options; the notebook has none.
    twin: Callable[[int], list[object]] | None
    #: PyTorch's mean, if it has one, and the worst of its seeds.
    mean: float | None
    worst: float
    seeds: int = 3
    #: Is more better?
    higher: bool = False


@dataclass
class Scores:
    """What was reached of an anchor, a score for each seed."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    date: str = field(default_factory=lambda: sections.measured()["date"])

    def cells(self, anchor: Anchor) -> list[str]:
        """As they are printed, before what they are to meet and whether they do."""
        mean = float(np.mean(self.ours))
        met = mean >= anchor.worst if anchor.higher else mean <= anchor.worst
        known = ["-" if bound is None else f"{bound:.4g}" for bound in (anchor.mean, anchor.worst)]
        return [spread(self.ours), spread(self.theirs), *known, "met" if met else "missed"]


def spread(scores: list[float]) -> str:
    """The mean, and the least and the most of several."""
    if not scores:
        return "-"
    mean = f"{np.mean(scores):.4g}"
    return mean if len(scores) == 1 else f"{mean} [{min(scores):.4g}-{max(scores):.4g}]"


def elman(*arguments: object) -> list[dict]:
    """Runs the program; what it prints as JSON, an object a line."""
    command = [str(ELMAN), *map(str, arguments), "--json", "-q"]
    ended = subprocess.run(command, cwd=data.PLACE, capture_output=True, text=True)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{ended.stderr}")
    return [json.loads(line) for line in ended.stdout.splitlines()]


def figure(lines: list[dict], name: str) -> float:
    """A figure of the test after training."""
    return lines[-1]["test"][name]


def airline(seed: int) -> float:
    recipe = "--horizon 6 --test 24 --season 12 --window 36 --transform log-difference --cell lstm --hidden-size 20"
    training = "--batch-size 16 --epochs 60 --optimiser adamw --learning-rate 0.01 --weight-decay 2 --clip 1"
    return figure(elman("train", *recipe.split(), *training.split(), "--seed", seed), "mape")


def airline_twin(_: int) -> list[object]:
    return ["airline.py", data.AIRLINE]


def archive(name: str) -> list[Path]:
    """The two parts of a data set of the time series archive."""
    return [data.from_aeon(f"{name}_{part}.ts") for part in ("TRAIN", "TEST")]


def classes(name: str, epochs: int) -> Callable[[int], float]:
    def score(seed: int) -> float:
        train, test = archive(name)
        recipe = f"--cell gru --hidden-size 64 --batch-size 16 --epochs {epochs} --learning-rate 0.003 --clip 1"
        whole = f"--validation 0 --search=false --test-data {test}"
        lines = elman("train", "classify", train, *recipe.split(), *whole.split(), "--seed", seed)
        return 100.0 * figure(lines, "accuracy")

    return score


def classes_twin(name: str, epochs: int) -> Callable[[int], list[object]]:
    return lambda _: ["sequences.py", *archive(name), "--epochs", epochs]


def adding(seed: int) -> float:
    """750 batches of 32 sequences, each seen once."""
    train, test = data.adding(seed, 24_000, 500)
    recipe = "--cell gru --hidden-size 64 --batch-size 32 --epochs 1 --learning-rate 0.005 --schedule constant --clip 1"
    lines = elman("train", "regress", train, *recipe.split(), "--validation", 0, "--test-data", test, "--seed", seed)
    return figure(lines, "rmse") ** 2


def adding_twin(seed: int) -> list[object]:
    return ["sequences.py", *data.adding(seed, 24_000, 500), "--batch-size", 32, "--rate", 0.005, "--constant", 1]


def king_james(seed: int) -> float:
    """1500 pieces of 128 characters in 32 streams, one and a half times through the text; its last 5 % are the test."""
    text = data.king_james_streams()
    share = 1.0 - data.KING_JAMES_STREAMS * data.KING_JAMES_STREAM / text.stat().st_size
    recipe = f"--cell lstm --hidden-size 128 --embedding-dim 0 --init torch --batch-size 32 --window {data.KING_JAMES_STREAM}"
    training = "--truncate 128 --epochs 1 --optimiser adam --learning-rate 0.005 --schedule constant --clip 1 --validation 0"
    lines = elman("train", "text", text, *recipe.split(), *training.split(), "--test", share, "--seed", seed)
    return figure(lines, "bits_per_character")


def king_james_twin(_: int) -> list[object]:
    return ["text.py", data.king_james_streams(), "--train", data.KING_JAMES_STREAMS * data.KING_JAMES_STREAM]


def mackey_glass(seed: int, *options: object) -> float:
    """The error of a free run, 84 steps after its start, over the spread of the test part; a hundred starts, before each of which
    the network hears 200 values."""
    ahead, heard = 84, 200
    windows = data.mackey_glass_windows(128, 32)
    columns = "--id window --features x --target next --skip 1 --truncate 0 --test 0 --validation 0"
    # 3,872 windows: 121 batches of 32 an epoch, 605 steps in all.
    recipe = "--cell lstm --hidden-size 32 --batch-size 32 --epochs 5 --learning-rate 0.005 --clip 1"
    chosen = [*columns.split(), *recipe.split(), *options]
    elman("train", "label", windows, *chosen, "--seed", seed, "-o", "mg.elman", "--force")
    test = np.loadtxt(data.mackey_glass(), skiprows=1)[-data.MACKEY_GLASS_TEST :]
    starts = np.linspace(heard, len(test) - ahead, 100).astype(int)
    told = free_runs([test[start - heard : start] for start in starts], ahead)
    errors = told - test[starts + ahead - 1]
    return float(np.sqrt(np.mean(np.square(errors))) / test.std())


def free_runs(heard: list[np.ndarray], ahead: int) -> np.ndarray:
    """What the model says of values so many steps ahead when it is fed its own answers after what it heard. All runs go on side by
    side, so that none waits for the answers of another."""
    command = [str(ELMAN), "stream", "mg.elman", "-q"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    streams = [subprocess.Popen(command, cwd=data.PLACE, text=True, **pipes) for _ in heard]

    def ask(stream: subprocess.Popen, text: str) -> None:
        stream.stdin.write(text)
        stream.stdin.flush()

    for stream, values in zip(streams, heard, strict=True):
        ask(stream, "\n".join(["x", *map(str, values)]) + "\n")
    # Each row is answered, and so is the line of names.
    answers = [[stream.stdout.readline() for _ in range(len(values) + 1)][-1] for stream, values in zip(streams, heard)]
    for _ in range(ahead - 1):
        for stream, answer in zip(streams, answers):
            ask(stream, answer)
        answers = [stream.stdout.readline() for stream in streams]
    for stream in streams:
        stream.communicate()
    return np.array([float(answer) for answer in answers])


def mackey_glass_twin(_: int, *options: object) -> list[object]:
    return ["mackey_glass.py", data.mackey_glass(), "--steps", 605, *options]


# Adam's mean of squares has a memory of a thousand steps by default, and a run has 605.
SHORTER = ("--beta2", 0.95)


def mackey_glass_shorter(seed: int) -> float:
    return mackey_glass(seed, *SHORTER)


def mackey_glass_shorter_twin(seed: int) -> list[object]:
    return mackey_glass_twin(seed, *SHORTER)


def effect(seed: int) -> float:
    """Forty seconds of training and ten of test at 16 kHz. 15 passes in 39 pieces of 512 samples: 585 updates."""
    clean, dirty = data.effect(16_000, 50)
    recipe = "--hidden-size 16 --batch-size 32 --streams 32 --burn-in 256 --truncate 512 --epochs 15"
    training = "--learning-rate 0.01 --clip 1 --validation 0 --latency 0"
    lines = elman("train", "label", "--audio", clean, dirty, *recipe.split(), *training.split(), "--seed", seed)
    return figure(lines, "esr")


def effect_twin(_: int) -> list[object]:
    return ["effect.py", *data.effect(16_000, 50)]


def notebook(seed: int) -> float:
    """The largest difference of its ten losses from those of the notebook's own lines, run now."""
    sys.path.append(str(BENCH.parent / "reference"))
    import notebook as source

    losses = [line["loss"] for line in elman("notebook", "--seed", seed)]
    return float(np.max(np.abs(np.subtract(losses, source.train(seed)["loss"]))))


JAPANESE, MOTIONS = ("JapaneseVowels", 100), ("BasicMotions", 60)
ANCHORS = [
    Anchor("airline passengers, 6 months ahead", "MAPE %", airline, airline_twin, 3.03, 3.34, seeds=10),
    Anchor("JapaneseVowels", "accuracy %", classes(*JAPANESE), classes_twin(*JAPANESE), 97.48, 96.49, higher=True),
    Anchor("BasicMotions", "accuracy %", classes(*MOTIONS), classes_twin(*MOTIONS), 99.17, 97.5, higher=True),
    Anchor("adding problem of 200 steps, 750 updates", "MSE", adding, adding_twin, None, 0.01),
    Anchor("King James Bible", "bits per character", king_james, king_james_twin, 2.266, 2.300),
    Anchor("Mackey-Glass, 84 steps ahead", "NRMSE", mackey_glass, mackey_glass_twin, 0.073, 0.074, seeds=10),
    Anchor(
        "Mackey-Glass, beta2 of Adam 0.95", "NRMSE", mackey_glass_shorter, mackey_glass_shorter_twin, 0.073, 0.074, seeds=10
    ),
    Anchor("virtual analogue effect", "ESR", effect, effect_twin, 0.00307, 0.00345),
    Anchor("the notebook's ten losses", "difference", notebook, None, None, 1e-15, seeds=1),
]


def twin(words: list[object], seed: int) -> float:
    """The score of a twin, which is trained now."""
    script, *rest = words
    ended = run([sys.executable, TWINS / str(script), *rest, "--seed", seed], data.PLACE, threads=1)
    return ended.objects()[-1]["score"]


def measure(anchor: Anchor, seeds: int, peers: bool) -> Scores:
    scores = Scores()
    for seed in range(seeds):
        scores.ours.append(anchor.score(seed))
        if peers and anchor.twin:
            scores.theirs.append(twin(anchor.twin(seed), seed))
    return scores


COLUMNS = ["", "unit", "elman", "PyTorch now", "PyTorch", "its worst", ""]

INTRODUCTION = """\
Made by `cargo xtask anchors --peers`: `elman train` with a known recipe on known data, and the same recipe in PyTorch
(`bench/twins/`), both with seeds from 0 in turn: means, least and most in brackets. Beside them what PyTorch reached with three
seeds when the recipes were written down, twenty of the airline passengers, and the worst of those: a score is met if Elman's mean
is no worse. PyTorch has one thread. The notebook's losses stand beside those of its own lines in NumPy.
"""

BY_HAND = """\
With the recipe of Mackey-Glass's series the error of a free run is a matter of luck: ten seeds spread alike in both programs, and
the three that were written down lie close together by chance. Adam's mean of squared gradients remembers a thousand updates
by default, more than the run has; with `--beta2 0.95` the same number of updates brings less error than was to be met.
"""


def section(kept: dict[str, Scores]) -> list[str]:
    """The part of RESULTS.md."""
    rows = [[anchor.name, anchor.unit, *kept[anchor.name].cells(anchor)] for anchor in ANCHORS]
    dates = " and ".join(sorted({scores.date for scores in kept.values()}))
    table = sections.table(COLUMNS, rows, texts=2)
    return [f"Measured on {dates}: {sections.machine()}.", "", INTRODUCTION, *table, "", BY_HAND]


def keep(anchor: Anchor, scores: Scores) -> None:
    """Keeps what was measured; once all anchors are, RESULTS.md shows them."""
    kept = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    kept[anchor.name] = asdict(scores)
    MEASURED.write_text(json.dumps(kept, indent=1))
    if all(anchor.name in kept for anchor in ANCHORS):
        sections.replace("Scores", section({name: Scores(**scores) for name, scores in kept.items()}))


def show(cells: list[str]) -> None:
    name, unit, ours, theirs, *known = cells
    print(f"{name:42} {unit:18} {ours:>28} {theirs:>28}" + "".join(f"{text:>10}" for text in known), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="train the recipes in PyTorch as well")
    parser.add_argument("--only", default="", help="anchors with this in their names")
    parser.add_argument("--seeds", type=int, help="so many, instead of three (or ten); printed only")
    options = parser.parse_args()
    data.PLACE.mkdir(parents=True, exist_ok=True)
    show(COLUMNS)
    for anchor in ANCHORS:
        if options.only.lower() not in anchor.name.lower():
            continue
        try:
            scores = measure(anchor, options.seeds or anchor.seeds, options.peers)
        except data.Missing as missing:
            print(f"{anchor.name:42} {anchor.unit:18} needs {missing}", flush=True)
            continue
        show([anchor.name, anchor.unit, *scores.cells(anchor)])
        if options.peers and options.seeds is None:
            keep(anchor, scores)


if __name__ == "__main__":
    main()
