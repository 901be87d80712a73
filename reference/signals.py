"""Losses over signals: their values, and their gradients with respect to outputs.

Shapes are [T, B], time-major: timesteps T, sequences B. The definitions are those of CoreAudioML (`training.py`:
ESRLoss, DCLoss, PreEmph), of NAM (`nam/models/losses.py`) and of the package `auraloss`, which is called itself.
"""

import torch
from auraloss.freq import MultiResolutionSTFTLoss
from torch import Tensor

from losses import value_and_gradient

STEPS, SEQUENCES = 1400, 2
PRE_EMPHASIS = 0.85
EPSILON = 1e-5


def from_zero(x: Tensor) -> Tensor:
    return torch.cat([x[:1], x[1:] - PRE_EMPHASIS * x[:-1]])


def shorter(x: Tensor) -> Tensor:
    return x[1:] - PRE_EMPHASIS * x[:-1]


def esr(y: Tensor, t: Tensor) -> Tensor:
    return (t - y).pow(2).mean() / (t.pow(2).mean() + EPSILON)


def esr_nam(y: Tensor, t: Tensor) -> Tensor:
    return ((y - t).pow(2).mean(0) / t.pow(2).mean(0)).mean()


def dc(y: Tensor, t: Tensor) -> Tensor:
    return (t.mean(0) - y.mean(0)).pow(2).mean() / (t.pow(2).mean() + EPSILON)


def mrstft(y: Tensor, t: Tensor) -> Tensor:
    loss = MultiResolutionSTFTLoss()
    for part in loss.stft_losses:
        part.window = part.window.to(y.dtype)
    return loss(y.T.unsqueeze(1), t.T.unsqueeze(1))


def all_tensors() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(2020)
    time = torch.arange(STEPS).unsqueeze(1) * torch.tensor([0.031, 0.27])
    noise = lambda: torch.rand(STEPS, SEQUENCES, generator=generator) * 2 - 1  # noqa: E731
    targets = torch.tanh(2 * torch.sin(time)) * torch.tensor([0.8, 0.05]) + 0.02 * noise() + 0.1
    outputs = 0.9 * targets + 0.05 * torch.sin(time * 3.1) + 0.05 * noise() - 0.03
    # A stretch of silence: magnitudes at the floor.
    targets[500:900, 1] = 0.0
    losses = {
        "esr": lambda y: esr(y, targets),
        "esr-pre": lambda y: esr(from_zero(y), from_zero(targets)),
        "esr-nam": lambda y: esr_nam(y, targets),
        "esr-nam-pre": lambda y: esr_nam(shorter(y), shorter(targets)),
        "dc": lambda y: dc(y, targets),
        "esr-dc": lambda y: 0.75 * esr(from_zero(y), from_zero(targets)) + 0.25 * dc(y, targets),
        "mrstft": lambda y: mrstft(y, targets),
        "mrstft-pre": lambda y: mrstft(shorter(y), shorter(targets)),
        "sum": lambda y: (y - targets).pow(2).mean() + 2e-4 * mrstft(shorter(y), shorter(targets)),
    }
    tensors = {"outputs": outputs, "targets": targets}
    for name, loss in losses.items():
        tensors |= value_and_gradient(name, loss, outputs)
    return tensors
