"""Losses, mean reduction: their values, and their gradients with respect to predictions."""

import torch
from torch import Tensor
from torch.nn import functional

# Differences on both sides of both of Huber's deltas, of both signs, and one of exactly zero,
# where the absolute loss has no derivative and PyTorch takes 0.
DIFFERENCES = [
    [0.0, 0.3, -0.3],
    [0.65, -0.65, 0.75],
    [-0.75, 0.95, -0.95],
    [1.05, -1.05, 2.5],
    [-2.5, 0.01, -0.01],
    [0.5, -4.0, 6.0],
]
# exp(300) overflows in float32, exp(800) in float64; in row 2 the probability of the right class
# underflows in float32.
LOGITS = [
    [0.2, -1.3, 0.8, 2.1],
    [1.5, 0.4, -0.6, -2.2],
    [300.0, -300.0, 1.0, 0.5],
    [-0.9, 0.0, 0.3, 1.1],
    [800.0, -800.0, 799.0, 0.0],
    [-1.7, 0.6, 2.4, 0.1],
]
CLASSES = [3, 1, 3, 0, 2, 1]
CLASS_WEIGHTS = [0.5, 2.0, 1.25, 0.8]
LEVELS = [0.1, 0.5, 0.75]
# What is added to a scale, and to degrees of freedom, after the softplus.
MIN_SCALE, MIN_FREEDOM = 1e-3, 2.0
# Softplus of -12 is below a hundredth of the least scale, that of 9 is 9 and a little; degrees of freedom from 2.01 to 32.
RAW_SCALES = [[-12.0, -3.0], [-1.5, -0.4], [0.0, 0.7], [1.6, 3.0], [9.0, 0.1], [-0.8, 2.2]]
RAW_FREEDOMS = [[-4.5, 30.0], [0.3, 2.5], [-1.0, 12.0], [6.0, 0.0], [1.1, 18.0], [4.0, -0.6]]


def value_and_gradient(name: str, loss, predictions: Tensor) -> dict[str, Tensor]:
    predictions = predictions.clone().requires_grad_()
    value = loss(predictions)
    value.backward()
    return {f"{name}/value": value.reshape(1), f"{name}/gradient": predictions.grad}


def all_tensors() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1990)
    targets = torch.rand(6, 3, generator=generator) * 2 - 1
    predictions = targets + torch.tensor(DIFFERENCES)
    assert ((predictions - targets) == 0).sum() == 1
    logits, classes = torch.tensor(LOGITS), torch.tensor(CLASSES)
    class_weights = torch.tensor(CLASS_WEIGHTS)

    tensors = {"predictions": predictions, "targets": targets}
    regression = {
        "squared": lambda p: functional.mse_loss(p, targets),
        "absolute": lambda p: functional.l1_loss(p, targets),
        "huber": lambda p: functional.huber_loss(p, targets, delta=0.7),
        "huber-1": lambda p: functional.huber_loss(p, targets, delta=1.0),
    }
    for name, loss in regression.items():
        tensors |= value_and_gradient(name, loss, predictions)

    tensors |= {"logits": logits, "classes": classes, "class_weights": class_weights}
    classification = {
        "cross-entropy": lambda p: functional.cross_entropy(p, classes),
        "cross-entropy-weighted": lambda p: functional.cross_entropy(
            p, classes, weight=class_weights
        ),
    }
    for name, loss in classification.items():
        tensors |= value_and_gradient(name, loss, logits)
    return tensors | distributions(targets[:, :2].contiguous())


def distributions(targets: Tensor) -> dict[str, Tensor]:
    """Losses with several outputs for each of two values, side by side."""
    generator = torch.Generator().manual_seed(1978)
    errors = torch.tensor(DIFFERENCES)[:, 1:]
    scales, freedoms = torch.tensor(RAW_SCALES), torch.tensor(RAW_FREEDOMS)
    location = targets + errors * (functional.softplus(scales) + MIN_SCALE)
    predicted = {
        "gaussian": torch.stack([location, scales], dim=2),
        "student-t": torch.stack([location, scales, freedoms], dim=2),
        "quantile": targets.unsqueeze(2) + torch.rand(6, 2, 3, generator=generator) * 2 - 1,
    }
    scale = lambda y: functional.softplus(y) + MIN_SCALE  # noqa: E731
    losses = {
        "gaussian": lambda p: functional.gaussian_nll_loss(
            p[..., 0], targets, scale(p[..., 1]) ** 2, full=True, eps=1e-12
        ),
        "student-t": lambda p: -torch.distributions.StudentT(
            functional.softplus(p[..., 2]) + MIN_FREEDOM, p[..., 0], scale(p[..., 1])
        )
        .log_prob(targets)
        .mean(),
        "quantile": lambda p: pinball(targets.unsqueeze(2) - p, torch.tensor(LEVELS)).mean(),
    }
    tensors = {"levels": torch.tensor(LEVELS)}
    for name, loss in losses.items():
        tensors[f"{name}/outputs"] = predicted[name].flatten(1)
        of_rows = lambda p, loss=loss: loss(p.unflatten(1, (2, -1)))  # noqa: E731
        tensors |= value_and_gradient(name, of_rows, tensors[f"{name}/outputs"])
    return tensors


def pinball(e: Tensor, levels: Tensor) -> Tensor:
    return torch.maximum(levels * e, (levels - 1) * e)
