"""Answers as a frame of the kind that came in."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

__all__ = ["like"]


def like(columns: dict[str, Any], frame: Any) -> Any:
    """Columns as a frame of the kind that another is; a dict where that is one.

    Times, and ids that are whole numbers, are of the type that they have in the other frame: so that both can be joined.
    """
    make = _MAKERS.get(type(frame).__module__.split(".")[0])
    return columns if make is None else make(columns, frame)


def _pandas(columns: dict[str, Any], frame: Any) -> Any:
    pandas = importlib.import_module("pandas")
    made = pandas.DataFrame(columns)
    for name in made.columns.intersection(frame.columns):
        kind = frame[name].dtype
        if isinstance(kind, pandas.PeriodDtype):
            made[name] = pandas.PeriodIndex(made[name], freq=kind.freq)
        elif isinstance(kind, pandas.DatetimeTZDtype):
            made[name] = pandas.to_datetime(made[name], utc=True).dt.tz_convert(kind.tz).astype(kind)
        elif kind.kind in "Miu":
            made[name] = made[name].astype(kind)
    return made


def _polars(columns: dict[str, Any], frame: Any) -> Any:
    polars = importlib.import_module("polars")
    made = polars.DataFrame(columns)
    for name, kind in frame.schema.items():
        if name not in columns:
            continue
        if kind == polars.Date:
            times = polars.Series(name, [time.date() for time in _times(columns[name])])
        elif isinstance(kind, polars.Datetime):
            times = polars.Series(name, _times(columns[name]))
            times = times if kind.time_zone is None else times.dt.convert_time_zone(kind.time_zone)
        elif kind.is_integer():
            times = made[name]
        else:
            continue
        made = made.with_columns(times.cast(kind))
    return made


def _pyarrow(columns: dict[str, Any], frame: Any) -> Any:
    pyarrow = importlib.import_module("pyarrow")
    made = dict(columns)
    for field in frame.schema:
        if field.name not in columns:
            continue
        if pyarrow.types.is_timestamp(field.type) or pyarrow.types.is_date(field.type):
            made[field.name] = pyarrow.array(_times(columns[field.name]), field.type)
        elif pyarrow.types.is_integer(field.type):
            made[field.name] = pyarrow.array(columns[field.name]).cast(field.type)
    return pyarrow.table(made)


def _times(texts: Any) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in np.asarray(texts).tolist()]


_MAKERS: dict[str, Callable[[dict[str, Any], Any], Any]] = {"pandas": _pandas, "polars": _polars, "pyarrow": _pyarrow}
