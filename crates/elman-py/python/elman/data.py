"""From arrays and data frames to tables, and from answers back to what came in."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from . import _elman
from .arrays import Array, as_array

__all__ = ["airline", "is_frame"]

#: A column on its way into a table: numbers with NaN for none, or text.
Column = Array | list[str]


def airline() -> Any:
    """The monthly airline passengers of Box & Jenkins, 1949 to 1960, in thousands.

    Returns
    -------
    pandas.DataFrame or dict of lists
        Columns ``month`` and ``passengers``; a dict where pandas is not installed.
    """
    table = _elman.Table.airline()
    columns: dict[str, Any] = {"month": table.texts("month"), "passengers": [int(n) for n in table.texts("passengers")]}
    try:
        return importlib.import_module("pandas").DataFrame(columns)
    except ImportError:
        return columns


def is_frame(value: Any) -> bool:
    """Is it a table with named columns: a data frame, anything with Arrow's PyCapsule interface, a dict of columns?"""
    if hasattr(value, "toarray"):  # Some sparse matrices are dicts.
        return False
    return (
        isinstance(value, dict)
        or hasattr(value, "__arrow_c_stream__")
        or (hasattr(value, "columns") and hasattr(value, "__getitem__"))
    )


def columns_of(frame: Any) -> dict[str, Column]:
    """The columns of a frame, by name."""
    if isinstance(frame, dict):
        return {str(name): _column(str(name), values) for name, values in frame.items()}
    if not hasattr(frame, "columns") or not hasattr(frame, "__getitem__") or hasattr(frame, "schema"):
        frame = _read_arrow(frame)
    columns = {}
    for name in list(frame.columns):
        if str(name) in columns:
            raise ValueError(f"the data frame has two columns {name!r}; give each its own name")
        columns[str(name)] = _column(str(name), frame[name])
    return columns


def _read_arrow(value: Any) -> Any:
    """A data frame out of anything with Arrow's PyCapsule interface, by whichever library of two is there."""
    if type(value).__module__.startswith("polars"):
        return value.collect() if hasattr(value, "collect") else value
    try:
        return importlib.import_module("pyarrow").table(value).to_pandas()
    except ImportError:
        pass
    try:
        return importlib.import_module("polars").DataFrame(value)
    except ImportError:
        raise ImportError("to read Arrow's PyCapsule interface, install pandas and pyarrow, or polars") from None


def _column(name: str, values: Any) -> Column:
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"column {name!r} has {array.ndim} dimensions; it must have 1")
    if array.dtype.kind == "f" or (array.dtype.kind in "iub" and _fits(array)):
        return np.ascontiguousarray(array, np.float64)
    if array.dtype.kind == "M":
        return _times(array)
    if array.dtype.kind == "O" and all(_is_number(value) or _is_none(value) for value in array):
        return np.array([np.nan if _is_none(value) else float(value) for value in array], np.float64)
    return [_text(value) for value in array]


def _fits(array: Array) -> bool:
    """Does float64 hold all of these whole numbers?"""
    return array.size == 0 or max(abs(int(array.min())), abs(int(array.max()))) <= 2**53


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not abs(float(value)) > 2**53


def _is_none(value: Any) -> bool:
    return (
        value is None
        or value is np.ma.masked
        or bool(np.ndim(value) == 0 and value != value)
        or (type(value).__name__ in ("NAType", "NaTType"))
    )


def _times(array: Array) -> list[str]:
    """Times as text, as exactly as they are: days where all are at midnight."""
    known = array[~np.isnat(array)]
    unit: Any = next((unit for unit in ("D", "s") if np.all(known.astype(f"M8[{unit}]") == known)), "us")
    return ["" if text == "NaT" else text for text in np.datetime_as_string(array, unit=unit).tolist()]


def _text(value: Any) -> str:
    if _is_none(value):
        return ""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def table_of(columns: dict[str, Column], name: str = "the data") -> _elman.Table:
    """A table of these columns."""
    if not columns:
        raise ValueError(f"{name}: there are no columns")
    return _elman.Table(name, list(columns.items()))


