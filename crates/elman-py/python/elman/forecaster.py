"""The estimator of forecasts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _elman
from .answers import like
from .arrays import as_count, as_finite, as_text
from .data import (
    Column,
    collected,
    columns_of,
    is_frame,
    is_path,
    is_place,
    is_series,
    long_columns,
    sequences_of,
    table_of,
    timed,
    usual_names,
    zones_of,
)
from .estimator import Estimator, figures_by_name

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .keywords import ForecasterOptions


class Backtest(NamedTuple):
    """Forecasts from each origin of the last rows, and how good they are."""

    #: Every forecast beside what came true, as a frame of the kind that came in.
    rows: Any
    #: The model's figures: ``mae``, ``rmse``, ``mape``, ``smape``, ``mase`` and the coverage of intervals.
    figures: dict[str, float | None]
    #: The same of naive forecasts, by their names.
    baselines: dict[str, dict[str, float | None]]


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
    >>> len(forecaster.predict()["passengers_forecast"])
    3
    """

    _task = "forecast"
    _data = ("_series", "_kind")

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[ForecasterOptions]) -> None: ...

    def fit(self, X: Any, y: None = None) -> Forecaster:
        """Train on series and test on their last rows.

        Parameters
        ----------
        X : data frame, dict, path, array (T,), list of arrays (T_i,), array (n, T), or a Series
            A frame as the program reads tables: a column of times and one of values, several of values, or long with a
            column that tells series apart. An index of times is such a column, one of series and times is two. Columns
            ``unique_id``, ``ds`` and ``y`` are taken for what they are called. Of an array each row is a series.
        y : None
            Not used; scikit-learn's convention.
        """
        X, named = timed(collected(X))
        options = {**named, **self._options()}
        columns = self._columns(X)
        if isinstance(columns, dict):
            options.update(usual_names(columns, options))
        zones = zones_of(X)
        time, zone = _clocks(zones, options.get("time"))
        if is_place(zone):
            options.setdefault("timezone", zone)
        table = self._table(columns)
        try:
            self._fit(table, options)
        except ValueError as error:
            places = [name for name, zone in zones.items() if is_place(zone)]
            if "timezone" in options or not places or "timezone" not in str(error):
                raise
            raise ValueError(f"{error}. A column named by time is read in its own time zone: time={places[0]!r}") from None
        # What is forecast unless something else is given.
        self._series, self._kind = columns, _kind_of(X)
        self._time, self._zone = time, zone
        self._remark(self.remarks_)
        return self

    def _take_data(self, X: Any) -> None:
        if X is not None:
            X, _ = timed(collected(X))
            self._series, self._kind = self._columns(X), _kind_of(X)

    def _take_model(self, model: _elman.Model) -> None:
        super()._take_model(model)
        task = json.loads(model.task_json)["forecast"]
        if task.get("timezone") is not None:
            self._time, self._zone = task.get("time"), task["timezone"]

    def _columns(self, X: Any) -> dict[str, Column] | str:
        """The columns of a table, or the path of one."""
        if is_path(X):
            return os.fsdecode(X)
        if type(X).__name__ == "Series" and hasattr(X, "index"):
            return columns_of({"y": X.to_numpy()})
        if is_series(X):
            return columns_of({"y": X})
        if is_frame(X):
            return columns_of(X)
        if all(np.ndim(part) == 0 for part in X) if isinstance(X, (list, tuple)) and len(X) else np.ndim(X) == 1:
            return columns_of({"y": sequences_of([X], self.layout)[0][:, 0]})
        sequences = sequences_of(X, self.layout)
        if any(sequence.shape[1] != 1 for sequence in sequences):
            raise ValueError("X has several values per timestep; give series as rows (n, T), or a data frame")
        columns = long_columns(sequences, ["y"])
        return {"unique_id": columns["id"], "y": columns["y"]}

    @staticmethod
    def _table(columns: dict[str, Column] | str) -> _elman.Table:
        return _elman.Table.open(columns) if isinstance(columns, str) else table_of(columns)

    @contextmanager
    def _by_its_clocks(self, X: Any) -> Iterator[None]:
        """Says of a refusal for the sake of time zones that those of X are not those of training, if so it is."""
        try:
            yield
        except ValueError as error:
            if X is None or self.get_params()["timezone"] or not hasattr(self, "_zone") or "timezone" not in str(error):
                raise
            _, zone = _clocks(zones_of(timed(collected(X))[0]), self._time)
            if zone == self._zone:
                raise
            found, known = ("no time zone" if of is None else f"the time zone {of}" for of in (zone, self._zone))
            change = "tz_localize" if None in (zone, self._zone) else "tz_convert"
            raise ValueError(
                f"the times of X have {found}, but those of training have {known}; give X the same, in pandas by "
                f"dt.{change}({self._zone!r})"
            ) from error

    def _given(self, X: Any) -> tuple[_elman.Table, Any]:
        """The table to answer for, and of what kind the answer is."""
        self._fitted()
        if X is None:
            if not hasattr(self, "_series"):
                raise ValueError("a model from a file knows no series to forecast; give X")
            return self._table(self._series), self._kind
        X, _ = timed(collected(X))
        columns, kind = self._columns(X), _kind_of(X)
        if isinstance(columns, dict) and kind is None and "unique_id" in self._ids():
            # A series by itself, where the model has learned from several: none of those.
            columns.setdefault("unique_id", np.full(len(columns["y"]), -1.0))
        return self._table(columns), kind

    def _ids(self) -> list[str]:
        """The columns that tell series apart."""
        layout = json.loads(self._fitted().task_json)["forecast"].get("layout", {})
        ids: list[str] = layout.get("long", [])
        return ids

    def _predicted(self, X: Any, horizon: int | None, levels: list[float], baseline: str | None) -> tuple[Any, Any]:
        horizon = None if horizon is None else as_count(horizon, "horizon", least=1)
        baseline = None if baseline is None else as_text(baseline, "baseline")
        table, kind = self._given(X)
        with self._by_its_clocks(X):
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
            The forecast that answers instead: ``"seasonal naive"``, ``"last value"``, ``"drift"``, or ``"smoothing"``,
            exponential smoothing.

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
        self, X: Any = None, horizon: int | None = None, *, levels: float | Sequence[float] = (80, 95)
    ) -> Any:
        """Forecasts with the ends of intervals that are as wide as the errors on the test were.

        Parameters
        ----------
        X, horizon
            As of :meth:`predict`.
        levels : float or sequence of float
            In percent.

        Returns
        -------
        data frame or dict of arrays
            The forecast, and two columns for each level.
        """
        levels = [as_finite(level, "levels") for level in np.atleast_1d(np.asarray(levels))]
        for level in levels:
            if 0 < level < 1:
                raise ValueError(f"levels has {level:g}, but they are in percent; for {100 * level:g} % give {100 * level:g}")
        columns, kind = self._predicted(X, horizon, levels, None)
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
        test = None if test is None else as_count(test, "test", least=1)
        table, kind = self._given(X)
        with self._by_its_clocks(X):
            columns, figures, remarks = self._fitted().backtest(table, test)
        self._remark(remarks)
        columns["step"] = np.asarray(columns["step"]).astype(np.int64)
        found = figures_by_name(json.loads(figures))
        model = found.pop("elman")
        return Backtest(columns if kind is None else like(columns, kind), model, found)

    def score(self, X: Any = None, y: None = None) -> float:
        """The negative mean absolute error of a backtest on the last rows, scaled where that is defined (MASE).

        Parameters
        ----------
        X : as in :meth:`fit`, optional
            By default what the estimator was fitted to.
        y : None
            Not used; scikit-learn's convention.
        """
        table, _ = self._given(X)
        with self._by_its_clocks(X):
            figures, remarks = self._fitted().evaluate(table)
        self._remark(remarks)
        model = figures_by_name(json.loads(figures))["elman"]
        error = model["mase"] if model.get("mase") is not None else model["mae"]
        return float("nan") if error is None else -error

    def plot(
        self,
        ax: Any = None,
        *,
        X: Any = None,
        horizon: int | None = None,
        series: Any = None,
        levels: tuple[float, ...] = (80,),
    ) -> Any:
        """Draw a series and its forecast with matplotlib; give the axes back.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where; by default new ones.
        X, horizon
            As of :meth:`predict`.
        series : str, number or tuple, optional
            Which of several series: what tells it apart, a tuple of as many columns, the place of an array's row.
        levels : tuple of float
            The intervals that are drawn, in percent.
        """
        from .plots import forecast

        return forecast(self, ax, X, horizon, series, levels)


def _kind_of(X: Any) -> Any:
    """What tells which kind of frame an answer is to be; None for arrays."""
    if type(X).__name__ == "Series" and hasattr(X, "index"):
        return None
    if is_path(X) or isinstance(X, dict):
        return {}
    if is_frame(X):
        return X[:1] if hasattr(X, "__getitem__") and hasattr(X, "columns") else {}
    return None


def _clocks(zones: dict[str, str | None], time: str | None) -> tuple[str | None, str | None]:
    """The column of times, the one that is named or else the only one, and its time zone."""
    if time is None and len(zones) == 1:
        time = next(iter(zones))
    return time, zones.get(time or "")
