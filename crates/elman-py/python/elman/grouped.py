"""The estimators of many sequences: classes and numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _elman
from .answers import like
from .arrays import Array, as_array, refuse_single
from .data import Column, collected, is_none
from .labels import agreement, as_labels, known_as, labels_of, refuse_twins, texts_of
from .routing import Weighted
from .sequences import Grouped

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .keywords import ClassifierOptions, RegressorOptions


class SequenceClassifier(Weighted, Grouped):
    """A class for each sequence.

    Parameters
    ----------
    {options}

    Attributes
    ----------
    classes_ : array
        The classes, sorted, in the type of ``y`` or of a frame's column.
    history_ : dict
        ``train_loss``, ``validation_loss`` and ``learning_rate`` of each epoch.
    test_ : dict
        Figures of the model and of naive predictors on the sequences kept for the test.
    remarks_ : list of str
        What was guessed, left out or put right.

    Examples
    --------
    >>> import numpy as np, elman
    >>> X = np.random.default_rng(0).normal(size=(40, 12, 1)) + np.repeat([0, 2], 20)[:, None, None]
    >>> y = np.repeat(["low", "high"], 20)
    >>> classifier = elman.SequenceClassifier(search=False, epochs=20, verbose=0).fit(X, y)
    >>> classifier.predict(X[:1]).tolist()
    ['low']
    """

    _task = "classify"
    _estimator_type = "classifier"

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[ClassifierOptions]) -> None: ...

    def fit(self, X: Any, y: Any = None) -> SequenceClassifier:
        """Train on sequences and test on a share of them.

        Parameters
        ----------
        X : array (n, T, I), array (n, T), list of arrays (T_i, I) or of frames, data frame, dict, or path
            Of an array ``(n, T)`` each row is a sequence of single values, as in aeon and sktime. A frame is long: a row for
            each timestep, a column ``id`` (option ``id``) or ``unique_id`` that tells sequences apart; or wide: a row for each sequence, its
            values in at least 15 numbered columns (``t1``, ``t2``, ...); or as sktime has it, with an index of sequences
            and timesteps, or a row for each sequence whose cells are series. Texts, in a list or a frame's only column, are
            sequences of characters.
        y : array (n,), optional
            A class for each sequence, in the order in which they come; of a frame by default its column ``target``.
        """
        labels = None if y is None else self._labels(y)
        frame = self._fit_sequences(X, labels)
        self._take_classes(self._labels_in(frame) if labels is None else np.unique(labels))
        self._remark(self.remarks_)
        return self

    @staticmethod
    def _labels(y: Any) -> Array:
        """A class for each sequence or row, none of them missing."""
        labels = as_labels(y)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1:
            raise ValueError(f"y has the shape {labels.shape}; it must be (n,)")
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            raise ValueError("y contains NaN or infinity")
        if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
            raise ValueError("Unknown label type: continuous; classes are names or whole numbers")
        if labels.dtype.kind in "OmM" and any(is_none(label) for label in labels):
            raise ValueError("y has a class that is None, NaN or masked; leave out the sequences of which none is known")
        return labels

    def _targets(self, y: Array, lengths: list[int] | None) -> dict[str, Column]:
        try:
            classes = np.unique(y)
        except TypeError as error:
            kinds = sorted({type(label).__name__ for label in y})
            raise TypeError(f"y has classes of the types {', '.join(kinds)}, which have no order; give them all one") from error
        if len(classes) == 1:
            raise ValueError(f"y has one class, {classes.tolist()[0]!r}; at least two are needed to tell them apart")
        refuse_twins(classes)
        return {"target": texts_of(y)}

    def _take_classes(self, labels: Array | None) -> None:
        """The model's classes as these labels, or as its names tell them."""
        names = json.loads(self.model_.task_json)["classify"]["classes"]
        self.classes_, self._class_names = known_as(labels_of(names) if labels is None else labels, names)

    def _probabilities(self, X: Any) -> tuple[Array, dict[str, Any], Any]:
        columns, kind = self._answers(X)
        by_name = {
            name.removeprefix("probability_"): np.asarray(column)
            for name, column in columns.items()
            if name.startswith("probability_")
        }
        return np.stack([by_name[name] for name in self._class_names], axis=1), columns, kind

    def predict_proba(self, X: Any) -> Array:
        """The probabilities of the classes ``(n, classes)``, in the order of ``classes_``."""
        return self._probabilities(X)[0]

    def predict(self, X: Any) -> Any:
        """The classes of sequences.

        An array for arrays and for a frame with a sequence in each row; a frame with a row for each sequence for a long one.
        """
        probabilities, columns, kind = self._probabilities(X)
        if kind is not None:
            return like(self._as_labels(columns), kind)
        return self.classes_[np.argmax(probabilities, axis=1)]

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The share of sequences that are classified rightly.

        Parameters
        ----------
        X : as in :meth:`fit`
            The sequences.
        y : array (n,), optional
            Their classes; of a frame by default its column ``target``. They are told apart as in training: ``1`` and
            ``"1"`` are the same, and one that was not there is wrong.
        sample_weight : array (n,), optional
            How much each sequence counts beside the others, at least 0; by default all count alike. It needs ``y``.
        """
        if y is None:
            return self._own_score(X, "accuracy", sample_weight)
        labels, X = self._labels(y), collected(X)
        predicted = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        labels = self._for_sequences(X, labels, len(predicted))
        weights = self._weights(X, sample_weight, len(predicted))
        return float(np.average(agreement(predicted, labels, self._class_names), weights=weights))

    def _take_model(self, model: _elman.Model) -> None:
        super()._take_model(model)
        self._take_classes(None)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.classifier_tags, tags.target_tags.required = "classifier", ClassifierTags(), True
        return tags


class SequenceRegressor(Weighted, Grouped):
    """Numbers for each sequence.

    Parameters
    ----------
    {options}

    Attributes
    ----------
    history_ : dict
        ``train_loss``, ``validation_loss`` and ``learning_rate`` of each epoch.
    test_ : dict
        Figures of the model and of naive predictors on the sequences kept for the test.
    remarks_ : list of str
        What was guessed, left out or put right.

    Examples
    --------
    >>> import numpy as np, elman
    >>> X = np.random.default_rng(0).normal(size=(60, 8, 1))
    >>> regressor = elman.SequenceRegressor(epochs=30, verbose=0).fit(X, X.mean(axis=(1, 2)))
    >>> regressor.predict(X[:2]).shape
    (2,)
    """

    _task = "regress"
    _estimator_type = "regressor"

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[RegressorOptions]) -> None: ...

    def fit(self, X: Any, y: Any = None) -> SequenceRegressor:
        """Train on sequences and test on a share of them.

        Parameters
        ----------
        X : array (n, T, I), array (n, T), list of arrays (T_i, I) or of frames, data frame, dict, or path
            Of an array ``(n, T)`` each row is a sequence of single values, as in aeon and sktime. A frame is long: a row for
            each timestep, a column ``id`` (option ``id``) or ``unique_id`` that tells sequences apart; or wide: a row for each sequence, its
            values in at least 15 numbered columns (``t1``, ``t2``, ...); or as sktime has it, with an index of sequences
            and timesteps, or a row for each sequence whose cells are series. Texts, in a list or a frame's only column, are
            sequences of characters.
        y : array (n,) or (n, K), optional
            Numbers for each sequence, in the order in which they come; of a frame by default its column ``target``.
        """
        self._fit_sequences(X, y)
        self._remark(self.remarks_)
        return self

    @staticmethod
    def _numbers(y: Any) -> Array:
        """Numbers ``(n,)`` or ``(n, K)``, none of them missing."""
        refuse_single(y, "y")
        values = as_array(y, np.float64, "y")
        if values.ndim not in (1, 2):
            raise ValueError(f"y has the shape {values.shape}; it must be (n,) or (n, K)")
        if not np.isfinite(values).all():
            raise ValueError("y contains NaN or infinity")
        return values

    def _targets(self, y: Any, lengths: list[int] | None) -> dict[str, Column]:
        values = self._numbers(y)
        if values.ndim == 1:
            return {"target": np.ascontiguousarray(values)}
        return {f"target{k}": np.ascontiguousarray(values[:, k]) for k in range(values.shape[1])}

    def predict(self, X: Any) -> Any:
        """Numbers for sequences.

        An array for arrays and for a frame with a sequence in each row; a frame with a row for each sequence for a long one.
        """
        columns, kind = self._answers(X)
        if kind is not None:
            return like(columns, kind)
        values = self._predicted(columns)
        return values[:, 0] if values.shape[1] == 1 else values

    @staticmethod
    def _predicted(columns: dict[str, Any]) -> Array:
        """The answers ``(n, K)``."""
        return np.stack([np.asarray(column) for name, column in columns.items() if name.endswith("_predicted")], axis=1)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The coefficient of determination, the mean over targets.

        Parameters
        ----------
        X : as in :meth:`fit`
            The sequences.
        y : array (n,) or (n, K), optional
            Their numbers; of a frame by default its column ``target``.
        sample_weight : array (n,), optional
            How much each sequence counts beside the others, at least 0; by default all count alike. It needs ``y``.
        """
        if y is None:
            return self._own_score(X, "r2", sample_weight)
        truth, X = self._numbers(y), collected(X)
        predicted = self._predicted(self._answers(X)[0])
        truth = self._for_sequences(X, truth.reshape(len(truth), -1), len(predicted))
        if truth.shape[1] != predicted.shape[1]:
            raise ValueError(f"y has {truth.shape[1]} numbers for each sequence, but the model tells {predicted.shape[1]}")
        weights = self._weights(X, sample_weight, len(predicted))
        errors = np.average((predicted - truth) ** 2, axis=0, weights=weights)
        spread = np.average((truth - np.average(truth, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
        return float(
            np.mean(np.where(spread > 0, 1 - errors / np.where(spread > 0, spread, 1), np.where(errors > 0, 0, 1)))
        )

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.regressor_tags, tags.target_tags.required = "regressor", RegressorTags(), True
        tags.target_tags.multi_output = True
        return tags
