"""Samples of WAV files, and how far an answer is from them."""

import sys
from pathlib import Path

import torch
from torch import Tensor

sys.path.append(str(Path(__file__).parent.parent))
from data import read_wav  # noqa: E402


def read(path: Path) -> Tensor:
    """[T, 1]"""
    return torch.from_numpy(read_wav(path).copy())[:, None]


def error_to_signal(out: Tensor, target: Tensor) -> Tensor:
    """As CoreAudioML defines it, over all that is given."""
    return (target - out).square().mean() / (target.square().mean() + 1e-5)
