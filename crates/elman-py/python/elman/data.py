"""From arrays and data frames to tables, and from answers back to what came in."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from . import _elman
from .arrays import Array, as_array, unmasked

__all__ = ["airline", "is_frame"]

#: The orders in which arrays have timesteps and values: ``(T, I)`` and ``(I, T)``.
LAYOUTS = ("time", "channels")

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


def is_series(value: Any) -> bool:
    """Is it one column, of polars, pyarrow or another library with Arrow's PyCapsule interface?"""
    is_arrow = hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__")
    of_frames = ("columns", "column_names", "schema", "collect")
    return (
        is_arrow
        and (hasattr(value, "dtype") or hasattr(value, "type"))
        and not any(hasattr(value, name) for name in of_frames)
    )


def is_frame(value: Any) -> bool:
    """Is it a table with named columns: a data frame, anything with Arrow's PyCapsule interface, a dict of columns?"""
    if hasattr(value, "toarray"):  # Some sparse matrices are dicts.
        return False
    if _is_lazy(value):
        return True
    return not is_series(value) and (
        isinstance(value, dict)
        or hasattr(value, "__arrow_c_stream__")
        or (hasattr(value, "columns") and hasattr(value, "__getitem__"))
    )


def _is_lazy(value: Any) -> bool:
    """Is it a frame of polars whose columns are not worked out yet?"""
    return type(value).__module__.split(".")[0] == "polars" and hasattr(value, "collect")


def timed(value: Any) -> tuple[Any, dict[str, str]]:
    """A frame or series of pandas whose index tells times, as a frame with the index in columns, and the options that name
    those; everything else as it is.

    Times without a name are in a column ``ds``, and what tells series apart in ``unique_id``.
    """
    if type(value).__module__.split(".")[0] != "pandas" or not hasattr(value, "index"):
        return value, {}
    index = value.index
    levels = [index.get_level_values(n) for n in range(index.nlevels)]
    are_times = [level.dtype.kind == "M" or hasattr(level, "to_timestamp") for level in levels]
    if len(levels) > 1 and (sum(are_times) != 1 or len(levels) > 2):
        raise ValueError(
            f"the index has {len(levels)} levels, of which {sum(are_times)} tell times; it may have one of times and one that "
            "tells series apart. Make columns of them: reset_index()"
        )
    if not any(are_times):
        return value, {}
    is_series = hasattr(value, "to_frame")
    frame = (value.to_frame("y") if is_series else value).reset_index(drop=True)
    options: dict[str, str] = {}
    for place, (level, is_time) in enumerate(zip(levels, are_times)):
        option, usual, tells = ("time", "ds", "times") if is_time else ("id", "unique_id", "series apart")
        name = usual if level.name is None or (is_series and len(levels) == 1) else level.name
        if str(name) in map(str, frame.columns):
            drop = "reset_index(drop=True)" if len(levels) == 1 else f"droplevel({place})"
            raise ValueError(f"the index tells {tells}, and so does a column {name!r}; drop one: {drop}")
        frame.insert(place, name, level)
        options[option] = str(name)
    return frame, options


def zones_of(frame: Any) -> dict[str, str | None]:
    """The columns whose type is one of times, by name, each with the time zone that its type names."""
    if isinstance(frame, dict) or not is_frame(frame):
        return {}
    zones = {}
    for name in getattr(frame, "column_names", getattr(frame, "columns", ())):
        kind = getattr(frame[name], "dtype", getattr(frame[name], "type", None))
        kind = getattr(kind, "pyarrow_dtype", kind)
        if str(kind).lower().startswith(("date", "timestamp", "period")):
            zone = getattr(kind, "tz", getattr(kind, "time_zone", None))
            zones[str(name)] = None if zone is None else str(getattr(zone, "key", zone))
    return zones


def is_place(zone: str | None) -> bool:
    """Is it the time zone of a place, whose clocks may be changed, such as ``Europe/Berlin``?"""
    return zone is not None and re.fullmatch(r"(?!UTC)[A-Z][\w+-]*(/[\w+-]+)*", zone) is not None


def collected(value: Any) -> Any:
    """A frame of polars with its columns worked out, a stream of pyarrow's read to its end; everything else as it is."""
    if type(value).__module__.split(".")[0] == "pyarrow" and hasattr(value, "read_all"):
        return value.read_all()
    return value.collect() if _is_lazy(value) else value


def columns_of(frame: Any) -> dict[str, Column]:
    """The columns of a frame, by name. Columns of ``float64`` without gaps are read where they lie."""
    return {name: _column(_values(name, values)) for name, values in _parts(frame).items()}


def names_listed(text: str, columns: Collection[str]) -> list[str]:
    """The columns that a text names: one, or several with commas between."""
    return [text] if text in columns else [name.strip() for name in text.split(",")]


