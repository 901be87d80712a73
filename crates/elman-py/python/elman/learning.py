"""Losses and optimisers, with PyTorch's definitions and defaults."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _elman
from .arrays import Array, as_array, as_finite
from .network import Network

__all__ = [
    "SGD",
    "AbsoluteError",
    "Adam",
    "AdamW",
    "CrossEntropy",
    "Huber",
    "Loss",
    "Optimiser",
    "RMSprop",
    "SquaredError",
    "clip_grad_norm",
]


class Loss:
    """How far outputs are from targets: the mean over all values, and its gradient.

    ``loss(outputs, targets)`` gives both. Outputs are as a network gives them, an array ``(..., O)`` or a list of arrays;
    targets have the same shape. A target that is NaN is missing: it counts nothing.
    """

    _config: Any = None

    def __call__(self, outputs: Any, targets: Any) -> tuple[float, Any]:
        """The mean loss, and d loss / d outputs in the form of the outputs."""
        parts = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        wanted = list(targets) if isinstance(outputs, (list, tuple)) else [targets]
        if len(parts) != len(wanted):
            raise ValueError(f"outputs are {len(parts)} sequences, but targets are {len(wanted)}")
        arrays = [np.asarray(part) for part in parts]
        dtype = np.float64 if arrays and arrays[0].dtype == np.float64 else np.float32
        arrays = [as_array(part, dtype, "outputs") for part in arrays]
        if not arrays or any(part.ndim == 0 for part in arrays):
            raise ValueError("outputs must have at least one dimension, and there must be some")
        rows = [part.reshape(-1, part.shape[-1]) for part in arrays]
        flat = [self._targets(target, part) for target, part in zip(wanted, arrays)]
        value, gradient = _elman.loss(json.dumps(self._config), np.concatenate(rows), np.concatenate(flat))
        ends = np.cumsum([len(part) for part in rows])[:-1]
        pieces = [piece.reshape(part.shape) for piece, part in zip(np.split(gradient, ends), arrays)]
        return value, pieces if isinstance(outputs, (list, tuple)) else pieces[0]

    def _targets(self, targets: Any, outputs: Array) -> Array:
        array = as_array(targets, outputs.dtype, "targets")
        if array.shape != outputs.shape:
            raise ValueError(f"targets have the shape {array.shape}, but outputs have {outputs.shape}")
        return array.reshape(-1, outputs.shape[-1])

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SquaredError(Loss):
    """``e ** 2`` of the error ``e``."""

    _config = "squared"


class AbsoluteError(Loss):
    """``|e|`` of the error ``e``."""

    _config = "absolute"


class Huber(Loss):
    """``e ** 2 / 2`` up to ``delta``, then ``delta (|e| - delta / 2)``."""

    def __init__(self, delta: float = 1.0) -> None:
        if not 0 < delta < np.inf:
            raise ValueError(f"delta is {delta}; it must be above 0 and finite")
        self._config = {"huber": {"delta": float(delta)}}


class CrossEntropy(Loss):
    """``-log softmax(outputs)[target]``, from logits ``(..., C)`` and classes ``(...)``, whole numbers.

    Parameters
    ----------
    class_weights : sequence of float, optional
        One for each class; by default all are 1.
    """

    def __init__(self, class_weights: Sequence[float] | None = None) -> None:
        weights = None if class_weights is None else [as_finite(weight, "class_weights") for weight in class_weights]
        if weights is not None and not all(0 < weight < np.inf for weight in weights):
            raise ValueError("class_weights must be above 0 and finite")
        self._config = {"cross-entropy": {"class_weights": weights}}

    def _targets(self, targets: Any, outputs: Array) -> Array:
        array = np.asarray(targets.detach().cpu().numpy() if hasattr(targets, "detach") else targets)
        if array.dtype.kind not in "iu":
            raise TypeError(f"targets are of {array.dtype}; classes are whole numbers")
        if array.shape != outputs.shape[:-1]:
            raise ValueError(f"targets have the shape {array.shape}, but outputs have {outputs.shape}")
        if array.dtype.kind == "u" and array.size > 0 and array.max() >= outputs.shape[-1]:
            raise ValueError(f"targets hold {array.max()}, but classes are from 0 to {outputs.shape[-1] - 1}")
        return np.ascontiguousarray(array, np.int64).reshape(-1)


class Optimiser:
    """A rule that turns a network's gradient into updates of its parameters."""

    def __init__(self, network: Network, learning_rate: float, config: dict[str, Any]) -> None:
        if not isinstance(network, Network):
            raise TypeError(f"network is {type(network).__name__}; it must be the elman.Network whose parameters are updated")
        #: The network whose parameters are updated.
        self.network = network
        self.learning_rate = learning_rate
        for options in config.values():
            options.update({name: as_finite(value, name) for name, value in options.items() if not isinstance(value, bool)})
        self._optimiser = _elman.Optimiser(json.dumps(config), len(network.parameters), network.dtype.name)

    @property
    def learning_rate(self) -> float:
        """The rate of the next updates."""
        return self._rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        if as_finite(rate, "learning_rate") <= 0:
            raise ValueError(f"learning_rate is {rate}; it must be above 0")
        self._rate = rate

    def step(self) -> None:
        """Update the network's parameters along its gradient."""
        self._optimiser.update(self.network.parameters, self.network.gradients, float(self.learning_rate))

    def zero_grad(self) -> None:
        """Set the network's gradient to 0."""
        self.network.zero_grad()


