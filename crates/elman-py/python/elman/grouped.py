"""The estimators of many sequences: classes and numbers."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import numpy as np

from . import _elman
from .answers import like
from .arrays import Array, as_array
from .data import (
    Column,
    collected,
    columns_of,
    is_frame,
    is_path,
    long_columns,
    refuse_missing,
    sequences_of,
    table_of,
    unnested,
)
from .estimator import Estimator, figures_by_name
from .labels import agreement, known_as, labels_of, refuse_twins, text_of


class _Grouped(Estimator):
    """What the estimators of many sequences have in common."""

    def _fit_sequences(self, X: Any, y: Any) -> None:
        options, X = self._options(), collected(X)
        is_indexed = is_frame(X)
        X = unnested(X, options.get("id") or "id", self.layout)
        if is_path(X):
            if y is not None:
                raise ValueError("a file has its targets in a column; leave y out")
            table = _elman.Table.open(os.fspath(X))
            names = table.headers
        elif is_frame(X):
            columns = columns_of(X)
            names = list(columns)
            if y is not None:
                targets = self._targets(y, None)
                for name, column in targets.items():
                    if name in names:
                        raise ValueError(
                            f"X has a column {name!r}, and y tells the targets; leave y out, or drop or rename the column"
                        )
                    columns[name] = self._spread(columns, column, options.get("id") or "id")
                options["target"] = ",".join(targets)
            table = table_of(columns)
        else:
            sequences = sequences_of(X, self.layout)
            if y is None:
                raise ValueError(
                    "requires y to be passed, but the target y is None"
                    + (
                        ": a frame whose index tells sequences and timesteps has features alone. Pass y, or make columns of "
                        "the index: reset_index()"
                        if is_indexed
                        else ""
                    )
                )
            if options.get("missing") is None:
                refuse_missing(sequences)
            columns, names = long_columns(sequences), None
            lengths = [len(sequence) for sequence in sequences]
            for name, column in self._targets(y, lengths).items():
                columns[name] = self._spread_over(column, lengths)
            options["target"] = ",".join(name for name in columns if name.startswith("target"))
            table = table_of(columns)
        self._fit(table, options)
        self._take_features(names, sequences[0].shape[1] if names is None else 0)

    def _take_features(self, names: list[str] | None, width: int) -> None:
        """What scikit-learn calls the features: the columns that tell neither ids, times nor targets, or values of arrays."""
        if names is None:
            self.n_features_in_ = width
            vars(self).pop("feature_names_in_", None)
            return
        grouping = self._grouping(self.model_)
        targets = grouping["target"] if isinstance(grouping["target"], list) else [grouping["target"]]
        others = {grouping.get("id"), grouping.get("time"), self._options().get("group"), *targets}
        self.feature_names_in_ = np.array([name for name in names if name not in others], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)

    def _targets(self, y: Any, lengths: list[int] | None) -> dict[str, Column]:
        """The columns of targets: for sequences of these lengths, or for a frame."""
        raise NotImplementedError

    def _spread_over(self, column: Column, lengths: list[int]) -> Column:
        """A target for each row of sequences of these lengths."""
        if len(column) != len(lengths):
            raise ValueError(f"y has {len(column)} targets, but X has {len(lengths)} sequences")
        if isinstance(column, list):
            return [text for text, n in zip(column, lengths) for _ in range(n)]
        return np.repeat(column, lengths)

    def _spread(self, columns: dict[str, Column], column: Column, id_name: str) -> Column:
        """A target for each row, where there may be one for each sequence."""
        ids = columns.get(id_name)
        if ids is None:
            raise ValueError(f"the data frame has no column {id_name!r} that tells sequences apart; name it with id")
        if len(column) == len(ids):
            return column
        places: dict[Any, int] = {}
        rows = [places.setdefault(i, len(places)) for i in ids]
        if len(column) != len(places):
            raise ValueError(f"y has {len(column)} targets, but there are {len(places)} sequences of {len(ids)} rows")
        return [column[n] for n in rows] if isinstance(column, list) else column[np.array(rows)]

    def _grouping(self, model: _elman.Model) -> dict[str, Any]:
        """The columns, as the model has them."""
        grouping: dict[str, Any] = json.loads(model.task_json)[self._task]["grouping"]
        return grouping

    def _answers(self, X: Any) -> tuple[dict[str, Any], Any]:
        """Answers by column in the order of the sequences, and the kind of frame that came in."""
        model = self._fitted()
        X = unnested(X, self._options().get("id") or "id", self.layout)
        if is_path(X):
            table, kind = _elman.Table.open(os.fspath(X)), {}
        elif is_frame(X):
            X = collected(X)
            table, kind = table_of(columns_of(X)), X
        else:
            sequences, kind = self._sequences(X), None
            if self._grouping(model).get("missing") is None:
                refuse_missing(sequences)
            table = table_of(long_columns(sequences))
        answers, remarks = model.predict(table)
        self._remark(remarks)
        return answers, kind

    def _sequences(self, X: Any) -> list[Array]:
        """Sequences out of arrays, which must have the values that the model reads."""
        sequences = sequences_of(X, self.layout)
        inputs = [feature["name"] for feature in self._grouping(self._fitted())["features"]]
        found, name = sequences[0].shape[1], type(self).__name__
        places = [int(input[1:]) for input in inputs if re.fullmatch(r"x[0-9]+", input)]
        if len(places) < len(inputs):
            raise ValueError(f"X is of arrays, but {name} learned from the columns {', '.join(inputs)}; give a frame with them")
        # A file tells what is read, not what there was beside it: values that never change are no inputs.
        is_known = hasattr(self, "n_features_in_") and not hasattr(self, "feature_names_in_")
        width = self.n_features_in_ if is_known else 1 + max(places)
        if found < width or (found > width and (is_known or _vary(sequences, width))):
            raise ValueError(
                f"X has {found} features, but {name} is expecting {width} features as input"
                + ("; of arrays (n, I, T) say so: layout=\"channels\"" if {*map(len, sequences)} == {width} else "")
            )
        return sequences

    def _for_sequences(self, X: Any, y: Array, count: int) -> Array:
        """Targets for so many sequences, where those of a frame may be told for each of its rows."""
        if len(y) == count:
            return y
        id_name = self._grouping(self._fitted())["id"]
        ids = columns_of(X).get(id_name) if is_frame(unnested(X, id_name, self.layout)) else None
        if ids is None or len(y) != len(ids):
            rows = "" if ids is None else f" of {len(ids)} rows"
            raise ValueError(f"y has {len(y)} targets, but X has {count} sequences{rows}")
        first: dict[Any, int] = {}
        starts = [first.setdefault(i, n) for n, i in enumerate(ids)]
        changed = np.flatnonzero((y != y[starts]).reshape(len(y), -1).any(axis=1))
        if len(changed):
            raise ValueError(f"y has several targets in the sequence of row {changed[0]}; a sequence has one")
        return y[list(first.values())]

    def _own_score(self, X: Any, figure: str) -> float:
        """A figure on sequences that bring their targets along, in a column."""
        if is_path(X):
            table = _elman.Table.open(os.fspath(X))
        elif is_frame(X):
            table = table_of(columns_of(X))
        else:
            raise ValueError("requires y to be passed, but the target y is None: arrays have no column of targets")
        figures, remarks = self._fitted().evaluate(table)
        self._remark(remarks)
        return float(figures_by_name(json.loads(figures))["elman"][figure] or 0.0)


class SequenceClassifier(_Grouped):
    """A class for each sequence.

    Parameters
    ----------
    {options}

    Attributes
    ----------
    classes_ : array
        The classes, sorted.
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

    def fit(self, X: Any, y: Any = None) -> SequenceClassifier:
        """Train on sequences and test on a share of them.

        Parameters
        ----------
        X : array (n, T, I), array (n, T), list of arrays (T_i, I), data frame, dict, or path
            A frame is long: a row for each timestep, a column ``id`` (option ``id``) that tells sequences apart; or as
            sktime has it, with an index of sequences and timesteps, or a row for each sequence whose cells are series.
        y : array (n,), optional
            A class for each sequence, in the order in which they come; of a frame by default its column ``target``.
        """
        labels = None if y is None else self._labels(y)
        self._fit_sequences(X, labels)
        self._take_classes(None if labels is None else np.unique(labels))
        return self

    @staticmethod
    def _labels(y: Any) -> Array:
        """A class for each sequence or row, none of them missing."""
        labels = np.asarray(y)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1:
            raise ValueError(f"y has the shape {labels.shape}; it must be (n,)")
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            raise ValueError("y contains NaN or infinity")
        if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
            raise ValueError("Unknown label type: continuous; classes are names or whole numbers")
        if labels.dtype.kind == "O":
            if any(label is None or label != label for label in labels):
                raise ValueError("y has a class that is None or NaN; leave out the sequences of which none is known")
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
        return {"target": [text_of(label) for label in y.tolist()]}

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
        """The classes of sequences: an array for arrays, for a frame one of a row for each sequence."""
        probabilities, columns, kind = self._probabilities(X)
        if kind is not None:
            return like(columns, kind)
        return self.classes_[np.argmax(probabilities, axis=1)]

    def score(self, X: Any, y: Any = None) -> float:
        """The share of sequences that are classified rightly.

        Parameters
        ----------
        X : as in :meth:`fit`
            The sequences.
        y : array (n,), optional
            Their classes; of a frame by default its column ``target``. They are told apart as in training: ``1`` and
            ``"1"`` are the same, and one that was not there is wrong.
        """
        if y is None:
            return self._own_score(X, "accuracy")
        labels, X = self._labels(y), collected(X)
        predicted = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        labels = self._for_sequences(X, labels, len(predicted))
        return float(np.mean(agreement(predicted, labels, self._class_names)))

    def _take_model(self, model: _elman.Model) -> None:
        super()._take_model(model)
        self._take_classes(None)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.classifier_tags, tags.target_tags.required = "classifier", ClassifierTags(), True
        return tags


