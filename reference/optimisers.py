"""Optimisers: where fixed gradients lead from a fixed start, and the clipping of a gradient."""

import torch
from torch import Tensor

N, STEPS = 7, 30

SGD = dict(optimiser="sgd", lr=0.05, momentum=0.0, weight_decay=0.0, nesterov=False)
RMSPROP = dict(optimiser="rmsprop", lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, weight_decay=0.0)
ADAM = dict(optimiser="adam", lr=0.01, betas=[0.9, 0.999], eps=1e-8, weight_decay=0.0)
ADAMW = ADAM | dict(optimiser="adamw", weight_decay=0.01)

CONFIGURATIONS = {
    "sgd": SGD,
    "sgd-momentum": SGD | dict(momentum=0.9),
    "sgd-nesterov": SGD | dict(momentum=0.9, nesterov=True),
    "sgd-momentum-decay": SGD | dict(momentum=0.9, weight_decay=0.1),
    "rmsprop": RMSPROP,
    "rmsprop-momentum-decay": RMSPROP | dict(momentum=0.9, weight_decay=0.1),
    "adam": ADAM,
    "adam-decay": ADAM | dict(weight_decay=0.1),
    "adamw": ADAMW,
    "adamw-strong": ADAMW | dict(weight_decay=2.0, betas=[0.8, 0.95], eps=1e-6),
}

CLASSES = {
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}

# One scale per parameter. Near 1e-7 an eps of 1e-8 matters, and with it whether it stands inside
# or outside the square root.
SCALES = [1.0, 1.0, 3.0, 0.1, 1e-3, 1e-7, 1.0]
MAX_NORMS = (0.5, 100)


def draw_gradients(generator: torch.Generator) -> Tensor:
    gradients = torch.randn(STEPS, N, generator=generator) * torch.tensor(SCALES)
    gradients[:, 1] += 1.0  # mostly of one sign
    gradients[:5, 6] = 0.0  # a parameter that is not used at first
    return gradients


def parameters_after_every_step(start: Tensor, gradients: Tensor, configuration: dict) -> Tensor:
    """start [N], gradients [30, N] -> [30, N]."""
    hyperparameters = dict(configuration)
    optimiser_class = CLASSES[hyperparameters.pop("optimiser")]
    parameter = torch.nn.Parameter(start.clone())
    optimiser = optimiser_class([parameter], foreach=False, **hyperparameters)
    path = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimiser.step()
        path.append(parameter.detach().clone())
    return torch.stack(path)


def clip_grad_norm(gradient: Tensor, max_norm: float) -> tuple[Tensor, Tensor]:
    """The gradient clipped, and its norm before, [1]."""
    parameter = torch.nn.Parameter(torch.zeros_like(gradient))
    parameter.grad = gradient.clone()
    norm = torch.nn.utils.clip_grad_norm_([parameter], max_norm)
    return parameter.grad, norm.reshape(1)


def all_tensors() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1990)
    start = torch.rand(N, generator=generator) * 2 - 1
    gradients = draw_gradients(generator)
    tensors = {"start": start, "gradients": gradients}
    for name, configuration in CONFIGURATIONS.items():
        tensors[f"{name}/parameters"] = parameters_after_every_step(start, gradients, configuration)

    for max_norm in MAX_NORMS:
        tensors[f"clip/{max_norm}"], norm = clip_grad_norm(gradients[0], max_norm)
    assert min(MAX_NORMS) < norm < max(MAX_NORMS)  # the one clips, the other does not
    tensors["clip-norm"] = norm
    return tensors
