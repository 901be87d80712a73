"""A fitted estimator row by row, as `elman stream` answers."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .data import as_text, is_none
from .remarks import warn

if TYPE_CHECKING:
    from . import _elman


class RowStream:
    """A fitted estimator that reads rows as they come: see :meth:`Forecaster.stream`.

    Parameters
    ----------
    model : Model
        What the estimator has learned.
    verbose : int, default 1
        0 keeps back the warnings about what was no category in training.

    Attributes
    ----------
    names : tuple of str
        What a row has, in order: what tells its series, where rows of several come, then its values in their own units, or
        the categories that they are.
    answers : tuple of str
        What an answer has.

    Examples
    --------
    >>> import elman
    >>> data = elman.airline()
    >>> stream = elman.Forecaster(transform="log-difference", epochs=5, verbose=0).fit(data).stream()
    >>> stream.names
    ('passengers', 'place in the season of 12')
    >>> for n, passengers in enumerate(data["passengers"]):
    ...     answer = stream.step({"passengers": passengers, "place in the season of 12": n % 12})
    >>> list(answer)
    ['passengers_forecast']
    """

    def __init__(self, model: _elman.Model, verbose: int = 1) -> None:
        self._stream = model.stream()
        self._verbose = verbose
        ids, inputs, answers = self._stream.names()
        self._all_names = (*ids, *inputs)
        self._ids = len(ids)
        self._categories = self._stream.categories()
        self.names: tuple[str, ...] = self._all_names if self._stream.needs_ids() else (*inputs,)
        self.answers: tuple[str, ...] = tuple(answers)

    def step(self, row: Any) -> dict[str, float] | None:
        """Read the next row; give the answer for what has come so far.

        Parameters
        ----------
        row : mapping, sequence of values or number
            The values by their :attr:`names`, of which there may be others, or in their order: numbers, and categories as
            they stood in the training data. What was no category there is none, as for ``predict``, with a warning. A mapping
            may name a row's sequence as well: each has a stream of its own within this one.

        Returns
        -------
        dict of float, or None
            The numbers or probabilities by their names, those that ``predict`` gives for the rows so far; None while there is
            too little to look back on, and for a row that is left out since a value is missing.

        Raises
        ------
        ValueError
            If a value is missing and the model was not told what becomes of that, or is no finite number. The stream stands
            where it stood.
        """
        names, values = self._values(row)
        ids = len(names) - len(self._categories)
        series = [_name(name, value) for name, value in zip(names, values[:ids])]
        cells = [
            as_text(value) if is_category else _number(name, value)
            for name, value, is_category in zip(names[ids:], values[ids:], self._categories)
        ]
        answer, remarks = self._stream.step(series, cells)
        if self._verbose and remarks:
            warn(remarks)
        return None if answer is None else dict(zip(self.answers, answer))

    def reset(self) -> None:
        """Back to before the first row."""
        self._stream.reset()

    def _values(self, row: Any) -> tuple[tuple[str, ...], list[Any]]:
        """A row's names and its values in their order."""
        wanted = ", ".join(self.names)
        if hasattr(row, "keys"):
            has_ids = all(name in row for name in self._all_names[: self._ids])
            names = self._all_names if has_ids else self.names
            missing = [name for name in names if name not in row]
            if missing:
                raise ValueError(f"{missing[0]!r} is missing in the row; give {wanted}")
            return names, [row[name] for name in names]
        if isinstance(row, (str, bytes, Set)):
            raise TypeError(f"a row is of type {type(row).__name__}; give {wanted}")
        values = list(np.ravel(row)) if isinstance(row, np.ndarray) else list(row) if isinstance(row, Iterable) else [row]
        if len(values) != len(self.names):
            raise ValueError(f"the row has {len(values)} values; give {len(self.names)}: {wanted}")
        return self.names, values


def _name(name: str, value: Any) -> str:
    if value is None or value != value:
        raise ValueError(f"{name!r} is {value}; give the name of a series")
    return str(value)


def _number(name: str, value: Any) -> float:
    if is_none(value):
        return float("nan")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, np.timedelta64):
        return float(value / np.timedelta64(1, "s"))
    # Others of NumPy's, such as complex ones and times, say that they can be told as a number, and cannot.
    can_be = hasattr(value, "__float__") and not isinstance(value, (str, bytes, np.ndarray, np.generic))
    if not isinstance(value, (Real, np.bool_)) and not can_be:
        raise ValueError(f"{name!r} is {value!r}; give a number")
    return float(value)