class SequenceRegressor(_Grouped):
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

    def fit(self, X: Any, y: Any = None) -> SequenceRegressor:
        """Train on sequences and test on a share of them.

        Parameters
        ----------
        X : array (n, T, I), array (n, T), list of arrays (T_i, I), data frame, dict, or path
            A frame is long: a row for each timestep, a column ``id`` (option ``id``) that tells sequences apart; or as
            sktime has it, with an index of sequences and timesteps, or a row for each sequence whose cells are series.
        y : array (n,) or (n, K), optional
            Numbers for each sequence, in the order in which they come; of a frame by default its column ``target``.
        """
        self._fit_sequences(X, y)
        return self

    @staticmethod
    def _numbers(y: Any) -> Array:
        """Numbers ``(n,)`` or ``(n, K)``, none of them missing."""
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
        """Numbers for sequences: an array for arrays, for a frame one of a row for each sequence."""
        columns, kind = self._answers(X)
        if kind is not None:
            return like(columns, kind)
        values = self._predicted(columns)
        return values[:, 0] if values.shape[1] == 1 else values

    @staticmethod
    def _predicted(columns: dict[str, Any]) -> Array:
        """The answers ``(n, K)``."""
        return np.stack([np.asarray(column) for name, column in columns.items() if name.endswith("_predicted")], axis=1)

    def score(self, X: Any, y: Any = None) -> float:
        """The coefficient of determination, the mean over targets.

        Parameters
        ----------
        X : as in :meth:`fit`
            The sequences.
        y : array (n,) or (n, K), optional
            Their numbers; of a frame by default its column ``target``.
        """
        if y is None:
            return self._own_score(X, "r2")
        truth, X = self._numbers(y), collected(X)
        predicted = self._predicted(self._answers(X)[0])
        truth = self._for_sequences(X, truth.reshape(len(truth), -1), len(predicted))
        if truth.shape[1] != predicted.shape[1]:
            raise ValueError(f"y has {truth.shape[1]} numbers for each sequence, but the model tells {predicted.shape[1]}")
        errors = ((predicted - truth) ** 2).sum(axis=0)
        spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
        return float(
            np.mean(np.where(spread > 0, 1 - errors / np.where(spread > 0, spread, 1), np.where(errors > 0, 0, 1)))
        )

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.regressor_tags, tags.target_tags.required = "regressor", RegressorTags(), True
        tags.target_tags.multi_output = True
        return tags


def _vary(sequences: list[Array], start: int) -> bool:
    """Do values from this place on change anywhere?"""
    first = sequences[0][0, start:]
    return any((sequence[:, start:] != first).any() for sequence in sequences)