class SGD(Optimiser):
    """Gradient descent: ``v = momentum v + g``, ``p -= learning_rate v``.

    Parameters
    ----------
    network : Network
        Whose parameters it updates.
    learning_rate : float
        The rate of the updates.
    momentum : float
        How much of the update before goes on.
    nesterov : bool
        Is the gradient added once more, where the momentum leads?
    weight_decay : float
        How much of each parameter is added to its gradient.
    """

    def __init__(
        self,
        network: Network,
        learning_rate: float = 1e-3,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        options = {"momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
        super().__init__(network, learning_rate, {"sgd": options})


class RMSprop(Optimiser):
    """The gradient over the root of its mean square.

    Parameters
    ----------
    network : Network
        Whose parameters it updates.
    learning_rate : float
        The rate of the updates.
    alpha : float
        How slowly the mean forgets.
    eps : float
        Added to the root, so that it divides.
    momentum : float
        How much of the update before goes on.
    weight_decay : float
        How much of each parameter is added to its gradient.
    """

    def __init__(
        self,
        network: Network,
        learning_rate: float = 1e-2,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        options = {"alpha": alpha, "eps": eps, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(network, learning_rate, {"rmsprop": options})


class Adam(Optimiser):
    """The mean gradient over the root of its mean square (Kingma & Ba, 2014).

    Parameters
    ----------
    network : Network
        Whose parameters it updates.
    learning_rate : float
        The rate of the updates.
    beta1, beta2 : float
        How slowly the means of the gradient and of its square forget.
    eps : float
        Added to the root, so that it divides.
    weight_decay : float
        How much of each parameter is added to its gradient.
    """

    def __init__(
        self,
        network: Network,
        learning_rate: float = 1e-3,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        options = {"beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
        super().__init__(network, learning_rate, {"adam": options})


class AdamW(Optimiser):
    """Adam whose decay acts on the parameters themselves (Loshchilov & Hutter, 2017).

    Parameters
    ----------
    network : Network
        Whose parameters it updates.
    learning_rate : float
        The rate of the updates.
    beta1, beta2 : float
        How slowly the means of the gradient and of its square forget.
    eps : float
        Added to the root, so that it divides.
    weight_decay : float
        How much of each parameter is taken off, times the rate.
    """

    def __init__(
        self,
        network: Network,
        learning_rate: float = 1e-3,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        options = {"beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
        super().__init__(network, learning_rate, {"adamw": options})


def clip_grad_norm(network: Network, max_norm: float) -> float:
    """Scale a network's gradient down to a norm.

    Parameters
    ----------
    network : Network
        Whose gradient.
    max_norm : float
        The largest norm that is left as it is.

    Returns
    -------
    float
        The norm that it had.
    """
    if not isinstance(network, Network):
        raise TypeError(f"network is {type(network).__name__}; it must be the elman.Network whose gradient is scaled")
    norm = as_finite(max_norm, "max_norm")
    if norm <= 0:
        raise ValueError(f"max_norm is {max_norm}; it must be above 0 and finite")
    return _elman.clip_grad_norm(network.gradients, norm)
