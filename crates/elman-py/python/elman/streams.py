"""A fitted estimator row by row, as `elman stream` answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from . import _elman


class RowStream:
    """A fitted estimator that reads rows as they come: see :meth:`Forecaster.stream`.

    Attributes
    ----------
    names : tuple of str
        What a row has, in order: what tells its series, where rows of several come, then its values in their own units.
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

    def __init__(self, model: _elman.Model) -> None:
        self._stream = model.stream()
        ids, inputs, answers = self._stream.names()
        self._ids = len(ids)
        self.names: tuple[str, ...] = (*ids, *inputs)
        self.answers: tuple[str, ...] = tuple(answers)

    def step(self, row: Any) -> dict[str, float] | None:
        """Read the next row; give the answer for what has come so far.

        Parameters
        ----------
        row : mapping, sequence of values or number
            The values by their :attr:`names`, of which there may be others, or in their order. A category is a value for
            each that there is: 1 for the one that it is and 0 for the others.

        Returns
        -------
        dict of float, or None
            The numbers or probabilities by their names, those that ``predict`` gives for the rows so far; None while there is
            too little to look back on.

        Raises
        ------
        ValueError
            If a value is missing, or is no finite number. The stream stands where it stood.
        """
        values = self._values(row)
        series = [_name(name, value) for name, value in zip(self.names, values[: self._ids])]
        numbers = [_number(name, value) for name, value in zip(self.names[self._ids :], values[self._ids :])]
        answer = self._stream.step(series, numbers)
        return None if answer is None else dict(zip(self.answers, answer))

    def reset(self) -> None:
        """Back to before the first row."""
        self._stream.reset()

    def _values(self, row: Any) -> list[Any]:
        """A row's values in the order of the names."""
        wanted = ", ".join(self.names)
        if hasattr(row, "keys"):
            missing = [name for name in self.names if name not in row]
            if missing:
                raise ValueError(f"{missing[0]!r} is missing in the row; give {wanted}")
            return [row[name] for name in self.names]
        if isinstance(row, (str, bytes)):
            raise TypeError(f"a row is of type {type(row).__name__}; give {wanted}")
        values = list(np.ravel(row)) if isinstance(row, np.ndarray) else list(row) if isinstance(row, Iterable) else [row]
        if len(values) != len(self.names):
            raise ValueError(f"the row has {len(values)} values; give {len(self.names)}: {wanted}")
        return values


def _name(name: str, value: Any) -> str:
    if value is None or value != value:
        raise ValueError(f"{name!r} is {value}; give the name of a series")
    return str(value)


def _number(name: str, value: Any) -> float:
    is_number = isinstance(value, (int, float, np.integer, np.floating, np.bool_)) or hasattr(value, "__float__")
    if not is_number or isinstance(value, (str, bytes, np.ndarray)):
        raise ValueError(f"{name!r} is {value!r}; give a number")
    return float(value)