def ids_of(columns: Mapping[str, Column], names: list[str]) -> Sequence[Any] | Array | None:
    """What tells sequences apart in each row, by these columns together; None where one of them is missing."""
    if any(name not in columns for name in names):
        return None
    return columns[names[0]] if len(names) == 1 else list(zip(*(columns[name] for name in names)))


def values_of(frame: Any, name: str) -> Array | None:
    """The values of a frame's column in the type that they have there; None if it has no such column."""
    parts = _parts(frame)
    return _values(name, parts[name]) if name in parts else None


def _parts(frame: Any) -> dict[str, Any]:
    """The columns of a frame as its library has them, by name."""
    if isinstance(frame, dict):
        return {str(name): values for name, values in frame.items()}
    frame = collected(frame)
    library = type(frame).__module__.split(".")[0]
    is_known = library in ("pandas", "polars") or (library == "pyarrow" and hasattr(frame, "column_names"))
    if not is_known and hasattr(frame, "__arrow_c_stream__"):
        frame = _read_arrow(frame)
    names = list(frame.column_names if hasattr(frame, "column_names") else frame.columns)
    if (levels := getattr(getattr(frame, "columns", None), "nlevels", 1)) > 1:
        raise ValueError(
            f"the columns of the data frame have names of {levels} levels; give each a single one, such as by "
            'frame.columns = frame.columns.map("_".join)'
        )
    parts: dict[str, Any] = {}
    for name in names:
        if str(name) in parts or names.count(name) > 1:
            raise ValueError(f"the data frame has two columns {name!r}; give each its own name")
        parts[str(name)] = frame[name]
    return parts


def _read_arrow(value: Any) -> Any:
    """A table out of anything with Arrow's PyCapsule interface, by whichever library of two is there; nothing is copied."""
    for library, table in (("pyarrow", "table"), ("polars", "DataFrame")):
        try:
            return getattr(importlib.import_module(library), table)(value)
        except ImportError:
            pass
    raise ImportError("to read Arrow's PyCapsule interface, install pyarrow or polars")


def _arrow_column(values: Any) -> Any:
    """What NumPy can read of a column of pyarrow: the same memory where that holds plain numbers."""
    types = importlib.import_module("pyarrow").types
    kind = values.type
    if types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    is_plain = types.is_floating(kind) or types.is_integer(kind)
    if (is_plain and values.null_count == 0) or (types.is_temporal(kind) and getattr(kind, "tz", None) is None):
        is_chunked = hasattr(values, "num_chunks")
        values = values.chunk(0) if is_chunked and values.num_chunks == 1 else values
        if not types.is_time(kind):
            return values.to_numpy(**({} if hasattr(values, "num_chunks") else {"zero_copy_only": False}))
    # As objects, with None where there is no value.
    array = np.empty(len(values), dtype=object)
    array[:] = values.to_pylist()
    return array


def _values(name: str, values: Any) -> Array:
    """A column of any library as an array, with NaN or None for what is missing."""
    if type(values).__module__.startswith("pyarrow"):
        values = _arrow_column(values)
    elif getattr(getattr(values, "dtype", None), "time_zone", None) is not None:
        # Of polars, whose arrays have lost the place.
        values = np.array(values.to_list(), dtype=object)
    elif hasattr(values, "to_numpy"):
        values = values.to_numpy()
    array = unmasked(values)
    if array.ndim != 1:
        raise ValueError(f"column {name!r} has {array.ndim} dimensions; it must have 1")
    if array.dtype.kind == "c":
        raise ValueError(f"column {name!r} is of {array.dtype}: Complex data not supported; give real numbers")
    return array


def _column(array: Array) -> Column:
    if array.dtype.kind == "f" or (array.dtype.kind in "iub" and _fits(array)):
        return np.ascontiguousarray(array, np.float64)
    if array.dtype.kind == "M":
        return times_as_text(array)
    if array.dtype.kind == "m":
        return array / np.timedelta64(1, "s")
    if array.dtype.kind == "O" and all(_is_number(value) or is_none(value) for value in array):
        return np.array([np.nan if is_none(value) else float(value) for value in array], np.float64)
    return [as_text(value) for value in array]


def _fits(array: Array) -> bool:
    """Does float64 hold all of these whole numbers?"""
    return array.size == 0 or max(abs(int(array.min())), abs(int(array.max()))) <= 2**53


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not abs(float(value)) > 2**53


def is_none(value: Any) -> bool:
    return (
        value is None
        or value is np.ma.masked
        # Of pandas, which does not say whether it is another than itself.
        or type(value).__name__ in ("NAType", "NaTType")
        or bool(np.ndim(value) == 0 and value != value)
    )


