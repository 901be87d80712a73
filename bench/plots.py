"""The plots of the report: how Elman's time and memory grow."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt

import points

AXES = {"seq_len": "T", "batch_size": "B", "hidden_size": "H", "num_layers": "layers"}
# What the time should grow with, where the sizes are large.
POWERS = {"seq_len": 1, "batch_size": 1, "hidden_size": 2, "num_layers": 1}
COLOURS = dict(zip(points.CELLS, ("#1b6ca8", "#d1781f", "#3a8f4d"), strict=True))

# The same results are the same bytes.
matplotlib.rcParams |= {
    "svg.hashsalt": "elman",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def write(grown: list[dict], directory: Path):
    """time.svg and memory.svg."""
    directory.mkdir(exist_ok=True)
    time = growth(grown, "seconds", "ms per training step", 1e3)
    memory = growth(grown, "bytes", "MB", 1e-6)
    for name, figure in [("time.svg", time), ("memory.svg", memory)]:
        figure.savefig(directory / name, metadata={"Date": None})
        plt.close(figure)


def growth(grown: list[dict], measure: str, unit: str, scale: float) -> plt.Figure:
    """Four log-log plots: one for each size that grows."""
    figure, plotted = plt.subplots(1, len(AXES), figsize=(12, 3.2), layout="constrained")
    for axes, (axis, letter) in zip(plotted, AXES.items(), strict=True):
        for cell in points.CELLS:
            curve = [g for g in grown if g["axis"] == axis and g["point"]["cell"] == cell]
            sizes = [g["point"][axis] for g in curve]
            values = [g[measure] * scale for g in curve]
            axes.loglog(sizes, values, "o-", color=COLOURS[cell], label=cell, markersize=3, base=2)
        power = POWERS[axis]
        # The last curve's end, drawn back with the slope that is expected.
        reference = [values[-1] * (size / sizes[-1]) ** power for size in sizes]
        label = "linear" if power == 1 else "quadratic"
        axes.loglog(sizes, reference, ":", color="grey", label=label, base=2)
        axes.set_yscale("log", base=10)
        axes.set_xlabel(letter)
        axes.set_xticks(sizes, sizes, minor=False)
        axes.legend(frameon=False, fontsize=8)
    plotted[0].set_ylabel(unit)
    return figure
