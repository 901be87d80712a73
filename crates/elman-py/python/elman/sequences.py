"""What the estimators of many sequences have in common: sequences in, of any form, and answers for each."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import numpy as np

from . import _elman
from .arrays import Array, as_array
from .data import (
    Column,
    collected,
    columns_of,
    ids_of,
    is_frame,
    is_path,
    long_columns,
    names_listed,
    refuse_missing,
    sequences_of,
    table_of,
    texts_in,
    unnested,
    usual_names,
    values_of,
)
from .estimator import Estimator, figures_by_name
from .labels import different, labelled
from .listed import are_frames, joined


class Grouped(Estimator):
    """What the estimators of many sequences have in common."""

    #: Of those that tell classes: these, and the model's name of each.
    classes_: Any
    _class_names: list[str]

    def _fit_sequences(self, X: Any, y: Any) -> Any:
        """Trains; gives the frame that has the targets in a column of its own, if it is one."""
        options, X = self._options(), collected(X)
        if y is not None and "target" in options:
            raise ValueError(f"target is {options['target']!r}, and y tells the targets; leave out one of them")
        if (texts := texts_in(X)) is not None:
            X = {"text": texts}
        came_as_frame = is_frame(X)
        X = unnested(X, options.get("id") or "id")
        names: list[str] | None
        width = 0
        if is_path(X):
            if y is not None:
                raise ValueError("a file has its targets in a column; leave y out")
            table = self._opened(X)
            names = table.headers
        elif is_frame(X):
            columns, names = self._of_frame(X, y, options)
            table = table_of(columns)
        else:
            if y is None:
                hint = (
                    ": a frame whose index tells sequences and timesteps has features alone. Pass y, or make columns of the index: "
                    "reset_index()"
                )
                raise ValueError(f"requires y to be passed, but the target y is None{hint if came_as_frame else ''}")
            columns, names, width = self._of_list(X, y, options)
            table = table_of(columns)
        try:
            self._fit(table, options)
        except ValueError as error:
            # Of frames to which targets were added: if rows were sequences, the library did not see it.
            if y is None or names is None or "tells sequences apart" not in str(error):
                raise
            raise ValueError(
                f"{error}; if each row is a sequence, give them as an array (n, T) or (n, T, I), or in a frame of at least 15 columns "
                "that are numbered"
            ) from None
        self._take_features(names, width)
        return X if y is None and is_frame(X) else None

    def _of_frame(self, X: Any, y: Any, options: dict[str, Any]) -> tuple[dict[str, Column], list[str]]:
        """The columns of a frame, with those of targets where they are given, and the names of its own; options for what is called
        as usual are put to the others."""
        columns = columns_of(X)
        names = list(columns)
        options.update(self._usual(names, options, y is not None))
        if y is not None:
            targets = self._targets(y, None)
            for name, column in targets.items():
                if name in names:
                    raise ValueError(
                        f"X has a column {name!r}, and y tells the targets; leave y out, or drop or rename the column"
                    )
                columns[name] = self._spread(columns, column, options.get("id") or "id")
            options["target"] = ",".join(targets)
        return columns, names

    def _of_list(
        self, X: Any, y: Any, options: dict[str, Any]
    ) -> tuple[dict[str, Column], list[str] | None, int]:
        """The columns of a long table out of arrays, or of frames in a list, with those of targets; the names of the frames' columns;
        and the values per timestep of arrays."""
        is_full, names, width = options.get("missing") is None, None, 0
        id_name = options.setdefault("id", "id")
        if are_frames(X):
            columns, lengths = joined(X, [id_name], is_full=is_full)
            names = [name for name in columns if name != id_name]
            options.update(self._usual(names, options, True))
        else:
            sequences = sequences_of(X, self.layout)
            if is_full:
                refuse_missing(sequences)
            columns, width = long_columns(sequences), sequences[0].shape[1]
            lengths = [len(sequence) for sequence in sequences]
        targets = self._targets(y, lengths)
        for name, column in targets.items():
            if name in columns:
                raise ValueError(f"X has a column {name!r}, and y tells the targets; drop or rename the column")
            columns[name] = self._spread_over(column, lengths)
        options["target"] = ",".join(targets)
        return columns, names, width

    def _labels_in(self, frame: Any) -> Array | None:
        """The different values in a frame's column of targets, if there is a frame and they have an order."""
        own = None if frame is None else values_of(frame, self._grouping(self.model_)["target"])
        try:
            return None if own is None else different(own)
        except TypeError:
            return None

    def _as_labels(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Answers with classes as they are in Python in place of their names."""
        name = f"{self._grouping(self._fitted())['target']}_predicted"
        return {**columns, name: labelled(columns[name], self.classes_, self._class_names)}

    @staticmethod
    def _usual(names: list[str], options: dict[str, Any], has_targets: bool) -> dict[str, str]:
        """What columns are taken for as they are called, unless there is one of a name that sequences have by default: ``y`` only
        beside ``unique_id`` or ``ds``, since by itself it may be an axis."""
        usual = usual_names(names, options)
        usual = {option: name for option, name in usual.items() if option == "time" or option not in names}
        if "target" in usual and len(usual) == 1:
            del usual["target"]
        if "target" in usual and has_targets:
            if options.get("features") is None:
                raise ValueError(
                    "X has a column 'y', and y tells the targets; leave y out, drop or rename the column, or name the inputs with "
                    "features"
                )
            del usual["target"]
        return usual

    def _take_features(self, names: list[str] | None, width: int) -> None:
        """What scikit-learn calls the features: the columns that tell neither ids, times nor targets, or values of arrays."""
        #: The values per timestep of arrays; None where that is not known.
        self._width = width if names is None else None
        vars(self).pop("feature_names_in_", None)
        if names is None:
            self.n_features_in_ = width
            return
        grouping = self._grouping(self.model_)
        targets = grouping["target"] if isinstance(grouping["target"], list) else [grouping["target"]]
        others = {*self._ids(grouping), grouping.get("time"), self._options().get("group"), *targets}
        self.feature_names_in_ = np.array([name for name in names if name not in others], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)

    def _take_model(self, model: _elman.Model) -> None:
        super()._take_model(model)
        grouping, inputs = self._grouping(model), self._inputs(model)
        places = self._places(inputs)
        if "in-rows" in grouping:
            self._width, self.n_features_in_ = None, grouping["in-rows"].get("length", 1)
        elif len(places) == len(inputs):
            # Of arrays, or of columns that are called so.
            self._width, self.n_features_in_ = None, 1 + max(places)
        else:
            self._take_features(inputs, 0)

    def _inputs(self, model: _elman.Model) -> list[str]:
        """The columns that a model reads."""
        return [feature["name"] for feature in self._grouping(model)["features"]]

    @staticmethod
    def _places(inputs: list[str]) -> list[int]:
        """Which values of arrays these columns are, of those that are any."""
        return [int(name[1:]) for name in inputs if re.fullmatch(r"x[0-9]+", name)]

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
        ids, rows = ids_of(columns, names_listed(id_name, columns)), len(next(iter(columns.values())))
        if len(column) == rows:
            # Without ids each row may be a sequence, which the library finds out, or refuses.
            return column
        if ids is None:
            raise ValueError(
                f"y has {len(column)} targets, but the data frame has {rows} rows and no column {id_name!r} that tells sequences "
                "apart; name it with id"
            )
        places: dict[Any, int] = {}
        sequence = [places.setdefault(i, len(places)) for i in ids]
        if len(column) != len(places):
            raise ValueError(f"y has {len(column)} targets, but there are {len(places)} sequences of {rows} rows")
        return [column[n] for n in sequence] if isinstance(column, list) else column[np.array(sequence)]

    def _grouping(self, model: _elman.Model) -> dict[str, Any]:
        """The columns, as the model has them."""
        grouping: dict[str, Any] = json.loads(model.task_json)[self._task]["grouping"]
        return grouping

    @staticmethod
    def _opened(path: Any) -> _elman.Table:
        """A file to learn from or to be measured on."""
        return _elman.Table.open(os.fsdecode(path))

    @staticmethod
    def _ids(grouping: dict[str, Any]) -> list[str]:
        """The columns that tell sequences apart, together."""
        ids = grouping.get("id", [])
        return [ids] if isinstance(ids, str) else ids

    def _answers(self, X: Any) -> tuple[dict[str, Any], Any]:
        """Answers by column in the order of the sequences, and the kind of the frame that they are to come in; None for arrays,
        and for a frame with a sequence in each row, whose answers stand in the order of its rows."""
        model = self._fitted()
        if (texts := texts_in(X)) is not None:
            in_rows = self._grouping(model).get("in-rows", {})
            if "text" not in in_rows:
                raise TypeError(f"X holds texts, but {type(self).__name__} learned from numbers")
            X = {in_rows["text"]: texts}
        X = unnested(X, self._options().get("id") or "id")
        if is_path(X):
            table, kind = _elman.Table.open(os.fsdecode(X)), {}
        elif is_frame(X):
            X = collected(X)
            table, kind = table_of(columns_of(X)), None if "in-rows" in self._grouping(model) else X
        elif "in-rows" in self._grouping(model):
            table, kind = table_of(self._rows(X)), None
        else:
            table, kind = table_of(self._long(X)), None
        answers, remarks = model.predict(table)
        self._remark(remarks)
        return answers, kind

    def _long(self, X: Any) -> dict[str, Column]:
        """Arrays, or frames in a list, as a long table: columns by name, where the model knows them by that."""
        grouping, inputs = self._grouping(self._fitted()), self._inputs(self._fitted())
        is_full, ids = grouping.get("missing") is None, self._ids(grouping) or ["id"]
        if are_frames(X) and (len(self._places(inputs)) < len(inputs) or {*inputs} <= {*columns_of(X[0])}):
            return joined(X, ids, is_full=is_full).columns
        sequences = self._sequences(X)
        if is_full:
            refuse_missing(sequences)
        columns = long_columns(sequences)
        numbers = columns.pop("id")
        return {**dict.fromkeys(ids, numbers), **columns}

    def _sequences(self, X: Any) -> list[Array]:
        """Sequences out of arrays, which must have the values that the model reads."""
        sequences = sequences_of(X, self.layout)
        inputs = self._inputs(self._fitted())
        found, name, places = sequences[0].shape[1], type(self).__name__, self._places(inputs)
        if len(places) < len(inputs):
            raise ValueError(f"X is of arrays, but {name} learned from the columns {', '.join(inputs)}; give a frame with them")
        # A file tells what is read, not what there was beside it: values that never change are no inputs.
        is_known = self._width is not None
        width = 1 + max(places) if self._width is None else self._width
        if found < width or (found > width and (is_known or _vary(sequences, width))):
            if {*map(len, sequences)} == {width}:
                hint = '; of arrays (n, I, T) say so: layout="channels"'
            elif found > width and not is_known:
                hint = f"; if it read the first {width} of these, give them alone: X[:, :, :{width}]"
            else:
                hint = ""
            raise ValueError(f"X has {found} features, but {name} is expecting {width} features as input{hint}")
        return sequences

    def _rows(self, X: Any) -> dict[str, Column]:
        """Sequences out of arrays as the rows of a table, for a model that learned from such a table."""
        in_rows = self._grouping(self._fitted())["in-rows"]
        if "text" in in_rows:
            raise ValueError(
                f"{type(self).__name__} learned from the texts in a column {in_rows['text']!r}; give a frame that has it"
            )
        sequences = sequences_of(X, self.layout)
        if sequences[0].shape[1] != 1:
            raise ValueError(
                f"X has {sequences[0].shape[1]} values per timestep, but {type(self).__name__} learned from rows of a frame, which "
                "have one"
            )
        rows = np.full((len(sequences), max(map(len, sequences))), np.nan)
        for row, sequence in zip(rows, sequences):
            row[: len(sequence)] = sequence[:, 0]
        names = list(getattr(self, "feature_names_in_", []))
        if len(names) != rows.shape[1]:
            names = [f"{in_rows['stem']}{t + 1}" for t in range(rows.shape[1])]
        return {name: np.ascontiguousarray(rows[:, t]) for t, name in enumerate(names)}

    def _for_sequences(self, X: Any, y: Array, count: int, name: str = "y", what: str = "targets") -> Array:
        """Targets, or what else is told by this name, for so many sequences, where those of a frame may be told for each of its
        rows."""
        if len(y) == count:
            return y
        names = self._ids(self._grouping(self._fitted()))
        ids = ids_of(columns_of(X), names) if is_frame(unnested(X, ",".join(names))) else None
        if ids is None or len(y) != len(ids):
            rows = "" if ids is None else f" of {len(ids)} rows"
            raise ValueError(f"{name} has {len(y)} {what}, but X has {count} sequences{rows}")
        first: dict[Any, int] = {}
        starts = [first.setdefault(i, n) for n, i in enumerate(ids)]
        changed = np.flatnonzero((y != y[starts]).reshape(len(y), -1).any(axis=1))
        if len(changed):
            raise ValueError(f"{name} has several {what} in the sequence of row {changed[0]}; a sequence has one")
        return y[list(first.values())]

    def _weights(self, X: Any, sample_weight: Any, count: int) -> Array:
        """How much each of so many sequences counts, the largest being 1."""
        if sample_weight is None:
            return np.ones(count)
        weights = as_array(sample_weight, np.float64, "sample_weight")
        if weights.ndim != 1:
            raise ValueError(f"sample_weight has the shape {weights.shape}; it must be (n,), a weight for each sequence")
        wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        if len(wrong):
            raise ValueError(f"sample_weight[{wrong[0]}] is {weights[wrong[0]]}; a weight must be finite and at least 0")
        weights = self._for_sequences(X, weights, count, "sample_weight", "weights")
        if not weights.any():
            raise ValueError("sample_weight is 0 for every sequence; at least one must count")
        scaled: Array = weights / weights.max()
        return scaled

    def _own_score(self, X: Any, figure: str, sample_weight: Any) -> float:
        """A figure on sequences that bring their targets along, in a column."""
        if sample_weight is not None:
            raise ValueError("sample_weight weighs the targets of y, which is None; pass y, of a frame its column of targets")
        if is_path(X):
            table = self._opened(X)
        elif is_frame(X):
            table = table_of(columns_of(X))
        else:
            raise ValueError("requires y to be passed, but the target y is None: arrays have no column of targets")
        figures, remarks = self._fitted().evaluate(table)
        self._remark(remarks)
        return float(figures_by_name(json.loads(figures))["elman"][figure] or 0.0)


def _vary(sequences: list[Array], start: int) -> bool:
    """Do values from this place on change anywhere?"""
    first = sequences[0][0, start:]
    return any((sequence[:, start:] != first).any() for sequence in sequences)
