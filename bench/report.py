"""RESULTS.md and its plots from the raw results of a full run.

    python bench/report.py

makes them anew from target/bench/results.json. The sections of whole jobs and sound stay as their runs left them; what is
written by hand, LIMITS.md, ends the report.
"""

import json
import os
from pathlib import Path

import plots
import points
import sections
from figures import (
    aimed_ratio,
    better,
    duration,
    gain_of_threads,
    middle,
    peers,
    point_of,
    ratio,
    share_of_peak,
    three_figures,
)

BENCH = Path(__file__).parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", BENCH.parent / "target"))

INTRODUCTION = """\
# Elman beside its peers

Made by `cargo xtask bench`; what is said by hand, at the end, stands in [LIMITS.md](LIMITS.md).

- A training step is forward, the last hidden state through a linear head, mean squared error, backward,
  weight gradients and an SGD update, in `f32`, for one layer with two biases.
- At every point all contenders first show that they do the same work: the losses of two steps and how
  far each weight tensor has moved, or the outputs, agree within {tolerance:.1%}.
- Then they are measured in turn, {rounds} rounds of {seconds:g} s each, fewer where a step is slow. A time
  is the median of the rounds at the better number of threads, 1 or 2; behind it stands half the distance
  between the fastest and the slowest round. A step is called from the contender's own language.
- The ratio is the fastest peer's time over that of Elman allowed two threads, which is its default on two
  cores. The aim was set beforehand; in inference it is for the ratio to ONNX Runtime.
- The share of peak is that of one thread: {peak[0]:.0f} GFLOP/s of fused multiply-adds, measured in the
  same run (two threads: {peak[1]:.0f}). What a step has to execute is, per timestep and sequence,
  `2 G H (I + H)` forward, as much for the weight gradient, and `2 G H H` back through time, with `G` = 1, 3
  and 4.
"""


def time_of(rounds: list[float]) -> str:
    median, spread = middle(rounds)
    return f"{duration(median)} <sub>±{spread / median:.0%}</sub>"


def cell_of(result: dict, name: str) -> str:
    """A contender's time, or a dash where it took no part."""
    found = better(result, name)
    return time_of(found[1]) if found else "-"


def contenders(results: dict) -> list[str]:
    rows = [[name, it["version"], it["settings"]] for name, it in results["contenders"].items()]
    measured_on = f"Measured on {results['date']}: {results['machine']}."
    return [measured_on, "", *sections.table(["contender", "version", "how"], rows, texts=3), ""]


def section(results: dict, kind: str, title: str) -> list[str]:
    """One kind of work, one row per point."""
    of_kind = [result for result in results["points"] if result["point"]["kind"] == kind]
    names = [name for name in results["contenders"] if any(better(result, name) for result in of_kind)]
    training = kind == "train"
    columns = ["I,H,B,T" if training else "I,H", "cell", *names, "ratio"]
    columns += ["aim", "share of peak", "2 threads"] if training else ["to ONNX Runtime", "aim"]
    rows = []
    for result in of_kind:
        point = point_of(result)
        aim, gain = points.aim(point), gain_of_threads(result)
        row = [points.name(point).split()[2], point.cell, *(cell_of(result, name) for name in names)]
        row.append(f"**{three_figures(ratio(result, peers(result)))}**")
        row += [] if training else [three_figures(aimed_ratio(result))]
        row.append(f"{aim:g}" if aim else "")
        row += [f"{share_of_peak(results, result):.0%}", f"x{gain:.2f}" if gain else "-"] if training else []
        rows.append(row)
    return [f"## {title}", "", *sections.table(columns, rows, texts=2), "", *left_out(of_kind)]


def left_out(of_kind: list[dict]) -> list[str]:
    """Why there are dashes."""
    reasons = {o["left_out"] for result in of_kind for o in result["outcomes"].values() if "left_out" in o}
    return [f"Left out: {'; '.join(sorted(reasons))}.", ""] if reasons else []


def notebook(results: dict) -> list[str]:
    [trained] = [result for result in results["points"] if result["point"]["kind"] == "notebook"]
    rows = [[name, cell_of(trained, name), time_of(rounds)] for name, rounds in results["starts"].items()]
    columns = ["", "its 100 epochs", "the whole program, start to end"]
    return ["## The notebook", "", *sections.table(columns, rows, texts=1), ""]


def growth(results: dict) -> list[str]:
    titles = {"time.svg": "Time of a training step", "memory.svg": "Memory beyond that of the idle process"}
    plots.write(results["growth"], BENCH / "plots")
    pictures = [f"![{title} as sizes grow](plots/{name})" for name, title in titles.items()]
    base = ", ".join(f"{plots.AXES[axis]} = {points.GROWTH_BASE[axis]}" for axis in plots.AXES)
    sentence = f"Elman alone. What does not grow stays at I = {points.GROWTH_BASE['input_size']}, {base}."
    return ["## Growth", "", sentence, "", *pictures, ""]


def write(results: dict):
    """RESULTS.md, with the plots it shows."""
    parts = [
        INTRODUCTION.format(peak=results["peak"], **results["effort"]),
        *contenders(results),
        *section(results, "train", "Training"),
        *section(results, "stream", "Streaming: one timestep of one sequence, the state carried on"),
        *section(results, "sequence", f"Whole sequences: B = 1, T = {points.INFERENCE_SEQ_LEN}"),
        *notebook(results),
        *growth(results),
        *sections.lines(sections.kept()),
        (BENCH / "LIMITS.md").read_text(),
    ]
    (BENCH / "RESULTS.md").write_text("\n".join(parts))


if __name__ == "__main__":
    write(json.loads((TARGET / "bench/results.json").read_text()))
