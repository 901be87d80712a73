"""What is said of data and answers, as warnings of the line that asked for them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable

__all__ = ["Remark", "warn"]


class Remark(UserWarning):
    """What was guessed, left out or put right on the way from data to answers."""


def warn(remarks: Iterable[str]) -> None:
    """Warn of the line outside this package that led here."""
    package, level, frame = __name__.partition(".")[0], 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        level, frame = level + 1, frame.f_back
    for remark in remarks:
        warnings.warn(remark, Remark, stacklevel=level)
