"""What a run prints as it goes."""

import points
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


def heading(results: dict) -> str:
    """The machine, the contenders and the peak."""
    lines = [results["machine"]]
    lines += [f"{name} {it['version']}: {it['settings']}" for name, it in results["contenders"].items()]
    lines.append("peak: {:.0f} GFLOP/s on one thread, {:.0f} on two".format(*results["peak"]))
    return "\n".join(lines)


def line(results: dict, result: dict) -> str:
    """A point: behind each name the number of threads that it was faster with."""
    cells = []
    for name in ["elman", *peers(result)]:
        threads, rounds = better(result, name)
        median, spread = middle(rounds)
        cells.append(f"{name}/{threads} {duration(median)} ±{spread / median:.0%}")
    cells.append(f"ratio {three_figures(ratio(result, peers(result)))}")
    point = point_of(result)
    if aim := points.aim(point):
        against = "" if point.kind == "train" else "to onnxruntime "
        cells.append(f"{against}{three_figures(aimed_ratio(result))} of {aim:g} aimed for")
    if share := share_of_peak(results, result):
        cells.append(f"{share:.0%} of peak")
    if gain := gain_of_threads(result):
        cells.append(f"two threads x{gain:.2f}")
    return f"{points.name(point):28} " + "  ".join(cells)


def starts(results: dict) -> str:
    """The whole program's time."""
    times = [f"{name} {duration(middle(rounds)[0])}" for name, rounds in results["starts"].items()]
    return "whole program, notebook:     " + "  ".join(times)
