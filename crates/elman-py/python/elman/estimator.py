"""What all estimators have in common: options, training, files, and what scikit-learn asks of them."""

from __future__ import annotations

import copyreg
import difflib
import inspect
import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from . import _elman
from .arrays import Path, as_count, as_dtype
from .data import LAYOUTS
from .network import Network
from .options import parameters_text
from .remarks import warn

if TYPE_CHECKING:
    from .streams import RowStream


class NotFittedError(ValueError, AttributeError):
    """An estimator that has to be fitted first."""


class Estimator:
    """What all estimators have in common."""

    _task: ClassVar[str]
    #: Options that are Python's own, with their defaults.
    _own: ClassVar[dict[str, Any]] = {"layout": "time", "verbose": 1}
    _names: ClassVar[tuple[str, ...]] = ()
    #: What a fit keeps of its data.
    _data: ClassVar[tuple[str, ...]] = ()
    layout: str
    verbose: int
    model_: _elman.Model
    record_: dict[str, Any]
    history_: dict[str, list[float]]
    remarks_: list[str]

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
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if _differ(value, self._own.get(name))]
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
        if getattr(self, "layout", LAYOUTS[0]) not in LAYOUTS:
            raise ValueError(f'layout is {self.layout!r}; it must be "time" or "channels"')
        given = {name: value for name, value in self.get_params().items() if name not in self._own}
        return {name: _plain(name, value) for name, value in given.items() if value is not None}

    def _fit(self, table: _elman.Table, options: dict[str, Any]) -> None:
        """Trains; a fit that is refused leaves what was learned before. What is to be remarked is for the end of a fit."""
        from .progress import Progress

        history = _no_history()
        progress = Progress(history, as_count(self.verbose, "verbose"))
        try:
            model, remarks = _elman.fit(self._task, json.dumps(options), table, progress)
        finally:
            progress.close()
        record = json.loads(model.record)
        if record["ended"] == "interrupted":
            remarks = [*remarks, f"interrupted: the parameters are those of epoch {record['best_epoch'] + 1}"]
        self.model_, self.record_, self.history_ = model, record, history
        self.remarks_ = [*table.remarks, *remarks]
        #: How the run was laid out: which sequences it learned from, and which it kept back.
        self.reports_: list[str] = progress.reports

    def _remark(self, remarks: list[str]) -> None:
        if self.verbose:
            warn(remarks)

    @property
    def test_(self) -> dict[str, dict[str, float | None]]:
        """The figures on what was kept for the test: of the model, ``"elman"``, and of naive predictors."""
        test = self._fitted() and self.record_["test"]
        return {} if not test else figures_by_name(test)

    def _fitted(self) -> _elman.Model:
        if not hasattr(self, "model_"):
            error: type[Exception] = NotFittedError
            if "sklearn" in sys.modules:
                error = sys.modules["sklearn"].exceptions.NotFittedError
            raise error(f"this {type(self).__name__} is not fitted yet; call fit first")
        return self.model_

    def _take_model(self, model: _elman.Model) -> None:
        self.model_, self.record_ = model, json.loads(model.record)
        self.history_, self.remarks_, self.reports_ = _no_history(), [], []

    def _learned(self) -> dict[str, Any]:
        """What it knows beside its options, its model and the data."""
        return {name: value for name, value in vars(self).items() if name not in (*self._names, "model_", *self._data)}

    def _take_data(self, X: Any) -> None:
        """Takes up what a fit keeps of its data."""

    def save(self, path: Path) -> None:
        """Write the model file that the program reads."""
        self._fitted().save(os.fsdecode(path))

    @classmethod
    def load(cls, path: Path) -> Any:
        """A fitted estimator from a model file, of the program's or of :meth:`save`.

        Its options are those of the class; what was trained is in ``record_``.
        """
        model = _elman.Model.open(os.fsdecode(path))
        if model.task != cls._task:
            raise ValueError(f"{os.fsdecode(path)} is a model to {model.task}; a {cls.__name__} is to {cls._task}")
        new = cls()
        new._take_model(model)
        return new

    def network(self, member: int = 0) -> Network:
        """A copy of a network of the model, for who wants to look inside."""
        return Network._of(self._fitted().network(as_count(member, "member")))

    def stream(self) -> RowStream:
        """The model row by row, as ``elman stream`` has it: a row of values in their own units in, an answer out.

        Each stream stands by itself, at its start. A forecast answers with the value of the row after; of several series each
        has a stream of its own within this one.

        Raises
        ------
        ValueError
            If the model reads sequences from their ends as well, or windows that begin anew with every row, or sees what a row
            does not tell.
        """
        from .streams import RowStream

        return RowStream(self._fitted(), self.verbose)

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


def _no_history() -> dict[str, list[float]]:
    return {"train_loss": [], "validation_loss": [], "learning_rate": []}


def _differ(value: Any, default: Any) -> bool:
    """Is an option's value another than its default? What has several parts, as an array, is."""
    try:
        return bool(value != default)
    except (ValueError, TypeError):
        return True


#: Options that name columns, which in a frame may be called by numbers.
_COLUMNS = {
    "target", "time", "id", "group", "features", "past_covariates", "future_covariates", "static_covariates",
}
#: Options that the library has as lists, to be split at commas where they are one text, as the program has them.
_LISTS = {"features", "quantiles"}


def _plain(name: str, value: Any) -> Any:
    """An option's value as the library has it, in JSON."""
    if name == "dtype":
        return {"float32": "f32", "float64": "f64"}[as_dtype(value).name]
    if hasattr(value, "tolist"):  # of NumPy, or an index or series of pandas
        value = value.tolist()
    if name in _COLUMNS:
        value = [_column_name(part) for part in value] if isinstance(value, (list, tuple)) else _column_name(value)
    if name in _LISTS:
        value = value.split(",") if isinstance(value, str) else [value] if isinstance(value, float) else value
        value = [_number(part) for part in value] if name == "quantiles" and isinstance(value, list) else value
    elif isinstance(value, (list, tuple)) and value and all(isinstance(part, str) for part in value):
        return ",".join(value)
    for part in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(part, float) and not math.isfinite(part):
            raise ValueError(f"{name} is {part}; it must be a finite number")
    if not isinstance(value, (str, int, float, bool, list, tuple)):
        raise TypeError(
            f"{name} is of type {type(value).__name__}; it must be a text, a number, a truth value or a list"
        )
    return value


def _column_name(value: Any) -> Any:
    """The name of a column that is called by a whole number; all else as it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _number(value: Any) -> Any:
    """A number that is written as text; what is none stays, to be refused by its name."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def figures_by_name(evaluation: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """Figures by name, of the model and of naive predictors."""

    def named(metrics: list[dict[str, Any]]) -> dict[str, float | None]:
        return {metric["name"]: metric["value"] for metric in metrics}

    found = {"elman": named(evaluation["model"])}
    found.update({baseline["name"]: named(baseline["metrics"]) for baseline in evaluation["baselines"]})
    return found


def _restore(content: bytes) -> _elman.Model:
    return _elman.Model.from_bytes(content)


def _reduce(model: _elman.Model) -> tuple[Any, ...]:
    return _restore, (model.to_bytes(),)


copyreg.pickle(_elman.Model, _reduce)
