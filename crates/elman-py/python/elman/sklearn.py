"""The estimators as scikit-learn's: derived from its ``BaseEstimator``, for tools that ask for that.

Most of its tools take whatever has an estimator's manners, as :class:`elman.SequenceClassifier` does. Some want its base class, such
as ``make_pipeline`` of aeon and of sktime. To import that takes a second, so it is not done for all: here are the same estimators,
with the same names, options and answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin  # type: ignore[import-untyped, unused-ignore]

from . import estimators

__all__ = ["Forecaster", "SequenceClassifier", "SequenceLabeler", "SequenceRegressor", "TextModel"]

if TYPE_CHECKING:
    # With their options: scikit-learn has no types, and what is derived from it may be anything.
    from .estimators import Forecaster, SequenceClassifier, SequenceLabeler, SequenceRegressor, TextModel
else:

    def _derived(kind: type[estimators.Estimator], *mixins: type) -> type[estimators.Estimator]:
        """The same class, with scikit-learn's behind it."""
        own: dict[str, Any] = {"__module__": __name__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
        # A notebook shows the model's own table in place of a diagram.
        own["_repr_mimebundle_"] = None
        return type(kind.__name__, (kind, *mixins, BaseEstimator), own)

    Forecaster = _derived(estimators.Forecaster)
    SequenceClassifier = _derived(estimators.SequenceClassifier, ClassifierMixin)
    SequenceLabeler = _derived(estimators.SequenceLabeler)
    SequenceRegressor = _derived(estimators.SequenceRegressor, RegressorMixin)
    TextModel = _derived(estimators.TextModel)
