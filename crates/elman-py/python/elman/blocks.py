"""Blocks: what a :class:`elman.Network` is a chain of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, ClassVar, Literal, get_args

from . import _elman
from .arrays import as_choice, as_count, as_finite, as_truth

Direction = Literal["forward", "reverse", "both"]
Output = Literal["every", "last"]
Activation = Literal["identity", "tanh", "relu", "sigmoid", "elu", "softmax"]
PoolingKind = Literal["last", "mean", "max"]
Cell = str

#: What a field of a type may be; numbers of NumPy's become Python's, which files have.
_TAKEN: dict[str, Callable[[Any, str], Any]] = {
    "int": partial(as_count, least=1),
    "float": as_finite,
    "bool": as_truth,
    "Cell": partial(as_choice, choices=_elman.CELLS),
    "Direction": partial(as_choice, choices=get_args(Direction)),
    "Output": partial(as_choice, choices=get_args(Output)),
    "Activation": partial(as_choice, choices=get_args(Activation)),
    "PoolingKind": partial(as_choice, choices=get_args(PoolingKind)),
}


@dataclass(frozen=True)
class Block:
    """A stage of a network: it turns rows of some width into rows of another."""

    _name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            taken = _TAKEN[str(field.type)](getattr(self, field.name), field.name)
            object.__setattr__(self, field.name, taken)
        if self._name:
            _elman.check_block(json.dumps(self.config()))

    def config(self) -> dict[str, Any]:
        """The block as files have it.

        Returns
        -------
        dict
            Its name with its options.
        """
        return {self._name: asdict(self)}


@dataclass(frozen=True)
class Recurrent(Block):
    """A recurrent layer in one or both directions.

    Parameters
    ----------
    cell : str
        ``"elman"``, ``"elman-relu"``, ``"gru"``, ``"gru-reset-before"``, ``"lstm"``, ``"min-gru"`` or
        ``"peephole-lstm"``.
    hidden_size : int
        Units per direction.
    direction : {"forward", "reverse", "both"}
        The order in which a sequence is read.
    output : {"every", "last"}
        What is handed on: ``h`` of every timestep, or the final one.
    learned_state : bool
        Are the states from which a sequence starts parameters? Otherwise they are zero.
    recurrent_dropout : float
        The share of units whose state the recurrent products do not read in training, the same at every timestep of a
        sequence.
    zoneout : float
        How likely a unit's ``h`` stays as it was before a timestep: drawn in training, and in prediction its mean, which is
        part of the layer's equation.
    zoneout_cell : float
        The same of the states beside ``h``: an LSTM's ``c``.
    """

    cell: Cell
    hidden_size: int
    direction: Direction = "forward"
    output: Output = "every"
    learned_state: bool = False
    recurrent_dropout: float = 0.0
    zoneout: float = 0.0
    zoneout_cell: float = 0.0
    _name: ClassVar[str] = "recurrent"


def LSTM(
    hidden_size: int,
    *,
    direction: Direction = "forward",
    output: Output = "every",
    learned_state: bool = False,
    recurrent_dropout: float = 0.0,
    zoneout: float = 0.0,
    zoneout_cell: float = 0.0,
) -> Recurrent:
    """A :class:`Recurrent` block of LSTM cells.

    Parameters
    ----------
    hidden_size : int
        Units per direction.
    direction, output, learned_state, recurrent_dropout, zoneout, zoneout_cell
        As of :class:`Recurrent`.
    """
    return Recurrent(
        "lstm", hidden_size, direction, output, learned_state, recurrent_dropout, zoneout, zoneout_cell
    )


def GRU(
    hidden_size: int,
    *,
    direction: Direction = "forward",
    output: Output = "every",
    learned_state: bool = False,
    recurrent_dropout: float = 0.0,
    zoneout: float = 0.0,
) -> Recurrent:
    """A :class:`Recurrent` block of GRU cells, as PyTorch has them.

    Parameters
    ----------
    hidden_size : int
        Units per direction.
    direction, output, learned_state, recurrent_dropout, zoneout
        As of :class:`Recurrent`.
    """
    return Recurrent("gru", hidden_size, direction, output, learned_state, recurrent_dropout, zoneout)


def RNN(
    hidden_size: int,
    *,
    nonlinearity: Literal["tanh", "relu"] = "tanh",
    direction: Direction = "forward",
    output: Output = "every",
    learned_state: bool = False,
    recurrent_dropout: float = 0.0,
    zoneout: float = 0.0,
) -> Recurrent:
    """A :class:`Recurrent` block of Elman's cells.

    Parameters
    ----------
    hidden_size : int
        Units per direction.
    nonlinearity : {"tanh", "relu"}
        The function of the weighted sums.
    direction, output, learned_state, recurrent_dropout, zoneout
        As of :class:`Recurrent`.
    """
    cells = {"tanh": "elman", "relu": "elman-relu"}
    as_choice(nonlinearity, "nonlinearity", list(cells))
    return Recurrent(
        cells[nonlinearity], hidden_size, direction, output, learned_state, recurrent_dropout, zoneout
    )


@dataclass(frozen=True)
class Dense(Block):
    """``activation(W x + b)`` for each timestep.

    Parameters
    ----------
    output_size : int
        Values that leave it.
    activation : {"identity", "tanh", "relu", "sigmoid", "elu", "softmax"}
        The function of the weighted sums, softmax over the values of a row.
    bias : bool
        Is there a ``b``?
    """

    output_size: int
    activation: Activation = "identity"
    bias: bool = True
    _name: ClassVar[str] = "dense"


@dataclass(frozen=True)
class Dropout(Block):
    """Sets values to 0 in training, with this probability; not at either end of a network."""

    probability: float
    _name: ClassVar[str] = "dropout"


@dataclass(frozen=True)
class Embedding(Block):
    """Turns token ids into vectors; at the beginning of a network.

    Parameters
    ----------
    num_embeddings : int
        How many tokens there are: ids are below that.
    embedding_dim : int
        Values of a vector.
    one_hot : bool
        Are the vectors the rows of the identity, instead of learned? ``embedding_dim`` is then ``num_embeddings``.
    """

    num_embeddings: int
    embedding_dim: int
    one_hot: bool = False
    _name: ClassVar[str] = "embedding"


@dataclass(frozen=True)
class LayerNorm(Block):
    """Brings each row to mean 0 and variance 1, with learned weights and biases."""

    eps: float = 1e-5
    _name: ClassVar[str] = "layer-norm"


@dataclass(frozen=True)
class Skip(Block):
    """Adds the first ``inputs`` of the network's inputs to each row."""

    inputs: int
    _name: ClassVar[str] = "skip"


@dataclass(frozen=True)
class Pooling(Block):
    """One row for a whole sequence: ``"last"``, ``"mean"`` or ``"max"`` over time."""

    kind: PoolingKind
    _name: ClassVar[str] = "pooling"


@dataclass(frozen=True)
class Patch(Block):
    """Joins so many successive timesteps to one."""

    len: int
    _name: ClassVar[str] = "patch"


_KINDS: dict[str, type[Block]] = {
    kind._name: kind for kind in (Recurrent, Dense, Dropout, Embedding, LayerNorm, Skip, Pooling, Patch)
}


def block_of(config: dict[str, Any]) -> Block:
    """The block that :meth:`Block.config` came of."""
    ((name, options),) = config.items()
    return _KINDS[name](**options)
