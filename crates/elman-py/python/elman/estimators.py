"""Estimators in scikit-learn's manner, over the tasks and options of the program.

A further task's estimator is a class with the task's name, and what it answers.
"""

from __future__ import annotations

import copyreg
import difflib
import inspect
import json
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from . import _elman
from .arrays import Array
from .data import (
    Column,
    columns_of,
    is_frame,
    is_path,
    like,
    long_columns,
    refuse_missing,
    sequences_of,
    table_of,
)
from .network import Network
from .options import parameters_text

__all__ = [
    "Backtest",
    "Forecaster",
    "NotFittedError",
    "Remark",
    "SequenceClassifier",
    "SequenceRegressor",
    "load",
]


class Remark(UserWarning):
    """What was guessed, left out or put right on the way from data to answers."""


class NotFittedError(ValueError, AttributeError):
    """An estimator that has to be fitted first."""


class Backtest(NamedTuple):
    """Forecasts from each origin of the last rows, and how good they are."""

    #: Every forecast beside what came true, as a frame of the kind that came in.
    rows: Any
    #: The model's figures: ``mae``, ``rmse``, ``mape``, ``smape``, ``mase`` and the coverage of intervals.
    figures: dict[str, float | None]
    #: The same of naive forecasts, by their names.
    baselines: dict[str, dict[str, float | None]]


