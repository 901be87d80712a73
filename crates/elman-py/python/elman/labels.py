"""Classes as a caller has them, beside the names by which a model file knows them."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import numpy as np

from . import _elman
from .arrays import Array, refuse_single, unmasked
from .data import is_none, times_as_text

__all__ = ["agreement", "as_labels", "different", "known_as", "labelled", "labels_of", "refuse_twins", "texts_of"]

#: A whole number as Python writes it.
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")


def as_labels(y: Any) -> Array:
    """Labels as an array, in which a masked one is missing.

    Raises
    ------
    TypeError
        If they are no array and no list, or one is no label, as a list is none.
    ValueError
        If they are complex numbers.
    """
    refuse_single(y, "y")
    labels = unmasked(y)
    if labels.dtype.kind == "c":
        raise ValueError(f"y is of {labels.dtype}: Complex data not supported; classes are names or whole numbers")
    if labels.dtype == object:
        other = next((label for label in labels.flat if not isinstance(label, Hashable)), None)
        if other is not None:
            raise TypeError(f"y has {other!r}, of type {type(other).__name__}; a class is a name or a whole number")
    return labels


def texts_of(labels: Array) -> list[str]:
    """Labels as texts, by which the library knows them; an empty one for what is missing."""
    return times_as_text(labels) if labels.dtype.kind == "M" else [_text_of(label) for label in labels.tolist()]


def _text_of(label: Any) -> str:
    if is_none(label):
        return ""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def different(labels: Array) -> Array:
    """The different labels that are not missing, sorted, in their own type.

    Raises
    ------
    TypeError
        If they have no order.
    """
    if labels.dtype == object:
        return np.unique(np.array([label for label in dict.fromkeys(labels.tolist()) if not is_none(label)]))
    found = np.unique(labels)
    return found[found == found]


def refuse_twins(labels: Array) -> None:
    """Refuse different labels that are one class to the library, and those that are no name."""
    texts, seen = texts_of(labels), dict[str, Any]()
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
    """Those of these labels that are classes of a model, and its name for each; where they are not one for each class, what the
    names stand for."""
    by_key = dict(zip(_elman.class_keys(names, names), names))
    # A frame's truth values are numbers to a table.
    is_number = labels.dtype == bool and set(names) == {"0", "1"}
    texts = texts_of(labels.astype(np.int64) if is_number else labels)
    found = [by_key.get(key) for key in _elman.class_keys(names, texts)]
    known = [name for name in found if name is not None]
    if sorted(known) == sorted(names):
        return labels[[name is not None for name in found]], known
    labels = labels_of(names)
    return labels, [by_key[key] for key in _elman.class_keys(names, texts_of(labels))]


def labelled(texts: list[str], labels: Array, names: list[str]) -> Any:
    """The labels that names stand for, as a column of a frame."""
    places = {name: n for n, name in enumerate(names)}
    found = labels[[places[text] for text in texts]]
    return found.tolist() if found.dtype == object else found


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
    keys = zip(*(_elman.class_keys(names, texts_of(array)) for array in (predicted, labels)))
    return np.array([a == b or of_a == of_b for (a, b), (of_a, of_b) in zip(pairs, keys)])
