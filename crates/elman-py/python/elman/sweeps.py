"""Many models at once: trials side by side over cores, which can be taken up again where they were broken off."""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NamedTuple

from . import _elman, arrays
from .arrays import as_count
from .data import collected, is_path
from .estimator import Estimator

__all__ = ["Sweep", "Trial", "grid", "run_trial", "sweep"]


class _Trial(NamedTuple):
    #: The options that were changed.
    params: dict[str, Any]
    #: What :meth:`score` gave; NaN of a trial that failed.
    score: float
    #: The fitted estimator's file content; none of a trial that failed.
    model: bytes | None
    #: Why it failed, if it did.
    error: str | None


class Trial(_Trial):
    """A set of options, and how a model with them did."""

    #: What the estimator knows beside that file: its classes, learning curves and remarks.
    _learned: dict[str, Any]

    def __new__(
        cls,
        params: dict[str, Any],
        score: float,
        model: bytes | None,
        error: str | None,
        learned: dict[str, Any] | None = None,
    ) -> Trial:
        self = super().__new__(cls, params, score, model, error)
        self._learned = learned or {}
        return self


class _Sweep(NamedTuple):
    trials: list[Trial]
    estimator: Estimator


class Sweep(_Sweep):
    """All trials of a sweep, in the order of their options."""

    #: What was fitted to, which forecasts begin from.
    _X: Any

    def __new__(cls, trials: list[Trial], estimator: Estimator, X: Any = None) -> Sweep:
        self = super().__new__(cls, trials, estimator)
        self._X = X
        return self

    @property
    def best(self) -> Trial:
        """The trial with the highest score, of equal ones the first."""
        done = [trial for trial in self.trials if trial.score == trial.score]
        if not done:
            raise ValueError(f"every trial failed, the first with: {self.trials[0].error}")
        return max(done, key=lambda trial: trial.score)

    def best_estimator(self) -> Estimator:
        """A fitted estimator with the best trial's options and model."""
        best = self.best
        new = type(self.estimator)(**{**self.estimator.get_params(), **best.params})
        assert best.model is not None
        new._take_model(_elman.Model.from_bytes(best.model))
        vars(new).update(best._learned)
        new._take_data(self._X)
        return new


def grid(**options: Iterable[Any]) -> list[dict[str, Any]]:
    """Every combination of values.

    Examples
    --------
    >>> grid(hidden_size=[8, 16], seed=[0])
    [{'hidden_size': 8, 'seed': 0}, {'hidden_size': 16, 'seed': 0}]
    """
    for name, values in options.items():
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise TypeError(f"{name} is {values!r}; it must be a list of values to try, such as [{values!r}]")
    return [dict(zip(options, values)) for values in itertools.product(*options.values())]


def run_trial(
    estimator: Estimator,
    params: Mapping[str, Any],
    X: Any,
    y: Any = None,
    test: Any = None,
    *,
    folder: arrays.Path | None = None,
) -> Trial:
    """Fit a copy of an estimator with other options and score it: what each worker of a sweep does.

    The result depends on the arguments alone, to the bit: not on the process, its threads or the machine's load. So it may
    as well be called by Ray, Dask or a batch system, ``ray.remote(elman.run_trial)``.

    Parameters
    ----------
    estimator : Estimator
        Whose options are taken, but for those of ``params``.
    params : dict
        Options.
    X, y
        What it is fitted to.
    test : tuple, optional
        ``(X, y)`` to score on; by default the model's own test: the negative error, or the accuracy or R2, on what the fit
        kept back.
    folder : path, optional
        Where the finished trial is kept, and taken from if it is there: trials of a cluster that was broken off go on, and
        :func:`sweep` with the same folder brings them together.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended the fit: half a trial is none.
    """
    X = collected(X)
    _check(estimator, X, y, test)
    if not isinstance(params, Mapping):
        raise TypeError(f"params is {type(params).__name__}; it must be a dict of options")
    if folder is None:
        return _tried(estimator, params, X, y, test)
    (place,) = _places(folder, [dict(params)], estimator, X, y, test)
    trial = _stored(place)
    if trial is None:
        trial = _tried(estimator, params, X, y, test)
        _store(place, trial)
    return trial


def _tried(estimator: Estimator, params: Mapping[str, Any], X: Any, y: Any, test: Any) -> Trial:
    """The same, from the beginning."""
    new = type(estimator)(**{**estimator.get_params(), **params, "verbose": 0})
    try:
        new.fit(X, y)  # type: ignore[attr-defined]
        if new.record_["ended"] == "interrupted":
            raise KeyboardInterrupt("interrupted: the trial is not finished")
        score = float(new.score(*test)) if test is not None else _own_score(new)  # type: ignore[attr-defined]
    except (ValueError, TypeError, ArithmeticError, _elman.InternalError) as error:
        return Trial(dict(params), float("nan"), None, f"{type(error).__name__}: {error}")
    return Trial(dict(params), score, new.model_.to_bytes(), None, new._learned())


def _check(estimator: Any, X: Any, y: Any, test: Any) -> None:
    """Refuse what trials cannot be made of."""
    for name, value in (("X", X), ("y", y)):
        if isinstance(value, Iterator):
            raise TypeError(f"{name} is {type(value).__name__}, which can be gone through but once; give a list or an array")
    if not isinstance(estimator, Estimator):
        found = f"the class {estimator.__name__}" if isinstance(estimator, type) else type(estimator).__name__
        raise TypeError(f"estimator is {found}; it must be an estimator, such as elman.Forecaster()")
    if test is not None and not isinstance(test, (tuple, list)):
        raise TypeError(f"test is {type(test).__name__}; it must be a tuple (X, y)")


