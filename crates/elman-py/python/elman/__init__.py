"""Recurrent networks that train in seconds on an ordinary CPU.

Estimators in scikit-learn's manner
    :class:`Forecaster`, :class:`SequenceClassifier`, :class:`SequenceLabeler`, :class:`SequenceRegressor`,
    :class:`TextModel`; derived from its classes in ``elman.sklearn``
Networks for training loops of one's own
    :class:`Network`, built of :class:`Recurrent`, :class:`Dense` and other blocks
Layers inside PyTorch
    ``elman.torch.LSTM``, ``GRU``, ``RNN``, :func:`from_torch`
Many models at once
    :func:`sweep`

Nothing but the compiled half is imported before it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._elman import InternalError, __version__, set_threads, threads

if TYPE_CHECKING:
    from .blocks import (
        GRU,
        LSTM,
        RNN,
        Block,
        Dense,
        Dropout,
        Embedding,
        LayerNorm,
        Patch,
        Pooling,
        Recurrent,
        Skip,
    )
    from .conversion import from_torch
    from .data import airline
    from .estimators import (
        Backtest,
        Forecaster,
        SequenceClassifier,
        SequenceLabeler,
        SequenceRegressor,
        TextModel,
        load,
    )
    from .learning import (
        SGD,
        AbsoluteError,
        Adam,
        AdamW,
        CrossEntropy,
        Huber,
        RMSprop,
        SquaredError,
        clip_grad_norm,
    )
    from .network import Network, Stream
    from .remarks import Remark
    from .streams import RowStream
    from .sweeps import Sweep, Trial, grid, run_trial, sweep

_HOMES = {
    "blocks": "Block Dense Dropout Embedding GRU LSTM LayerNorm Patch Pooling RNN Recurrent Skip",
    "conversion": "from_torch",
    "data": "airline",
    "estimators": "Backtest Forecaster SequenceClassifier SequenceLabeler SequenceRegressor TextModel load",
    "learning": "AbsoluteError Adam AdamW CrossEntropy Huber RMSprop SGD SquaredError clip_grad_norm",
    "network": "Network Stream",
    "remarks": "Remark",
    "streams": "RowStream",
    "sweeps": "Sweep Trial grid run_trial sweep",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "SGD",
    "AbsoluteError",
    "Adam",
    "AdamW",
    "Backtest",
    "Block",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "Embedding",
    "Forecaster",
    "GRU",
    "Huber",
    "InternalError",
    "LSTM",
    "LayerNorm",
    "Network",
    "Patch",
    "Pooling",
    "RMSprop",
    "RNN",
    "Recurrent",
    "Remark",
    "RowStream",
    "SequenceClassifier",
    "SequenceLabeler",
    "SequenceRegressor",
    "Skip",
    "SquaredError",
    "Stream",
    "Sweep",
    "TextModel",
    "Trial",
    "__version__",
    "airline",
    "clip_grad_norm",
    "from_torch",
    "grid",
    "load",
    "run_trial",
    "set_threads",
    "sweep",
    "threads",
]


def __getattr__(name: str) -> Any:
    if name in ("sklearn", "torch"):
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
