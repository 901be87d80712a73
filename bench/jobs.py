"""Whole jobs, which is what people wait for: from the files to the score, in the program and in PyTorch as its users write it.

    python bench/jobs.py [--quick] [--only TEXT]

One job a task; each is run some times by both in turn, on one thread each. `cargo xtask bench --jobs` calls this and `sound.py`.
The raw results of a full run go to target/bench/jobs.json, and its table to RESULTS.md.
"""

import argparse
import csv
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import data
import sections
from figures import duration, three_figures
from processes import ELMAN, TARGET, TWINS, Ended, run

THREADS = 1
ROUNDS = 3
# A job whose twin has taken so long is not begun again.
CAP_SECONDS = 20.0


@dataclass(frozen=True)
class Job:
    """A task, its data, and the two programs that do it."""

    task: str
    what: str
    unit: str
    #: The arguments of `elman train`, and how its score is found in what it prints.
    program: Callable[[], list[object]]
    score: Callable[[dict], float]
    #: The twin's script, its files and options.
    twin: Callable[[], list[object]]


def forecast() -> list[object]:
    recipe = "--horizon 6 --test 24 --season 12 --window 36 --transform log-difference --hidden-size 20 --batch-size 16"
    return ["forecast", data.AIRLINE, *recipe.split(), "--epochs", 60, "--weight-decay", 2]


def vowels() -> list[Path]:
    return [data.from_aeon(f"JapaneseVowels_{part}.ts") for part in ("TRAIN", "TEST")]


def classify() -> list[object]:
    train, test = vowels()
    recipe = "--validation 0 --search=false --hidden-size 64 --epochs 100"
    return ["classify", train, "--test-data", test, *recipe.split()]


def sums() -> tuple[Path, Path]:
    return data.adding(0, 3_200, 400, lengths=(20, 60))


def regress() -> list[object]:
    train, test = sums()
    recipe = "--validation 0 --hidden-size 64 --batch-size 32 --epochs 2 --learning-rate 0.005 --schedule constant"
    return ["regress", train, "--test-data", test, *recipe.split()]


def press(part: slice, name: str) -> Path:
    """Some runs of docs/press.csv."""

    def make(path: Path) -> None:
        with data.PRESS.open() as file:
            rows = list(csv.DictReader(file))
        runs = list(dict.fromkeys(row["run"] for row in rows))[part]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row for row in rows if row["run"] in runs)

    return data.made(name, make)


def presses() -> tuple[Path, Path]:
    return press(slice(10), "press-train.csv"), press(slice(10, None), "press-test.csv")


def label() -> list[object]:
    train, test = presses()
    columns = "--id run --time clock --target temperature --features load,speed"
    recipe = "--validation 0 --streams 1 --hidden-size 16 --epochs 60 --learning-rate 0.01"
    return ["label", train, "--test-data", test, *columns.split(), *recipe.split()]


def sound() -> list[object]:
    recipe = "--latency 0 --validation 0 --hidden-size 16 --batch-size 32 --streams 32 --epochs 5"
    return ["label", "--audio", *data.effect(16_000, 50), *recipe.split()]


# A hundred pieces of 128 characters in 32 streams.
CHARACTERS = 409_600


def text() -> list[object]:
    file = data.king_james(CHARACTERS)
    share = 1.0 - CHARACTERS / file.stat().st_size
    recipe = "--hidden-size 128 --embedding-dim 0 --window 12800 --truncate 128 --epochs 1 --schedule constant --validation 0"
    return ["text", file, "--test", share, *recipe.split()]


JOBS = [
    Job(
        "forecast",
        "144 monthly airline passengers, an LSTM of 20 units, 60 epochs; MAPE of 19 forecasts of 6 months",
        "MAPE %",
        forecast,
        lambda test: test["mape"],
        lambda: ["airline.py", data.AIRLINE],
    ),
    Job(
        "classify",
        "JapaneseVowels, 270 and 370 sequences of 7 to 29 steps, a GRU of 64 units, 100 epochs",
        "accuracy %",
        classify,
        lambda test: 100.0 * test["accuracy"],
        lambda: ["sequences.py", *vowels(), "--epochs", 100],
    ),
    Job(
        "regress",
        "the adding problem, 3,200 and 400 sequences of 20 to 60 steps, a GRU of 64 units, 2 epochs",
        "MSE",
        regress,
        lambda test: test["rmse"] ** 2,
        lambda: ["sequences.py", *sums(), "--epochs", 2, "--batch-size", 32, "--rate", 0.005, "--constant", 1],
    ),
    Job(
        "label",
        "docs/press.csv, ten and two runs of 240 rows, a fifth of them labelled, a GRU of 16 units, 60 epochs",
        "RMSE",
        label,
        lambda test: test["rmse"],
        lambda: ["label.py", *presses()],
    ),
    Job(
        "sound",
        "50 s of the virtual analogue effect at 16 kHz, an LSTM of 16 units, 195 and 200 updates on 32 times 512 samples",
        "ESR",
        sound,
        lambda test: test["esr"],
        lambda: ["effect.py", *data.effect(16_000, 50), "--steps", 200],
    ),
    Job(
        "text",
        "409,600 characters of the King James Bible and 220,000 to test on, an LSTM of 128 units, 100 updates",
        "bits per character",
        text,
        lambda test: test["bits_per_character"],
        lambda: ["text.py", data.king_james(CHARACTERS), "--train", CHARACTERS, "--steps", 100],
    ),
]