class Estimator:
    """What all estimators have in common."""

    _task: ClassVar[str]
    #: Options that are Python's own, with their defaults.
    _own: ClassVar[dict[str, Any]] = {"layout": "time", "verbose": 1}
    _names: ClassVar[tuple[str, ...]] = ()
    layout: str
    verbose: int

    if TYPE_CHECKING:

        def __init__(self, **options: Any) -> None: ...

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_task" not in cls.__dict__:
            return
        cls._names = (*_elman.option_names(cls._task), *cls._own)

        def __init__(self: Estimator, **options: Any) -> None:
            self._set(options)
            for name in self._names:
                if name not in options:
                    setattr(self, name, self._own.get(name))

        keyword = inspect.Parameter.KEYWORD_ONLY
        first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        options = [inspect.Parameter(name, keyword, default=cls._own.get(name)) for name in cls._names]
        setattr(__init__, "__signature__", inspect.Signature([first, *options]))
        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        setattr(cls, "__init__", __init__)
        if cls.__doc__ is not None:
            cls.__doc__ = inspect.cleandoc(cls.__doc__).replace("{options}", parameters_text(cls._names, cls._task))

    # What scikit-learn asks of an estimator.

    def _set(self, options: dict[str, Any]) -> None:
        for name in options:
            if name not in self._names:
                near = difflib.get_close_matches(name, self._names, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}{hint}")
        for name, value in options.items():
            setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options by name; None lets the data or the task decide."""
        return {name: getattr(self, name) for name in self._names}

    def set_params(self, **params: Any) -> Any:
        """Change options; give the estimator back."""
        self._set(params)
        return self

    def __repr__(self) -> str:
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value != self._own.get(name)]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        tags = Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(two_d_array=True, three_d_array=True, allow_nan=False),
            non_deterministic=False,
        )
        return tags

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    # Training.

    def _options(self) -> dict[str, Any]:
        """The options that were given, for the library."""
        given = {name: value for name, value in self.get_params().items() if name not in self._own}
        return {name: _plain(name, value) for name, value in given.items() if value is not None}

    def _fit(self, table: _elman.Table, options: dict[str, Any]) -> None:
        from .progress import Progress

        self.history_: dict[str, list[float]] = {"train_loss": [], "validation_loss": [], "learning_rate": []}
        progress = Progress(self.history_, self.verbose)
        try:
            model, remarks = _elman.fit(self._task, json.dumps(options), table, progress)
        finally:
            progress.close()
        self.model_ = model
        self.record_: dict[str, Any] = json.loads(model.record)
        if self.record_["ended"] == "interrupted":
            epoch = self.record_["best_epoch"] + 1
            remarks = [*remarks, f"interrupted: the parameters are those of epoch {epoch}"]
        self.remarks_ = self._remark([*table.remarks, *remarks])

    def _remark(self, remarks: list[str]) -> list[str]:
        if self.verbose:
            for remark in remarks:
                warnings.warn(remark, Remark, stacklevel=4)
        return remarks

    @property
    def test_(self) -> dict[str, dict[str, float | None]]:
        """The figures on what was kept for the test: of the model, ``"elman"``, and of naive predictors."""
        test = self._fitted() and self.record_["test"]
        return {} if not test else _figures(test)

    def _fitted(self) -> _elman.Model:
        if not hasattr(self, "model_"):
            error: type[Exception] = NotFittedError
            if "sklearn" in sys.modules:
                error = sys.modules["sklearn"].exceptions.NotFittedError
            raise error(f"this {type(self).__name__} is not fitted yet; call fit first")
        return self.model_

    def _take_model(self, model: _elman.Model) -> None:
        self.model_, self.record_ = model, json.loads(model.record)
        self.history_, self.remarks_ = {"train_loss": [], "validation_loss": [], "learning_rate": []}, []

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file that the program reads."""
        self._fitted().save(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Any:
        """A fitted estimator from a model file, of the program's or of :meth:`save`.

        Its options are those of the class; what was trained is in ``record_``.
        """
        model = _elman.Model.open(os.fspath(path))
        if model.task != cls._task:
            raise ValueError(f"{os.fspath(path)} is a model to {model.task}; a {cls.__name__} is to {cls._task}")
        new = cls()
        new._take_model(model)
        return new

    def network(self, member: int = 0) -> Network:
        """A copy of a network of the model, for who wants to look inside."""
        return Network._of(self._fitted().network(member))

    def describe(self) -> str:
        """What the model is for and how it reads its data."""
        return self._fitted().describe()

    def plot_history(self, ax: Any = None) -> Any:
        """Draw the learning curves with matplotlib; give the axes back."""
        from .plots import history

        self._fitted()
        return history(self.history_, ax)

    def _repr_html_(self) -> str:
        from .plots import report

        return report(self)


class Forecaster(Estimator):
    """The future of one series or of many.

    Parameters
    ----------
    {options}

    Attributes
    ----------
    history_ : dict
        ``train_loss``, ``validation_loss`` and ``learning_rate`` of each epoch.
    test_ : dict
        Figures of the model and of naive forecasts on the rows kept for the test.
    remarks_ : list of str
        What was guessed, left out or put right.
    record_ : dict
        How the model came about.

    Examples
    --------
    >>> import elman
    >>> forecaster = elman.Forecaster(horizon=3, epochs=5, verbose=0).fit(elman.airline())
    >>> len(forecaster.predict())
    3
    """

    _task = "forecast"

    def fit(self, X: Any, y: None = None) -> Forecaster:
        """Train on series and test on their last rows.

        Parameters
        ----------
        X : data frame, dict, path, array (T,), list of arrays (T_i,), array (n, T), or pandas.Series
            A frame as the program reads tables: a column of times and one of values, several of values, or long with a
            column that tells series apart. Columns ``unique_id``, ``ds`` and ``y`` are taken for what they are called.
            Of an array each row is a series.
        y : None
            Not used; scikit-learn's convention.
        """
        columns, options = self._columns(X), self._options()
        if isinstance(columns, dict):
            for option, column in [("id", "unique_id"), ("time", "ds"), ("target", "y")]:
                if column in columns and options.get(option) is None:
                    options[option] = column
        table = self._table(columns)
        self._fit(table, options)
        # What is forecast unless something else is given.
        self._series, self._kind = columns, _kind_of(X)
        return self

    @staticmethod
    def _columns(X: Any) -> dict[str, Column] | str:
        """The columns of a table, or the path of one."""
        if is_path(X):
            return str(os.fspath(X))
        if type(X).__name__ == "Series" and hasattr(X, "index"):
            values = {"y": X.to_numpy()}
            index = X.index
            if hasattr(index, "to_timestamp"):
                index = index.to_timestamp()
            return columns_of({"ds": index.to_numpy(), **values} if index.dtype.kind == "M" else values)
        if is_frame(X):
            return columns_of(X)
        if all(np.ndim(part) == 0 for part in X) if isinstance(X, (list, tuple)) and len(X) else np.ndim(X) == 1:
            return columns_of({"y": sequences_of([X], "time")[0][:, 0]})
        sequences = sequences_of(X, "time")
        if any(sequence.shape[1] != 1 for sequence in sequences):
            raise ValueError("X has several values per timestep; give series as rows (n, T), or a data frame")
        columns = long_columns(sequences, ["y"])
        return {"unique_id": columns["id"], "y": columns["y"]}

    @staticmethod
    def _table(columns: dict[str, Column] | str) -> _elman.Table:
        return _elman.Table.open(columns) if isinstance(columns, str) else table_of(columns)

    def _given(self, X: Any) -> tuple[_elman.Table, Any]:
        """The table to answer for, and of what kind the answer is."""
        self._fitted()
        if X is None:
            if not hasattr(self, "_series"):
                raise ValueError("a model from a file knows no series to forecast; give X")
            return self._table(self._series), self._kind
        return self._table(self._columns(X)), _kind_of(X)

    def _predicted(self, X: Any, horizon: int | None, levels: list[float], baseline: str | None) -> tuple[Any, Any]:
        table, kind = self._given(X)
        columns, remarks = self._fitted().predict(table, horizon, levels, baseline)
        self._remark(remarks)
        return columns, kind

    def predict(self, X: Any = None, horizon: int | None = None, *, baseline: str | None = None) -> Any:
        """Forecast the rows after the last.

        Parameters
        ----------
        X : as in :meth:`fit`, optional
            By default what the estimator was fitted to.
        horizon : int, optional
            Rows ahead; by default as many as in training.
        baseline : str, optional
            The naive forecast that answers instead: ``"seasonal naive"``, ``"last value"``, ``"drift"``.

        Returns
        -------
        data frame or array
            A frame for a frame; for an array ``(horizon,)``, or ``(n, horizon)`` of several series.
        """
        columns, kind = self._predicted(X, horizon, [], baseline)
        if kind is not None:
            return like(columns, kind)
        values = next(np.asarray(column) for name, column in columns.items() if name.endswith("forecast"))
        ids = columns.get("unique_id")
        return values if ids is None else values.reshape(len(set(ids)), -1)

    def predict_interval(
        self, X: Any = None, horizon: int | None = None, *, levels: tuple[float, ...] = (80, 95)
    ) -> Any:
        """Forecasts with the ends of intervals that are as wide as the errors on the test were.

        Parameters
        ----------
        X, horizon
            As of :meth:`predict`.
        levels : tuple of float
            In percent.

        Returns
        -------
        data frame or dict of arrays
            The forecast, and two columns for each level.
        """
        columns, kind = self._predicted(X, horizon, [float(level) for level in levels], None)
        return columns if kind is None else like(columns, kind)

    def backtest(self, X: Any = None, test: int | None = None) -> Backtest:
        """Forecast from each origin among the last rows, as if what follows were not known.

        Parameters
        ----------
        X : as in :meth:`fit`, optional
            By default what the estimator was fitted to.
        test : int, optional
            So many last rows; by default as many as were kept in training.
        """
        table, kind = self._given(X)
        columns, figures, remarks = self._fitted().backtest(table, test)
        self._remark(remarks)
        found = _figures(json.loads(figures))
        model = found.pop("elman")
        return Backtest(columns if kind is None else like(columns, kind), model, found)

    def score(self, X: Any = None, y: None = None) -> float:
        """The negative mean absolute error of a backtest on the last rows, scaled where that is defined (MASE)."""
        table, _ = self._given(X)
        figures, remarks = self._fitted().evaluate(table)
        self._remark(remarks)
        model = _figures(json.loads(figures))["elman"]
        error = model["mase"] if model.get("mase") is not None else model["mae"]
        return float("nan") if error is None else -error

    def plot(self, ax: Any = None, *, X: Any = None, horizon: int | None = None, levels: tuple[float, ...] = (80,)) -> Any:
        """Draw a series and its forecast with matplotlib; give the axes back."""
        from .plots import forecast

        return forecast(self, ax, X, horizon, levels)


class _Grouped(Estimator):
    """What the estimators of many sequences have in common."""

    def _fit_sequences(self, X: Any, y: Any) -> None:
        options = self._options()
        if is_path(X):
            if y is not None:
                raise ValueError("a file has its targets in a column; leave y out")
            table = _elman.Table.open(os.fspath(X))
            self.n_features_in_ = len(table.headers)
        elif is_frame(X):
            columns = columns_of(X)
            self.feature_names_in_ = np.array(list(columns), dtype=object)
            self.n_features_in_ = len(columns)
            if y is not None:
                targets = self._targets(y, None)
                for name, column in targets.items():
                    columns[name] = self._spread(columns, column, options.get("id") or "id")
                options["target"] = ",".join(targets)
            table = table_of(columns)
        else:
            sequences = sequences_of(X, self.layout)
            if y is None:
                raise ValueError("requires y to be passed, but the target y is None")
            if options.get("missing") is None:
                refuse_missing(sequences)
            columns = long_columns(sequences)
            self.n_features_in_ = sequences[0].shape[1]
            lengths = [len(sequence) for sequence in sequences]
            for name, column in self._targets(y, len(sequences)).items():
                if len(column) != len(sequences):
                    raise ValueError(f"y has {len(column)} targets, but X has {len(sequences)} sequences")
                columns[name] = [text for text, n in zip(column, lengths) for _ in range(n)] if isinstance(
                    column, list) else np.repeat(column, lengths)
            options["target"] = ",".join(name for name in columns if name.startswith("target"))
            table = table_of(columns)
        self._fit(table, options)

    def _targets(self, y: Any, count: int | None) -> dict[str, Column]:
        raise NotImplementedError

    @staticmethod
    def _spread(columns: dict[str, Column], column: Column, id_name: str) -> Column:
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

    def _answers(self, X: Any) -> tuple[dict[str, Any], Any]:
        """Answers by column in the order of the sequences, and the kind of frame that came in."""
        model = self._fitted()
        if is_path(X):
            table, kind = _elman.Table.open(os.fspath(X)), {}
        elif is_frame(X):
            table, kind = table_of(columns_of(X)), X
        else:
            sequences, kind = sequences_of(X, self.layout), None
            width = getattr(self, "n_features_in_", sequences[0].shape[1])
            if sequences[0].shape[1] != width:
                raise ValueError(f"X has {sequences[0].shape[1]} features, but {type(self).__name__} is expecting {width} "
                                 "features as input")
            if json.loads(model.task_json)[self._task]["grouping"].get("missing") is None:
                refuse_missing(sequences)
            table = table_of(long_columns(sequences))
        answers, remarks = model.predict(table)
        self._remark(remarks)
        return answers, kind


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
            A frame is long: a row for each timestep, a column ``id`` (option ``id``) that tells sequences apart.
        y : array (n,), optional
            A class for each sequence, in the order in which they come; of a frame by default its column ``target``.
        """
        self._fit_sequences(X, y)
        if y is None:
            names = json.loads(self.model_.task_json)["classify"]["classes"]
            self.classes_ = np.array(sorted(names), dtype=object)
        return self

    def _targets(self, y: Any, count: int | None) -> dict[str, Column]:
        labels = np.asarray(y)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1:
            raise ValueError(f"y has the shape {labels.shape}; it must be (n,)")
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            raise ValueError("y contains NaN or infinity")
        if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
            raise ValueError("Unknown label type: continuous; classes are names or whole numbers")
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class, {self.classes_[0]!r}; at least two are needed to tell them apart")
        return {"target": [_label(label) for label in labels.tolist()]}

    def _probabilities(self, X: Any) -> tuple[Array, dict[str, Any], Any]:
        columns, kind = self._answers(X)
        by_name = {name.removeprefix("probability_"): np.asarray(column)
                   for name, column in columns.items() if name.startswith("probability_")}
        texts = [_label(label) for label in self.classes_.tolist()]
        return np.stack([by_name[text] for text in texts], axis=1), columns, kind

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
        """The share of sequences that are classified rightly."""
        if y is None:
            figures, _ = self._fitted().evaluate(table_of(columns_of(X)))
            return float(_figures(json.loads(figures))["elman"]["accuracy"] or 0.0)
        predicted = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        return float(np.mean(predicted == np.asarray(y).reshape(-1)))

    def _take_model(self, model: _elman.Model) -> None:
        super()._take_model(model)
        names = json.loads(model.task_json)["classify"]["classes"]
        self.classes_ = np.array(sorted(names), dtype=object)

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
            A frame is long: a row for each timestep, a column ``id`` (option ``id``) that tells sequences apart.
        y : array (n,) or (n, K), optional
            Numbers for each sequence, in the order in which they come; of a frame by default its column ``target``.
        """
        self._fit_sequences(X, y)
        return self

    def _targets(self, y: Any, count: int | None) -> dict[str, Column]:
        values = np.asarray(y, dtype=np.float64)
        if values.ndim not in (1, 2):
            raise ValueError(f"y has the shape {values.shape}; it must be (n,) or (n, K)")
        if not np.isfinite(values).all():
            raise ValueError("y contains NaN or infinity")
        if values.ndim == 1:
            return {"target": np.ascontiguousarray(values)}
        return {f"target{k}": np.ascontiguousarray(values[:, k]) for k in range(values.shape[1])}

    def predict(self, X: Any) -> Any:
        """Numbers for sequences: an array for arrays, for a frame one of a row for each sequence."""
        columns, kind = self._answers(X)
        if kind is not None:
            return like(columns, kind)
        answers = [np.asarray(column) for name, column in columns.items() if name.endswith("_predicted")]
        values = np.stack(answers, axis=1)
        return values[:, 0] if len(answers) == 1 else values

    def score(self, X: Any, y: Any = None) -> float:
        """The coefficient of determination, the mean over targets."""
        if y is None:
            figures, _ = self._fitted().evaluate(table_of(columns_of(X)))
            return float(_figures(json.loads(figures))["elman"]["r2"] or 0.0)
        predicted = self.predict(X)
        if is_frame(X):
            answers = [column for column in predicted if str(column).endswith("_predicted")]
            predicted = np.stack([np.asarray(predicted[column]) for column in answers], axis=1)
        truth = np.asarray(y, dtype=np.float64).reshape(len(predicted), -1)
        errors = ((np.reshape(predicted, truth.shape) - truth) ** 2).sum(axis=0)
        spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
        return float(np.mean(np.where(spread > 0, 1 - errors / np.where(spread > 0, spread, 1), np.where(errors > 0, 0, 1))))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.regressor_tags, tags.target_tags.required = "regressor", RegressorTags(), True
        tags.target_tags.multi_output = True
        return tags


_ESTIMATORS: dict[str, type[Estimator]] = {
    kind._task: kind for kind in (Forecaster, SequenceClassifier, SequenceRegressor)
}


def load(path: str | os.PathLike[str]) -> Estimator:
    """A fitted estimator from a model file, of the class that its task is."""
    model = _elman.Model.open(os.fspath(path))
    new = _ESTIMATORS[model.task]()
    new._take_model(model)
    return new


def _plain(name: str, value: Any) -> Any:
    """An option's value as JSON has it."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if not isinstance(value, (str, int, float, bool, list, tuple)):
        raise TypeError(f"{name} is of type {type(value).__name__}; it must be a text, a number, a truth value or a list")
    return value


def _label(label: Any) -> str:
    """A class as text, by which the library knows it."""
    return str(int(label)) if isinstance(label, float) else str(label)


def _figures(evaluation: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """Figures by name, of the model and of naive predictors."""
    def named(metrics: list[dict[str, Any]]) -> dict[str, float | None]:
        return {metric["name"]: metric["value"] for metric in metrics}

    found = {"elman": named(evaluation["model"])}
    found.update({baseline["name"]: named(baseline["metrics"]) for baseline in evaluation["baselines"]})
    return found


def _kind_of(X: Any) -> Any:
    """What tells which kind of frame an answer is to be; None for arrays."""
    if type(X).__name__ == "Series" and hasattr(X, "index"):
        return X.to_frame().iloc[:0] if X.index.dtype.kind == "M" or hasattr(X.index, "to_timestamp") else None
    if is_path(X) or isinstance(X, dict):
        return {}
    if is_frame(X):
        return X[:0] if hasattr(X, "__getitem__") and hasattr(X, "columns") else {}
    return None


def _restore(content: bytes) -> _elman.Model:
    return _elman.Model.from_bytes(content)


def _reduce(model: _elman.Model) -> tuple[Any, ...]:
    return _restore, (model.to_bytes(),)


copyreg.pickle(_elman.Model, _reduce)
