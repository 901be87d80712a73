"""What the raw results say: medians, ratios, shares of the peak, and how they are written."""

import statistics

import points
from contender import Point


def point_of(result: dict) -> Point:
    return Point(**result["point"])


def middle(rounds: list[float]) -> tuple[float, float]:
    """The median, and half the range."""
    return statistics.median(rounds), (max(rounds) - min(rounds)) / 2


def measured(result: dict, name: str) -> dict[int, list[float]]:
    """A contender's rounds by number of threads, where it took part."""
    labels = ((label.split("/"), outcome) for label, outcome in result["outcomes"].items())
    return {int(threads): o["rounds"] for (who, threads), o in labels if who == name and "rounds" in o}


def better(result: dict, name: str) -> tuple[int, list[float]] | None:
    """The number of threads that suits a contender better, and its rounds."""
    return min(measured(result, name).items(), key=lambda pair: middle(pair[1]), default=None)


def peers(result: dict) -> list[str]:
    """Those that took part, apart from Elman."""
    names = dict.fromkeys(label.split("/")[0] for label in result["outcomes"])
    return [name for name in names if name != "elman" and measured(result, name)]


def ratio(result: dict, names: list[str]) -> float | None:
    """The fastest of these peers over Elman at its default: as many threads as there are."""
    times = [middle(rounds)[0] for name in names for rounds in measured(result, name).values()]
    elman = measured(result, "elman")
    return min(times) / middle(elman[max(elman)])[0] if times else None


def aimed_ratio(result: dict) -> float | None:
    """The ratio that there is an aim for: in inference it is that of ONNX Runtime."""
    inference = result["point"]["kind"] in ("stream", "sequence")
    return ratio(result, ["onnxruntime"] if inference else peers(result))


def share_of_peak(results: dict, result: dict) -> float | None:
    """What one thread of Elman makes of the machine, where the floating-point operations are known."""
    flops = points.flops(point_of(result))
    if flops is None:
        return None
    seconds, _ = middle(measured(result, "elman")[1])
    return flops / seconds / (results["peak"][0] * 1e9)


def gain_of_threads(result: dict) -> float | None:
    """Elman's time on one thread over that on two."""
    elman = measured(result, "elman")
    return middle(elman[1])[0] / middle(elman[2])[0] if 2 in elman else None


def duration(seconds: float) -> str:
    """In the unit that suits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{three_figures(seconds / size)} {unit}"
    return f"{three_figures(seconds * 1e9)} ns"


def three_figures(number: float) -> str:
    """At least two of them, whole numbers in full."""
    decimals = 0 if number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{decimals}f}"
