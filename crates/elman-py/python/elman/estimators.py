"""Estimators in scikit-learn's manner, over the tasks and options of the program.

A further task's estimator is a class with the task's name, and what it answers.
"""

from __future__ import annotations

import os

from . import _elman
from .arrays import Path
from .estimator import Estimator, NotFittedError
from .forecaster import Backtest, Forecaster
from .grouped import SequenceClassifier, SequenceRegressor
from .labeler import SequenceLabeler
from .remarks import Remark
from .text import TextModel

__all__ = [
    "Backtest",
    "Estimator",
    "Forecaster",
    "NotFittedError",
    "Remark",
    "SequenceClassifier",
    "SequenceLabeler",
    "SequenceRegressor",
    "TextModel",
    "load",
]

_ESTIMATORS: dict[str, type[Estimator]] = {
    kind._task: kind for kind in (Forecaster, SequenceClassifier, SequenceLabeler, SequenceRegressor, TextModel)
}


def load(path: Path) -> Estimator:
    """A fitted estimator from a model file, of the class that its task is."""
    model = _elman.Model.open(os.fsdecode(path))
    new = _ESTIMATORS[model.task]()
    new._take_model(model)
    return new