def times_as_text(array: Array) -> list[str]:
    """Times as text, as exactly as they are: days where all are at midnight."""
    known = array[~np.isnat(array)]
    unit: Any = next((unit for unit in ("D", "s") if np.all(known.astype(f"M8[{unit}]") == known)), "us")
    return ["" if text == "NaT" else text for text in np.datetime_as_string(array, unit=unit).tolist()]


def as_text(value: Any) -> str:
    if is_none(value):
        return ""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    text = str(value)
    # A period such as a week, which pandas writes by its ends.
    return str(value.start_time.date()) if "/" in text and hasattr(value, "start_time") else text


def table_of(columns: dict[str, Column], name: str = "the data") -> _elman.Table:
    """A table of these columns."""
    if not columns:
        raise ValueError(f"{name}: there are no columns")
    return _elman.Table(name, list(columns.items()))


def texts_in(x: Any) -> list[str] | None:
    """The texts of a list, an array or a series that holds nothing else; None of anything else."""
    if hasattr(x, "to_list") and not is_frame(x):
        x = x.to_list()
    elif isinstance(x, np.ndarray) and x.ndim == 1:
        x = x.tolist()
    are_texts = isinstance(x, (list, tuple)) and len(x) > 0 and all(isinstance(text, str) for text in x)
    return list(x) if are_texts else None


def unnested(x: Any, id_names: str) -> Any:
    """What sktime's frames hold, as a list of frames; everything else as it is.

    Those are pandas' frames with an index of two levels, sequences and timesteps, and those with a row for each sequence
    whose cells are series.
    """
    if type(x).__module__.split(".")[0] != "pandas" or not hasattr(x, "columns"):
        return x
    if any(name in x.columns for name in names_listed(id_names, x.columns)):
        return x
    if x.index.nlevels == 2:
        in_order = x.sort_index(level=1, kind="stable", sort_remaining=False)
        groups = dict(iter(in_order.groupby(level=0, sort=False)))
        return [groups[i] for i in x.index.get_level_values(0).unique()]
    if len(x) == 0 or not all(hasattr(cell, "__len__") and not isinstance(cell, str) for cell in x.iloc[0]):
        return x
    frames = []
    for n, row in enumerate(x.itertuples(index=False)):
        lengths = {len(cell) for cell in row}
        if len(lengths) > 1:
            raise ValueError(f"X has in row {n} series of {sorted(lengths)} timesteps; all of a row must have as many")
        frames.append({str(name): np.asarray(cell) for name, cell in zip(x.columns, row)})
    return frames


def sequences_of(x: Any, layout: str) -> list[Array]:
    """Sequences ``(T_i, I)`` of float64.

    Parameters
    ----------
    x : array (n, T, I), array (n, T), list of arrays (T_i, I) or (T_i,)
        The sequences; a masked value is a missing one.
    layout : {"time", "channels"}
        ``"channels"``: arrays are ``(n, I, T)`` and ``(I, T_i)``, as aeon and sktime have them. Frames in a list have a row for
        each timestep in any case, and their columns by name.
    """
    if layout not in LAYOUTS:
        raise ValueError(f'layout is {layout!r}; it must be "time" or "channels"')
    if hasattr(x, "toarray") or hasattr(x, "detach") or (hasattr(x, "__array__") and not isinstance(x, np.ndarray)):
        x = as_array(x, np.float64, "X")
    x = unmasked(x) if np.ma.is_masked(x) else x
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
    sequences: list[Array] = []
    names: list[str] | None = None
    for n, part in enumerate(parts):
        # A frame has a row for each timestep, whatever arrays have, and its columns by name.
        is_named = is_frame(part)
        if is_named:
            columns = columns_of(part)
            names = list(columns) if names is None else names
            if columns.keys() != set(names):
                raise ValueError(f"X[{n}] has the columns {list(columns)}, but the frames before it {names}; all must have the same")
            part = np.stack([columns[name] for name in names], axis=1)
        array = as_array(unmasked(part) if np.ma.is_masked(part) else part, np.float64, f"X[{n}]")
        if array.ndim == 1:
            array = array[:, None]
        elif array.ndim == 2:
            array = array.T if layout == "channels" and not is_named else array
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


def usual_names(columns: Iterable[str], options: dict[str, Any]) -> dict[str, str]:
    """The options that columns ``unique_id``, ``ds`` and ``y`` stand for, where nothing else is said of either."""
    named = {name for value in options.values() for name in (value.split(",") if isinstance(value, str) else np.ravel(value))}
    usual = {"id": "unique_id", "time": "ds", "target": "y"}
    return {
        option: name
        for option, name in usual.items()
        if name in columns and name not in named and options.get(option) is None
    }


def is_path(value: Any) -> bool:
    """Is it the path of a file?"""
    return isinstance(value, (str, bytes, os.PathLike))
