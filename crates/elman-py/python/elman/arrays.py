"""Arrays on their way in."""

from __future__ import annotations

import operator
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
#: One array ``(B, T, I)``, a list of arrays ``(T_i, I)``, or one sequence ``(T, I)``.
Sequences = ArrayLike | Sequence[ArrayLike]
#: Where a file is, as :mod:`os` takes it.
Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def as_array(value: Any, dtype: Any, what: str) -> Array:
    """A C-contiguous array of real numbers; the same one where it is that already."""
    if hasattr(value, "detach"):  # of PyTorch
        if value.is_meta:
            raise ValueError(f"{what} is on PyTorch's meta device, where tensors have no values; give one that has some")
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(f"{what} has masked values; fill them, or leave out what is not known")
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        raise TypeError(f"{what} is sparse: sparse data is not supported; make it dense with toarray()")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{what} is a list of parts that make no array: {error}") from None
    if array.dtype == object and array.ndim == 0:
        refuse_single(value, what)
    if array.dtype.kind == "c":
        raise ValueError(f"{what} is of {array.dtype}: Complex data not supported; give real numbers")
    if array.dtype.kind not in "fiub":
        if array.dtype.kind != "O":
            raise TypeError(f"{what} is of {array.dtype}; it must be numbers")
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{what} holds objects that are no numbers: {error}") from None
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=dtype).reshape(array.shape)


def refuse_single(value: Any, what: str) -> None:
    """Refuse what is no array and no list: a single value, a dict, what can be gone through but once."""
    is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    if not is_list and not hasattr(value, "__array__"):
        raise TypeError(f"{what} is {type(value).__name__}; it must be an array or a list")


def unmasked(value: Any) -> Array:
    """An array in which masked values are missing ones: NaN among numbers, None among others."""
    if not np.ma.is_masked(value):
        return np.asarray(value)
    is_number = value.dtype.kind in "iuf"
    filled: Array = np.asarray(value.data).astype(np.float64 if is_number else object)
    filled[np.ma.getmaskarray(value)] = np.nan if is_number else None
    return filled


def as_states(value: Any, dtype: Any, what: str) -> list[Array]:
    """The arrays ``(B, STATES, H)`` of a state."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{what} is {type(value).__name__}; it must be a list of arrays (B, STATES, H), as forward gives it")
    arrays = [as_array(part, dtype, f"{what}[{k}]") for k, part in enumerate(value)]
    for k, array in enumerate(arrays):
        if array.ndim != 3:
            raise ValueError(f"{what}[{k}] has the shape {array.shape}; it must be (B, STATES, H)")
    return arrays


def as_dtype(value: Any) -> np.dtype[Any]:
    """A number type by NumPy's name, the program's (``f32``, ``f64``), or itself."""
    try:
        dtype = np.dtype({"f32": "float32", "f64": "float64"}.get(value, value) if isinstance(value, str) else value)
    except TypeError:
        dtype = None
    if value is None or dtype not in (np.float32, np.float64):
        raise ValueError(f'dtype is {value!r}; it must be "float32" or "float64", which are also "f32" and "f64"')
    return dtype


def as_finite(value: Any, what: str) -> float:
    """A number, of Python's or of NumPy's, that is finite."""
    if not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{what} is {value!r}; it must be a number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"{what} is beyond all numbers of 64 bits; it must be a finite number") from None
    if not np.isfinite(number):
        raise ValueError(f"{what} is {value}; it must be a finite number")
    return number


#: The largest number that 64 bits hold.
_MOST = 2**64 - 1


def as_count(value: Any, what: str, least: int = 0) -> int:
    """A whole number, of Python's or of NumPy's."""
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} is {value!r}; it must be a whole number") from None
    if count < least:
        raise ValueError(f"{what} is {count}; it must be at least {least}")
    if count > _MOST:
        raise ValueError(f"{what} is {count}; it must be at most {_MOST}")
    return count


def as_text(value: Any, what: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is {value!r}; it must be a text")
    return value


def as_truth(value: Any, what: str) -> bool:
    """A truth value, of Python's or of NumPy's."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what} is {value!r}; it must be True or False")
    return bool(value)


def as_choice(value: Any, what: str, choices: Sequence[str]) -> str:
    """One of some texts."""
    if not isinstance(value, str) or value not in choices:
        *others, last = (f'"{choice}"' for choice in choices)
        raise ValueError(f"{what} is {value!r}; it must be {', '.join(others)} or {last}")
    return str(value)


def is_list(value: Any) -> bool:
    """Is it a list of sequences, rather than one array?"""
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(np.ndim(part) == 2 for part in value)
