"""The estimator of numbers and classes for every timestep."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _elman
from .answers import like
from .arrays import refuse_single
from .data import Column, columns_of, is_frame, is_path, sequences_of, table_of
from .estimator import figures_by_name
from .labels import as_labels, different, known_as, labels_of, refuse_twins, texts_of
from .listed import are_frames
from .sequences import Grouped

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .keywords import LabelerOptions


def _is_list(X: Any) -> bool:
    """Are these sequences one by one, which need not be equally long?"""
    return isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1)


def _parts(y: Any, is_flat: bool) -> list[Any]:
    """The targets of each sequence, or of all together."""
    refuse_single(y, "y")
    return [as_labels(y)] if is_flat else [as_labels(part) for part in y]


def _known(y: Any, is_flat: bool) -> Any:
    """The different values that are not missing, in their own type."""
    return different(np.concatenate([part.reshape(-1) for part in _parts(y, is_flat)]))


def _refuse_lengths(targets: list[int], lengths: list[int]) -> None:
    """Refuse targets that are not as many as the timesteps of sequences."""
    if sum(targets) != sum(lengths):
        raise ValueError(f"y has {sum(targets)} targets, but X has {sum(lengths)} timesteps")
    for n, (found, wanted) in enumerate(zip(targets, lengths)):
        if found != wanted:
            raise ValueError(f"y[{n}] has {found} targets, but X[{n}] has {wanted} timesteps")


class SequenceLabeler(Grouped):
    """A number or a class for every timestep of a sequence.

    Parameters
    ----------
    {options}

    Attributes
    ----------
    classes_ : array or None
        The classes, in the type of ``y`` or of a frame's column; None where the answers are numbers.
    history_ : dict
        ``train_loss``, ``validation_loss`` and ``learning_rate`` of each epoch.
    test_ : dict
        Figures of the model and of naive predictors on the sequences kept for the test.
    remarks_ : list of str
        What was guessed, left out or put right.

    Examples
    --------
    >>> import numpy as np, elman
    >>> X = np.random.default_rng(0).normal(size=(20, 30, 1))
    >>> labeler = elman.SequenceLabeler(epochs=5, verbose=0).fit(X, np.cumsum(X[:, :, 0], axis=1))
    >>> labeler.predict(X[:2]).shape
    (2, 30)
    """

    _task = "label"
    classes_: Any

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[LabelerOptions]) -> None: ...

    def fit(self, X: Any, y: Any = None) -> SequenceLabeler:
        """Train on sequences and test on a share of them, or of a single one on its end.

        Parameters
        ----------
        X : array (n, T, I), array (n, T), list of arrays (T_i, I) or of frames, data frame, dict, or path
            A frame is long: a row for each timestep. A column ``id`` (option ``id``) or ``unique_id`` tells sequences apart;
            without one it is a single recording. Of a CSV file of more than 64 MiB the rows stay where they are, if they are plain;
            such a file may be larger than memory, and must not change meanwhile.
        y : array (n, T) or (n, T, K), list of arrays (T_i,) or (T_i, K), optional
            A number, K numbers or a class for each timestep, NaN, None or masked where it is not known; of a frame one for
            each row, by default its column ``target``.
        """
        frame = self._fit_sequences(X, y)
        is_class = self._answer(self.model_)[0] == "class"
        labels = None if not is_class else self._labels_in(frame) if y is None else _known(y, is_frame(X))
        self._take_classes(self.model_, labels)
        self._remark(self.remarks_)
        return self

    @staticmethod
    def _opened(path: Any) -> _elman.Table:
        return _elman.Table.open_long(os.fsdecode(path))

    def _targets(self, y: Any, lengths: list[int] | None) -> dict[str, Column]:
        parts = _parts(y, lengths is None)
        if any(part.ndim not in (1, 2) or part.shape[1:] != parts[0].shape[1:] for part in parts):
            raise ValueError("y must have one target for each timestep, or as many for each: (n, T) or (n, T, K)")
        if lengths is not None:
            _refuse_lengths([len(part) for part in parts], lengths)
        rows = np.concatenate(parts)
        if rows.dtype.kind in "iuf":
            values = rows.astype(np.float64).reshape(len(rows), -1)
            if np.isinf(values).any():
                raise ValueError("y contains infinity; a target is finite, or NaN where it is not known")
            names = ["target"] if values.shape[1] == 1 else [f"target{k}" for k in range(values.shape[1])]
            return {name: np.ascontiguousarray(values[:, k]) for k, name in enumerate(names)}
        refuse_twins(_known(rows, True))
        return {"target": texts_of(rows.reshape(-1))}

    def _spread_over(self, column: Column, lengths: list[int]) -> Column:
        return column

    def _spread(self, columns: dict[str, Column], column: Column, id_name: str) -> Column:
        rows = len(next(iter(columns.values())))
        if len(column) != rows:
            raise ValueError(f"y has {len(column)} targets, but the data frame has {rows} rows")
        return column

    def _answer(self, model: _elman.Model) -> tuple[str, dict[str, Any]]:
        """What is told of a row, ``"numbers"`` or ``"class"``, and how."""
        ((kind, answer),) = json.loads(model.task_json)["label"]["answer"].items()
        return kind, answer

    def _grouping(self, model: _elman.Model) -> dict[str, Any]:
        grouping: dict[str, Any] = self._answer(model)[1]["grouping"]
        return grouping

    def _target_names(self) -> list[str]:
        names = self._grouping(self._fitted())["target"]
        return names if isinstance(names, list) else [names]

    def _take_classes(self, model: _elman.Model, labels: Any = None) -> None:
        """The model's classes, if it tells any, as these labels, or as its names tell them."""
        kind, answer = self._answer(model)
        if kind == "class":
            names = answer["classes"]
            self.classes_, self._class_names = known_as(labels_of(names) if labels is None else labels, names)
        else:
            self.classes_ = None

    def _take_model(self, model: _elman.Model) -> None:
        super()._take_model(model)
        self._take_classes(model)

    def _lengths(self, X: Any) -> list[int]:
        """The timesteps of each sequence, of arrays or of frames in a list."""
        if are_frames(X):
            return [len(next(iter(columns_of(frame).values()))) for frame in X]
        return [len(sequence) for sequence in sequences_of(X, self.layout)]

    def _labels(self, X: Any, names: list[str]) -> Any:
        """Answers of these columns, as the sequences came: rows of values."""
        columns, _ = self._answers(X)
        rows = np.stack([np.asarray(columns[name], dtype=np.float64) for name in names], axis=1)
        parts = np.split(rows, np.cumsum(self._lengths(X))[:-1])
        return parts if _is_list(X) else np.stack(parts)

    def predict(self, X: Any) -> Any:
        """The answers for every timestep, in the form of ``y``.

        An array for an array; a list of arrays for a list, a tuple or an array of arrays; a frame for a frame, with a row for
        each of its rows and, of pandas, its index.
        """
        self._fitted()
        if is_path(X) or is_frame(X):
            columns, kind = self._answers(X)
            return like(columns if self.classes_ is None else self._as_labels(columns), kind, rows=True)
        if self.classes_ is not None:
            probabilities, classes = self.predict_proba(X), self.classes_
            most = [classes[np.argmax(part, axis=1)] for part in probabilities]
            return most if _is_list(X) else np.stack(most)
        names = [f"{name}_predicted" for name in self._target_names()]
        labels = self._labels(X, names)
        if len(names) > 1:
            return labels
        return [part[:, 0] for part in labels] if _is_list(X) else labels[:, :, 0]

    def predict_proba(self, X: Any) -> Any:
        """The probabilities of the classes ``(n, T, classes)``, in the order of ``classes_``; for a list a list."""
        self._fitted()
        if self.classes_ is None:
            raise AttributeError("the targets are numbers, which have no probabilities")
        return self._labels(X, [f"probability_{name}" for name in self._class_names])

    def score(self, X: Any, y: Any = None) -> float:
        """The share of right classes, or the coefficient of determination, over the timesteps with a target.

        Of several targets it is the mean.

        Parameters
        ----------
        X : as in :meth:`fit`
            The sequences.
        y : as in :meth:`fit`, optional
            Their targets; of a frame by default its column ``target``.
        """
        if is_frame(X):
            columns = columns_of(X)
            targets = {} if y is None else self._targets(y, None)
        elif y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        else:
            columns, targets = self._long(X), self._targets(y, self._lengths(X))
        for name, column in zip(self._target_names(), targets.values()):
            columns[name] = self._spread(columns, column, "")
        figures, _ = self._fitted().evaluate(table_of(columns))
        figure = "r2" if self.classes_ is None else "accuracy"
        return float(figures_by_name(json.loads(figures))["elman"][figure] or 0.0)