def measure(job: Job, rounds: int) -> dict:
    """Both in turn, round by round."""
    train = [ELMAN, "train", *job.program(), "-o", data.PLACE / "job.elman", "--force", "--json", "-q", "--threads", THREADS]
    script, *rest = job.twin()
    twin = [sys.executable, TWINS / str(script), *rest, "--threads", THREADS]
    found: dict[str, list[dict]] = {"elman": [], "pytorch": []}
    for n in range(rounds):
        if sum(each["seconds"] for each in found["pytorch"]) > CAP_SECONDS:
            break
        ended = run([*train, "--seed", n], data.PLACE, THREADS)
        found["elman"].append(round_of(ended, job.score(ended.objects()[-1]["test"])))
        ended = run([*twin, "--seed", n], data.PLACE, THREADS)
        found["pytorch"].append(round_of(ended, ended.objects()[-1]["score"]))
    return {"task": job.task, "what": job.what, "unit": job.unit, "rounds": found}


def round_of(ended: Ended, score: float) -> dict:
    return {
        "seconds": ended.seconds,
        "processor_seconds": ended.processor_seconds,
        "peak_bytes": ended.peak_bytes,
        "score": score,
    }


def median(result: dict, name: str, key: str) -> float:
    return statistics.median(each[key] for each in result["rounds"][name])


def ratio(result: dict, key: str) -> float:
    """What PyTorch takes over what Elman takes."""
    return median(result, "pytorch", key) / median(result, "elman", key)


def line(result: dict) -> str:
    """As it is printed."""
    cells = [f"{result['task']:10}"]
    for name in ("elman", "pytorch"):
        times = (duration(median(result, name, key)) for key in ("seconds", "processor_seconds"))
        memory = f"{median(result, name, 'peak_bytes') / 1e6:.0f} MB"
        cells.append(f"{name} {', '.join([*times, memory])}, {result['unit']} {median(result, name, 'score'):.4g}")
    cells.append("x" + three_figures(ratio(result, "seconds")))
    cells.append(f"(processor x{three_figures(ratio(result, 'processor_seconds'))})")
    return "  ".join(cells)


INTRODUCTION = """\
From the files to the score of the test, starting the program and PyTorch included, on one thread each: `elman train` and the same
recipe as users of PyTorch write it (`bench/twins/`), with packed sequences where lengths differ. Both in turn, up to {rounds}
rounds with a seed each; medians. Where the machine has other work the ratio of processor time is the one to look at. Memory is the
most that the process had.
"""


def section(results: dict) -> list[str]:
    """The part of RESULTS.md."""
    rows = []
    for result in results["jobs"]:
        row = [result["task"], result["what"]]
        row += [duration(median(result, name, "seconds")) for name in ("elman", "pytorch")]
        row.append(f"**{three_figures(ratio(result, 'seconds'))}**")
        row.append(three_figures(ratio(result, "processor_seconds")))
        row += [f"{median(result, name, 'peak_bytes') / 1e6:.0f} MB" for name in ("elman", "pytorch")]
        row += [result["unit"], *(f"{median(result, name, 'score'):.4g}" for name in ("elman", "pytorch"))]
        rows.append(row)
    columns = ["task", "job", "elman", "PyTorch", "ratio", "of processor time", "memory", "PyTorch", "score", "elman", "PyTorch"]
    left = [f"Left out: {reason}.\n"] if (reason := "; ".join(results["left_out"])) else []
    measured = f"Measured on {results['date']}: {results['machine']}."
    return [measured, "", INTRODUCTION.format(rounds=ROUNDS), *sections.table(columns, rows, texts=2), "", *left]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round each, printed only")
    parser.add_argument("--only", default="", metavar="TEXT", help="the tasks with this in their names, printed only")
    options = parser.parse_args()
    data.PLACE.mkdir(parents=True, exist_ok=True)
    results = {**sections.measured(), "jobs": [], "left_out": []}
    for job in JOBS:
        if options.only not in job.task:
            continue
        try:
            results["jobs"].append(measure(job, 1 if options.quick else ROUNDS))
        except data.Missing as missing:
            results["left_out"].append(f"{job.task}, which needs {missing}")
            print(f"{job.task:10} needs {missing}", flush=True)
            continue
        print(line(results["jobs"][-1]), flush=True)
    if not options.quick and not options.only:
        (TARGET / "bench").mkdir(exist_ok=True)
        (TARGET / "bench/jobs.json").write_text(json.dumps(results, indent=1))
        sections.replace("Whole jobs", section(results))


if __name__ == "__main__":
    main()
