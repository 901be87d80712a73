"""Pictures with matplotlib, and an estimator as a notebook shows it."""

from __future__ import annotations

import importlib
import json
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
    if not curves["train_loss"]:
        raise ValueError("there are no learning curves: a model from a file has none")
    ax = _axes(ax)
    for name in ("train_loss", "validation_loss"):
        if curves[name]:
            ax.plot(np.arange(1, len(curves[name]) + 1), curves[name], label=name.replace("_", " "))
    ax.set_xlabel("epoch")
    ax.set_yscale("log")
    ax.legend()
    return ax


def forecast(
    forecaster: Forecaster, ax: Any, X: Any, horizon: int | None, series: Any, levels: tuple[float, ...]
) -> Any:
    """A series, its forecast, and intervals where the model was tested."""
    table, _ = forecaster._given(X)
    columns, _ = forecaster._fitted().predict(table, horizon, [float(level) for level in levels])
    name = next(name for name in columns if name.endswith("forecast"))
    # Of several columns of values each is a series.
    ids = forecaster._ids() or (["series"] if name == "forecast" else [])
    told = list(zip(*(columns[header] for header in ids)))
    chosen = _chosen(told, series)
    if chosen is not None:
        columns = {header: [value for value, of in zip(column, told) if of == chosen] for header, column in columns.items()}
    value = name.removesuffix("_forecast") if name != "forecast" else str(chosen[0] if chosen else "")
    rows: Any = range(len(table))
    if forecaster._ids():
        rows = [n for n, of in enumerate(zip(*(table.texts(header) for header in ids))) if of == chosen]
    texts = table.texts(value)
    known = np.array([float(texts[row] or "nan") for row in rows])
    # What is known ahead has rows without values.
    known = known[: int(np.flatnonzero(~np.isnan(known)).max(initial=-1)) + 1]
    ahead = np.arange(len(known), len(known) + len(columns[name]))
    ax = _axes(ax)
    ax.plot(np.arange(len(known)), known, label=value)
    ax.plot(ahead, columns[name], label="forecast")
    ends = [column for header, column in columns.items() if "_low_" in header or "_high_" in header]
    for low, high in zip(ends[::2], ends[1::2]):
        ax.fill_between(ahead, low, high, alpha=0.2)
    _mark_times(ax, forecaster, table, [rows[n] for n in range(len(known))], columns)
    ax.legend()
    return ax


def _chosen(told: list[tuple[Any, ...]], series: Any) -> tuple[Any, ...] | None:
    """What tells the one series that is drawn; None where nothing does."""
    known = list(dict.fromkeys(told))
    wanted = series if isinstance(series, tuple) else (series,)
    found = [ids for ids in known if tuple(map(str, ids)) == tuple(map(str, wanted))]
    if not known or (series is None and len(known) == 1):
        return known[0] if known else None
    if not found:
        names = [ids[0] if len(ids) == 1 else ids for ids in known]
        given = "there are several series" if series is None else f"there is no series {series!r}"
        raise ValueError(f"{given}; plot one of {len(known)} with series={names[0]!r}")
    return found[0]


def _mark_times(ax: Any, forecaster: Forecaster, table: Any, rows: list[int], columns: dict[str, Any]) -> None:
    """Writes some times under the axis, where there are times."""
    time = json.loads(forecaster._fitted().task_json)["forecast"].get("time")
    if time not in columns or time not in table.headers:
        return
    known = table.texts(time)
    texts = [*(known[row] for row in rows), *columns[time]]
    places = np.linspace(0, len(texts) - 1, min(6, len(texts))).astype(int)
    ax.set_xticks(places, [texts[place] for place in places])


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