def like(columns: dict[str, Any], frame: Any) -> Any:
    """Columns as a frame of the kind that another is; a dict where that is one."""
    module = type(frame).__module__.split(".")[0]
    if module == "pandas":
        return importlib.import_module("pandas").DataFrame(columns)
    if module == "polars":
        return importlib.import_module("polars").DataFrame(columns)
    if module == "pyarrow":
        return importlib.import_module("pyarrow").table(columns)
    return columns


def sequences_of(x: Any, layout: str) -> list[Array]:
    """Sequences ``(T_i, I)`` of float64.

    Parameters
    ----------
    x : array (n, T, I), array (n, T), list of arrays (T_i, I) or (T_i,)
        The sequences.
    layout : {"time", "channels"}
        ``"channels"``: arrays are ``(n, I, T)`` and ``(I, T_i)``, as aeon and sktime have them.
    """
    if layout not in ("time", "channels"):
        raise ValueError(f'layout is {layout!r}; it must be "time" or "channels"')
    if hasattr(x, "toarray") or hasattr(x, "detach") or (hasattr(x, "__array__") and not isinstance(x, np.ndarray)):
        x = as_array(x, np.float64, "X")
    parts: list[Any]
    if isinstance(x, np.ndarray) and (x.dtype != object or x.ndim > 1):
        array = as_array(x, np.float64, "X")
        if array.ndim not in (2, 3):
            raise ValueError(
                f"X has the shape {array.shape}; it must be (n, T, I), (n, T), or a list of arrays (T_i, I). Reshape your "
                "data"
            )
        if array.ndim == 2 and array.shape[1] == 0:
            raise ValueError(
                f"X has 0 feature(s) (shape={array.shape}) while a minimum of 1 is required: a sequence needs "
                "at least one timestep"
            )
        parts = list(array)
    elif isinstance(x, (list, tuple, np.ndarray)):
        parts = list(x)
    else:
        raise TypeError(f"X is {type(x).__name__}; it must be an array, a list of arrays or a data frame")
    sequences = []
    for n, part in enumerate(parts):
        array = as_array(part, np.float64, f"X[{n}]")
        if array.ndim == 1:
            array = array[:, None]
        elif array.ndim == 2:
            array = array.T if layout == "channels" else array
        else:
            raise ValueError(f"X[{n}] has the shape {array.shape}; it must be (T, I) or (T,)")
        if array.size == 0:
            raise ValueError(
                f"X[{n}] has the shape {array.shape}: a sequence needs at least one timestep and one value, "
                "and it has 0"
            )
        sequences.append(array)
    if not sequences:
        raise ValueError("X has 0 sequences; at least 1 is needed")
    widths = {array.shape[1] for array in sequences}
    if len(widths) > 1:
        raise ValueError(f"sequences have {sorted(widths)} values per timestep; all must have as many")
    return sequences


def refuse_missing(sequences: list[Array], name: str = "X") -> None:
    """Refuse values that are missing, with their place."""
    for n, sequence in enumerate(sequences):
        if np.isnan(sequence).any():
            t, k = np.argwhere(np.isnan(sequence))[0]
            raise ValueError(
                f"{name}[{n}] contains NaN, the first at timestep {t}, value {k}; fill it in, or choose with "
                "missing what becomes of missing values: drop, interpolate, previous, zero or flag"
            )


def long_columns(sequences: list[Array], names: Sequence[str] | None = None) -> dict[str, Column]:
    """A long table of sequences: ``id``, then a column for each value of a timestep."""
    lengths = [len(sequence) for sequence in sequences]
    rows = np.concatenate(sequences)
    if np.isinf(rows).any():
        raise ValueError("X contains infinity; a value must be finite, or NaN where it is missing")
    names = names or [f"x{k}" for k in range(rows.shape[1])]
    columns: dict[str, Column] = {"id": np.repeat(np.arange(len(sequences), dtype=np.float64), lengths)}
    columns.update({name: np.ascontiguousarray(rows[:, k]) for k, name in enumerate(names)})
    return columns


def is_path(value: Any) -> bool:
    """Is it the path of a file?"""
    return isinstance(value, (str, os.PathLike))
