"""What is shown of a run: nothing, a bar, or a line for each epoch."""

from __future__ import annotations

import importlib
import sys
from typing import Any


class Progress:
    """Fills the history of a run and shows how far it has come."""

    def __init__(self, history: dict[str, list[float]], verbose: int) -> None:
        self._history, self._verbose = history, verbose
        self._bar: Any = None
        #: Lines that tell how the run is laid out.
        self.reports: list[str] = []

    def __call__(self, what: str, told: tuple[Any, ...]) -> None:
        if what == "report":
            self.reports.append(told[0])
            if self._verbose and self._verbose > 1:
                print(told[0], file=sys.stderr)
            return
        if what == "search":
            done, tried, candidates = told
            self._show(100, int(100 * done), f"recipe {min(tried + 1, candidates)} of {candidates}")
            return
        epoch, epochs, train_loss, validation_loss, rate = told
        self._history["train_loss"].append(train_loss)
        if validation_loss is not None:
            self._history["validation_loss"].append(validation_loss)
        self._history["learning_rate"].append(rate)
        validation = "" if validation_loss is None else f", validation {validation_loss:.4g}"
        if self._verbose and self._verbose > 1:
            print(f"epoch {epoch + 1} of {epochs}: loss {train_loss:.4g}{validation}", file=sys.stderr)
        else:
            self._show(epochs, epoch + 1, f"loss {train_loss:.4g}{validation}")

    def _show(self, total: int, done: int, text: str) -> None:
        if self._verbose != 1:
            return
        if self._bar is None:
            try:
                self._bar = importlib.import_module("tqdm.auto").tqdm(total=total, leave=False, disable=None)
            except ImportError:
                self._verbose = 0
                return
        if self._bar.total != total:
            self._bar.reset(total)
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
