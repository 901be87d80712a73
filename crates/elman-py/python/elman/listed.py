"""Frames in a list, a sequence in each, as one long table."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .arrays import Array
from .data import Column, as_text, columns_of, is_frame

__all__ = ["Long", "are_frames", "joined"]


class Long(NamedTuple):
    """The rows of all sequences below each other."""

    #: The columns of ids, then those of the frames by their names.
    columns: dict[str, Column]
    #: The rows of each sequence.
    lengths: list[int]


def are_frames(value: Any) -> bool:
    """Is it a list of frames?"""
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(is_frame(part) for part in value)


def joined(frames: Any, id_names: list[str], *, is_full: bool) -> Long:
    """Frames below each other, their columns by name, with columns of ids; if `is_full`, no number may be missing."""
    parts = [columns_of(frame) for frame in frames]
    names = list(parts[0])
    for name in (*id_names, "unique_id"):
        if name in names:
            raise ValueError(
                f"X[0] has a column {name!r}, but in a list each frame is a sequence by itself; drop the column, or give one frame in "
                "which it tells sequences apart"
            )
    for n, part in enumerate(parts):
        if part.keys() != parts[0].keys():
            raise ValueError(f"X[{n}] has the columns {list(part)}, but the frames before it {names}; all must have the same")
        if not any(map(len, part.values())):
            raise ValueError(f"X[{n}] has no rows or no columns; a sequence needs at least one timestep and one value")
        if is_full:
            _refuse_missing(part, n)
    lengths = [len(next(iter(part.values()))) for part in parts]
    numbers = np.repeat(np.arange(len(parts), dtype=np.float64), lengths)
    ids: dict[str, Column] = dict.fromkeys(id_names, numbers)
    return Long({**ids, **{name: _below([part[name] for part in parts]) for name in names}}, lengths)


def _below(parts: list[Column]) -> Column:
    """Parts of a column below each other: text, if some are."""
    arrays: list[Array] = [part for part in parts if isinstance(part, np.ndarray)]
    if len(arrays) == len(parts):
        return np.concatenate(arrays)
    return [cell if isinstance(cell, str) else as_text(cell) for part in parts for cell in part]


def _refuse_missing(columns: dict[str, Column], n: int) -> None:
    """Refuse numbers that are missing in a frame, with their place."""
    for name, column in columns.items():
        if isinstance(column, np.ndarray) and np.isnan(column).any():
            raise ValueError(
                f"X[{n}] contains NaN, the first at timestep {np.isnan(column).argmax()} of column {name!r}; fill it in, or choose with "
                "missing what becomes of missing values: drop, interpolate, previous, zero or flag"
            )
