"""The options of estimators for type checkers and editors. Names and defaults are the library's; what they are is said in
:mod:`elman.options`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import DTypeLike, NDArray

Text = str | None
Whole = int | np.integer[Any] | None
Real = float | np.integer[Any] | np.floating[Any] | None
Truth = bool | np.bool_ | None
Columns = str | Sequence[str] | NDArray[Any] | None
Levels = str | Sequence[float] | NDArray[Any] | None


class Recipe(TypedDict, total=False):
    """Of all estimators: the network and its training."""

    test: Real
    validation: Real
    cell: Text
    hidden_size: Whole
    num_layers: Whole
    bidirectional: Truth
    dropout: Real
    recurrent_dropout: Real
    zoneout: Real
    zoneout_cell: Real
    learned_state: Truth
    patch: Whole
    pooling: Text
    skip: Whole
    ensemble: Whole
    embedding_dim: Whole
    init: Text
    dtype: DTypeLike | None
    epochs: Whole
    batch_size: Whole
    loss: Text
    huber_delta: Real
    quantiles: Levels
    pre_emphasis: Real
    dc_weight: Real
    stft_weight: Real
    class_weights: Text
    optimiser: Text
    learning_rate: Real | Text
    momentum: Real
    nesterov: Truth
    weight_decay: Real
    alpha: Real
    beta1: Real
    beta2: Real
    schedule: Text
    warmup: Whole
    schedule_every: Whole
    schedule_factor: Real
    schedule_patience: Whole
    clip: Real
    accumulate: Whole
    truncate: Whole
    burn_in: Whole
    average: Text
    ema_decay: Real
    swa_start: Whole
    patience: Whole
    seed: Whole
    verbose: int


class ForecasterOptions(Recipe, total=False):
    """Of :class:`elman.Forecaster`."""

    target: Columns
    missing: Text
    id: Columns
    time: Text
    time_format: Text
    timezone: Text
    past_covariates: Columns
    future_covariates: Columns
    static_covariates: Columns
    calendar: Columns
    season: Whole
    horizon: Whole
    window: Whole
    stride: Whole
    transform: Text
    layout: Literal["time", "channels"]


class GroupedOptions(Recipe, total=False):
    """Of estimators of sequences."""

    id: Columns
    target: Columns
    features: Columns
    time: Text
    time_format: Text
    missing: Text
    group: Text
    split: Text
    split_seed: Whole
    layout: Literal["time", "channels"]


class ClassifierOptions(GroupedOptions, total=False):
    """Of :class:`elman.SequenceClassifier`."""

    window: Whole
    search: Truth


class RegressorOptions(GroupedOptions, total=False):
    """Of :class:`elman.SequenceRegressor`."""

    window: Whole


class LabelerOptions(GroupedOptions, total=False):
    """Of :class:`elman.SequenceLabeler`."""

    classes: Truth
    scale: Text
    streams: Whole


class TextModelOptions(Recipe, total=False):
    """Of :class:`elman.TextModel`."""

    tokens: Text
    unknown: Truth
    vocabulary: Whole
    window: Whole
