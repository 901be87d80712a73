"""Pictures with matplotlib, and an estimator as a notebook shows it."""

from __future__ import annotations

import importlib
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .estimator import Estimator
    from .forecaster import Forecaster


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    try:
        return importlib.import_module("matplotlib.pyplot").subplots(figsize=(8, 4))[1]
    except ImportError:
        raise ImportError("plots need matplotlib: pip install matplotlib") from None


def history(curves: dict[str, list[float]], ax: Any = None) -> Any:
    """The losses of each epoch."""
    ax = _axes(ax)
    for name in ("train_loss", "validation_loss"):
        if curves[name]:
            ax.plot(np.arange(1, len(curves[name]) + 1), curves[name], label=name.replace("_", " "))
    ax.set_xlabel("epoch")
    ax.set_yscale("log")
    ax.legend()
    return ax


def forecast(forecaster: Forecaster, ax: Any, X: Any, horizon: int | None, levels: tuple[float, ...]) -> Any:
    """A series, its forecast, and intervals where the model was tested."""
    table, _ = forecaster._given(X)
    columns, _ = forecaster._fitted().predict(table, horizon, [float(level) for level in levels])
    name = next(name for name in columns if name.endswith("_forecast"))
    known = np.array([float(text or "nan") for text in table.texts(name.removesuffix("_forecast"))])
    if len(columns[name]) > 1 and any(header == "unique_id" for header in columns):
        raise ValueError("plot is for a single series; select one of several")
    ahead = np.arange(len(known), len(known) + len(columns[name]))
    ax = _axes(ax)
    ax.plot(np.arange(len(known)), known, label=name.removesuffix("_forecast"))
    ax.plot(ahead, columns[name], label="forecast")
    ends = [column for header, column in columns.items() if "_low_" in header or "_high_" in header]
    for low, high in zip(ends[::2], ends[1::2]):
        ax.fill_between(ahead, low, high, alpha=0.2)
    times = next((header for header, column in columns.items() if isinstance(column, list)), None)
    if times is not None:
        texts = [*table.texts(times), *columns[times]]
        places = np.linspace(0, len(texts) - 1, min(6, len(texts))).astype(int)
        ax.set_xticks(places, [texts[place] for place in places])
    ax.legend()
    return ax


def report(estimator: Estimator) -> str:
    """An estimator, and where it is fitted what it learned and how well it did, as HTML."""
    parts = [f"<code>{escape(repr(estimator))}</code>"]
    if hasattr(estimator, "model_"):
        parts.append(f"<p>{escape(estimator.describe())}</p>")
        parts.append(_table(estimator.test_))
        parts += [f"<p><small>{escape(remark)}</small></p>" for remark in estimator.remarks_]
    return "<div>" + "".join(parts) + "</div>"


def _table(figures: dict[str, dict[str, float | None]]) -> str:
    if not figures:
        return ""
    names = list(figures["elman"])
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    rows = [f"<tr><th></th>{head}</tr>"]
    for who, of in figures.items():
        cells = "".join(f"<td>{'-' if of.get(name) is None else format(of[name], '.4g')}</td>" for name in names)
        rows.append(f"<tr><th>{escape(who)}</th>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"
