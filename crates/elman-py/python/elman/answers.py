"""Answers as a frame of the kind that came in."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import numpy as np

__all__ = ["like"]


def like(columns: dict[str, Any], frame: Any, *, rows: bool = False) -> Any:
    """Columns as a frame of the kind that another is; a dict where that is one.

    With ``rows`` there is a row for each of its rows: a frame of pandas has the same index, by which columns are assigned.

    Columns that are lists of text, as times and ids are, are of the name and the type that they have in the other frame,
    so that both can be joined, and origins of forecasts are of the type of the times. Where a text does not go into that
    type, the column stays text. Of columns of objects the first row of the other frame tells the type.
    """
    make = _MAKERS.get(type(frame).__module__.split(".")[0])
    made: Any = columns if make is None else make(columns, frame)
    return made.set_axis(frame.index) if rows and make is _pandas else made


def _models(columns: dict[str, Any], names: Iterable[Any]) -> dict[str, Any]:
    """For each column of text the name of the input column whose type it is to have."""
    known = {str(name): name for name in names}
    found = {name: known[name] for name, texts in columns.items() if isinstance(texts, list) and name in known}
    order = list(columns)
    if "origin" in order:
        # The times stand behind it.
        time = order[order.index("origin") + 1]
        found.pop("origin", None)
        if time in found:
            found["origin"] = found[time]
    return found


def _pandas(columns: dict[str, Any], frame: Any) -> Any:
    pandas = importlib.import_module("pandas")
    made, models = pandas.DataFrame(columns), _models(columns, frame.columns)
    for name, model in models.items():
        try:
            made[name] = _pandas_column(pandas, columns[name], frame[model])
        except (ValueError, TypeError, OverflowError):
            pass
    return made.rename(columns={name: model for name, model in models.items() if name == str(model)})


def _pandas_column(pandas: Any, texts: list[str], model: Any) -> Any:
    """Texts as a column of the type of another."""
    kind = model.dtype
    if isinstance(kind, pandas.CategoricalDtype):
        values = pandas.Series(_pandas_column(pandas, texts, kind.categories.to_series()))
        return values.astype(kind) if values.isin(kind.categories).all() else values
    if isinstance(kind, pandas.PeriodDtype):
        return pandas.PeriodIndex(texts, freq=kind.freq)
    if isinstance(kind, pandas.DatetimeTZDtype):
        return pandas.to_datetime(texts, utc=True).tz_convert(kind.tz).astype(kind)
    if kind.kind in "Miuf":
        return pandas.Series(texts).astype(kind)
    if kind.kind == "b":
        return pandas.Series(_truths(texts), dtype=kind)
    first = model.iloc[0] if len(model) else None
    return pandas.Series(_like_value(texts, first), dtype=model.dtype)


def _polars(columns: dict[str, Any], frame: Any) -> Any:
    polars = importlib.import_module("polars")
    made = polars.DataFrame(columns)
    for name, model in _models(columns, frame.columns).items():
        kind, texts = frame.schema[model], columns[name]
        try:
            if kind == polars.Date:
                values = polars.Series(name, [time.date() for time in _times(texts)])
            elif isinstance(kind, polars.Datetime):
                values = polars.Series(name, _times(texts))
                values = values if kind.time_zone is None else values.dt.convert_time_zone(kind.time_zone)
            elif kind == polars.Boolean:
                values = polars.Series(name, _truths(texts))
            else:
                values = made[name]
            made = made.with_columns(values.cast(kind))
        except (ValueError, polars.exceptions.PolarsError):
            pass
    return made


def _pyarrow(columns: dict[str, Any], frame: Any) -> Any:
    pyarrow = importlib.import_module("pyarrow")
    made = dict(columns)
    for name, model in _models(columns, frame.column_names).items():
        try:
            made[name] = _pyarrow_column(pyarrow, columns[name], frame.schema.field(model).type)
        except (ValueError, pyarrow.ArrowException):
            pass
    return pyarrow.table(made)


def _pyarrow_column(pyarrow: Any, texts: list[str], kind: Any) -> Any:
    """Texts as a column of a type."""
    types = pyarrow.types
    if types.is_dictionary(kind):
        return _pyarrow_column(pyarrow, texts, kind.value_type).dictionary_encode().cast(kind)
    if types.is_timestamp(kind) or types.is_date(kind):
        return pyarrow.array(_times(texts), kind)
    if types.is_boolean(kind):
        return pyarrow.array(_truths(texts))
    return pyarrow.array(texts).cast(kind)


def _like_value(texts: list[str], model: Any) -> list[Any]:
    """Texts as values of the type that another value has."""
    if isinstance(model, datetime):
        return [time if model.tzinfo is None else time.astimezone(model.tzinfo) for time in _times(texts)]
    if isinstance(model, date):
        return [time.date() for time in _times(texts)]
    if isinstance(model, (bool, np.bool_)):
        return _truths(texts)
    if isinstance(model, (int, np.integer)):
        return [int(text) for text in texts]
    if isinstance(model, (float, np.floating)):
        return [float(text) for text in texts]
    return texts


def _truths(texts: list[str]) -> list[bool]:
    """Truth values out of the texts that tables have of them."""
    known = {"1": True, "True": True, "0": False, "False": False}
    if not known.keys() >= set(texts):
        raise ValueError("not all are truth values")
    return [known[text] for text in texts]


def _times(texts: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts]


_MAKERS: dict[str, Callable[[dict[str, Any], Any], Any]] = {"pandas": _pandas, "polars": _polars, "pyarrow": _pyarrow}
