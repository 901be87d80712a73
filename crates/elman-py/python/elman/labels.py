"""Classes as a caller has them, beside the names by which a model file knows them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from . import _elman
from .arrays import Array

__all__ = ["agreement", "known_as", "labels_of", "refuse_twins", "text_of"]

#: A whole number as Python writes it.
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")


def text_of(label: Any) -> str:
    """A label as text, by which the library knows it."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _texts(labels: Array) -> list[str]:
    return [text_of(label) for label in labels.tolist()]


def refuse_twins(labels: Array) -> None:
    """Refuse different labels that are one class to the library, and those that are no name."""
    texts, seen = _texts(labels), dict[str, Any]()
    for label, key in zip(labels.tolist(), _elman.class_keys(texts, texts)):
        if not key:
            raise ValueError(f"y has the class {label!r}, an empty text, which stands for no class; give it a name")
        if key in seen:
            raise ValueError(
                f"y has the classes {seen[key]!r} and {label!r}, which are one to a model: it reads numbers and truth values "
                "however they are written, and no space around a name; give them names that differ otherwise"
            )
        seen[key] = label


def known_as(labels: Array, names: list[str]) -> tuple[Array, list[str]]:
    """Those of these labels that are classes of a model, and its name for each."""
    by_key = dict(zip(_elman.class_keys(names, names), names))
    found = [by_key.get(key) for key in _elman.class_keys(names, _texts(labels))]
    return labels[[name is not None for name in found]], [name for name in found if name is not None]


def labels_of(names: list[str]) -> Array:
    """The labels that a model's names stand for, in order: a file has texts, which tell whole numbers and truth values."""
    if all(_WHOLE.fullmatch(name) for name in names):
        return np.sort(np.array([int(name) for name in names]))
    if set(names) == {"True", "False"}:
        return np.array([False, True])
    return np.array(sorted(names))


def agreement(predicted: Array, labels: Array, names: list[str]) -> Array:
    """Which predictions are right: to Python, or as a model with these classes tells labels apart."""
    pairs = zip(predicted.tolist(), labels.tolist())
    keys = zip(*(_elman.class_keys(names, _texts(array)) for array in (predicted, labels)))
    return np.array([a == b or of_a == of_b for (a, b), (of_a, of_b) in zip(pairs, keys)])