def _own_score(estimator: Estimator) -> float:
    """The figure by which a model's own test ranks it: higher is better."""
    figures = estimator.test_.get("elman")
    if not figures:
        raise ValueError("the fit kept nothing back to score on; give test=(X, y), or keep some with the option test")
    for name, sign in [("accuracy", 1.0), ("r2", 1.0), ("mase", -1.0), ("rmse", -1.0), ("mae", -1.0)]:
        if figures.get(name) is not None:
            return sign * float(figures[name] or 0.0)
    raise ValueError("the test has no figure to rank by")


_work: tuple[Any, ...] = ()


def _begin(content: bytes) -> None:
    """A worker's start: one thread each, since there is a worker for every core."""
    global _work
    _work = pickle.loads(content)
    _elman.set_threads(1)


def _try(params: dict[str, Any]) -> Trial:
    return _tried(_work[0], params, *_work[1:])


def sweep(
    estimator: Estimator,
    params: Sequence[Mapping[str, Any]],
    X: Any,
    y: Any = None,
    *,
    test: Any = None,
    jobs: int | None = None,
    folder: arrays.Path | None = None,
) -> Sweep:
    """Fit a copy of an estimator for each set of options, side by side over cores.

    Parameters
    ----------
    estimator : Forecaster, SequenceClassifier or SequenceRegressor
        Whose options are taken, but for those of the trials.
    params : sequence of dict
        The options of each trial; :func:`grid` makes all combinations.
    X, y
        What is fitted to.
    test : tuple, optional
        ``(X, y)`` to score on; by default what each fit keeps back.
    jobs : int, optional
        Processes; by default one for each core. 1 stays in this process.
    folder : path, optional
        Where finished trials are kept. A sweep of the same estimator, data and options takes them from there: one that was
        broken off goes on.

    Returns
    -------
    Sweep
        The trials in the order of ``params``. Their results are those of :func:`run_trial` by itself, to the bit.
    """
    X = collected(X)
    _check(estimator, X, y, test)
    wanted: list[Any] = [] if isinstance(params, Mapping) else list(params)
    if isinstance(params, Mapping) or not all(isinstance(options, Mapping) for options in wanted):
        raise TypeError("params must be a list of dicts, one for each trial; elman.grid(...) makes all combinations")
    if jobs is not None:
        jobs = as_count(jobs, "jobs", least=1)
    if not wanted:
        raise ValueError("params are empty: there is nothing to try")
    wanted = [dict(options) for options in wanted]
    for options in wanted:
        type(estimator)(**{**estimator.get_params(), **options})
    places = _places(folder, wanted, estimator, X, y, test)
    trials: list[Trial | None] = [_stored(place) for place in places]
    left = [n for n, trial in enumerate(trials) if trial is None]
    jobs = min(jobs or os.cpu_count() or 1, max(len(left), 1))
    if jobs == 1:
        for n in left:
            trials[n] = _tried(estimator, wanted[n], X, y, test)
            _store(places[n], trials[n])
    else:
        # Not forked: whatever threads this process has would be missing there.
        context, content = multiprocessing.get_context("spawn"), pickle.dumps((estimator, X, y, test))
        with ProcessPoolExecutor(jobs, context, _begin, (content,)) as pool:
            futures = {pool.submit(_try, wanted[n]): n for n in left}
            for future in as_completed(futures):
                n = futures[future]
                try:
                    trials[n] = future.result()
                except BrokenProcessPool as error:
                    raise BrokenProcessPool(_BROKEN) from error
                _store(places[n], trials[n])
    return Sweep([trial for trial in trials if trial is not None], estimator, X)


_BROKEN = (
    "a process of the sweep ended before its trial did. Processes are started anew and import the file that was run: there a sweep "
    'stands under `if __name__ == "__main__":`, and a program that is typed or piped in has no file; jobs=1 stays in this '
    "process. Where that is in order, memory may have run out"
)


class _Digest:
    """A file that keeps the hash of what is written to it."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256(_elman.__version__.encode())
        self.write = self.hash.update


def _places(
    folder: arrays.Path | None, params: list[dict[str, Any]], estimator: Estimator, X: Any, y: Any, test: Any
) -> list[Path | None]:
    """Where trials with these options are kept: by what they are made of, a file by its content, wherever that came from.

    A pickle usually says as well which objects are one and which are equal, and of protocol 5 which arrays may be written to.
    Neither need be the same in another process, so here each object stands whole wherever it occurs, in protocol 4.
    """
    if folder is None:
        return [None for _ in params]
    digest = _Digest()
    pickler = pickle.Pickler(digest, protocol=4)
    pickler.fast = True
    pickler.dump((type(estimator).__name__, estimator.get_params(), X, y, test))
    for part in (X, *(test or ())):
        if is_path(part) and os.path.isfile(part):
            with open(part, "rb") as file:
                shutil.copyfileobj(file, digest)
    places: list[Path | None] = []
    for options in params:
        of_trial = digest.hash.copy()
        of_trial.update(json.dumps(options, sort_keys=True, default=repr).encode())
        places.append(Path(os.fsdecode(folder)) / f"{of_trial.hexdigest()[:32]}.trial")
    return places


def _stored(place: Path | None) -> Trial | None:
    if place is None or not place.exists():
        return None
    try:
        return Trial(*pickle.loads(place.read_bytes()))
    except Exception as error:
        raise ValueError(f"{place} is no finished trial ({error}); remove it, and the trial is done anew") from None


def _store(place: Path | None, trial: Trial | None) -> None:
    if place is None or trial is None:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed: there is never half a trial.
    handle, name = tempfile.mkstemp(dir=place.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(pickle.dumps((*trial, trial._learned)))
    os.replace(name, place)
