"""Networks for training loops of one's own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _elman
from .arrays import Array, Path, Sequences, as_array, as_count, as_dtype, as_states, as_text, is_list
from .blocks import Block, Embedding, block_of

if TYPE_CHECKING:
    from .learning import Loss, Optimiser

__all__ = ["Agreement", "Network", "StateInfo", "Stream", "Tensor"]


class Tensor(NamedTuple):
    """A named part of the flat vector of parameters."""

    name: str
    shape: tuple[int, ...]
    start: int
    end: int


class StateInfo(NamedTuple):
    """Whose states one of the arrays of a state holds."""

    layer: int
    direction: int
    reverse: bool
    cell: str
    names: tuple[str, ...]
    hidden_size: int


class Agreement(NamedTuple):
    """How well the gradient of a tensor agrees with dual numbers."""

    tensor: str
    entries: int
    compared: int
    error: float


class Network:
    """A chain of blocks with its parameters and their gradient.

    Parameters
    ----------
    blocks : sequence of Block
        In the order in which the input passes through them.
    input_size : int, optional
        Values per timestep of the input; 1 where the first block is an embedding, else it must be given.
    dtype : {"float32", "float64"}
        Or ``"f32"``, ``"f64"``. ``float32`` runs on the fast engine, ``float64`` on the plain one that it is tested against.
    init : {"torch", "orthogonal", "notebook", "identity"}
        How the parameters are drawn.
    seed : int
        Decides the parameters, and the masks of dropout.

    Notes
    -----
    Inputs are an array ``(B, T, I)``, with ``lengths`` where sequences end early; a list of arrays ``(T_i, I)``; or a
    single sequence ``(T, I)``. Outputs and gradients have the same form, padded with zeros behind a sequence's end; of a
    network that leaves one row per sequence ``(B, O)``, a list of ``(O,)``, or ``(O,)``.

    A state is a list of arrays ``(B, STATES, H)``, one for each recurrent layer and direction (:attr:`states`), ``h``
    first. One thread uses a network at a time; the interpreter's lock is released while it works.

    Examples
    --------
    >>> import numpy as np, elman
    >>> network = elman.Network([elman.GRU(8), elman.Dense(1)], input_size=2)
    >>> y, state = network.forward(np.zeros((3, 5, 2)))
    >>> y.shape, state[0].shape
    ((3, 5, 1), (3, 1, 8))
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        *,
        input_size: int | None = None,
        dtype: str = "float32",
        init: str = "torch",
        seed: int = 0,
    ) -> None:
        if isinstance(blocks, Block):
            raise TypeError(f"blocks is {blocks!r}; it must be a list of blocks")
        blocks = list(blocks)
        for n, block in enumerate(blocks):
            if not isinstance(block, Block):
                raise TypeError(f"blocks[{n}] is {block!r}; it must be a block, such as elman.GRU(16)")
        if input_size is None:
            if not (blocks and isinstance(blocks[0], Embedding)):
                raise TypeError("input_size, the values per timestep of the input, is not given")
            input_size = 1
        config = {"input_size": as_count(input_size, "input_size"), "blocks": [block.config() for block in blocks]}
        self._take(_elman.Network(json.dumps(config), as_dtype(dtype).name, as_text(init, "init"), as_count(seed, "seed")))

    def _take(self, network: _elman.Network) -> None:
        self._network = network
        #: How the sequences of the latest forward pass came, and the shape of the output, of a list that of each.
        self._form: tuple[str, Any] | None = None

    @classmethod
    def _of(cls, network: _elman.Network) -> Network:
        new = cls.__new__(cls)
        new._take(network)
        return new

    @classmethod
    def open(cls, path: Path) -> Network:
        """Read a file of weights, as :meth:`save` and the Rust library write it.

        Raises
        ------
        FileNotFoundError
            If there is none.
        ValueError
            If the file is something else, or damaged.
        """
        return cls._of(_elman.Network.open(os.fsdecode(path)))

    def save(self, path: Path) -> None:
        """Write a file of weights, all or nothing: safetensors with PyTorch's names."""
        self._network.save(os.fsdecode(path))

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (self._network.to_bytes(),)

    @property
    def blocks(self) -> list[Block]:
        """The blocks."""
        return [block_of(config) for config in json.loads(self._network.config)["blocks"]]

    @property
    def input_size(self) -> int:
        """Values per timestep of the input."""
        return self._network.input_size

    @property
    def output_size(self) -> int:
        """Values per timestep of the output."""
        return self._network.output_size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of parameters, inputs and outputs."""
        return np.dtype(self._network.dtype)

    @property
    def parameters(self) -> Array:
        """The flat vector of parameters itself: what is written to it is what the next pass runs with."""
        return self._network.parameters

    @property
    def gradients(self) -> Array:
        """The flat vector of the parameters' gradient itself, to which :meth:`backward` adds."""
        return self._network.gradients

    @property
    def tensors(self) -> list[Tensor]:
        """The parts of the flat vectors, in order."""
        return [Tensor(name, tuple(shape), start, end) for name, shape, start, end in self._network.tensors]

    @property
    def states(self) -> list[StateInfo]:
        """Whose states the arrays of a state hold, in order."""
        return [StateInfo(*info[:4], tuple(info[4]), info[5]) for info in self._network.states]

    def named_parameters(self) -> Iterator[tuple[str, Array]]:
        """PyTorch's name and a view of each tensor."""
        return self._named(self.parameters)

    def named_gradients(self) -> Iterator[tuple[str, Array]]:
        """Name and a view of each tensor's gradient."""
        return self._named(self.gradients)

    def _named(self, flat: Array) -> Iterator[tuple[str, Array]]:
        for tensor in self.tensors:
            yield tensor.name, flat[tensor.start : tensor.end].reshape(tensor.shape)

    def __getitem__(self, name: str) -> Array:
        """The view of the tensor with this name."""
        for found, view in self.named_parameters():
            if found == name:
                return view
        raise KeyError(f"there is no tensor {name!r}; there are {', '.join(t.name for t in self.tensors)}")

    def zero_grad(self) -> None:
        """Set the gradient to 0."""
        self.gradients[:] = 0

    def state_dict(self) -> dict[str, Array]:
        """Views of the tensors by PyTorch's names."""
        return dict(self.named_parameters())

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take up tensors by PyTorch's names, of NumPy or of PyTorch.

        Raises
        ------
        KeyError
            If a tensor is missing, or there is one that the network does not have.
        ValueError
            If one has another shape. Nothing is changed then.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"state_dict is {type(state_dict).__name__}; it must be tensors by their names")
        own = self.state_dict()
        missing, unknown = own.keys() - state_dict.keys(), state_dict.keys() - own.keys()
        if missing or unknown:
            parts = [
                f"{what}: {', '.join(sorted(names))}"
                for what, names in [("missing", missing), ("unknown", unknown)]
                if names
            ]
            raise KeyError(f"the state_dict does not fit the network; {'; '.join(parts)}")
        new = {name: as_array(state_dict[name], self.dtype, name) for name in own}
        for name, view in own.items():
            if new[name].shape != view.shape:
                raise ValueError(f"{name} has the shape {new[name].shape}, but it must be {view.shape}")
        for name, view in own.items():
            view[...] = new[name]

    def forward(
        self,
        x: Sequences,
        state: Sequence[Array] | None = None,
        *,
        lengths: Sequence[int] | None = None,
        training: bool = False,
    ) -> tuple[Any, list[Array]]:
        """Run sequences, so that :meth:`backward` may follow.

        Parameters
        ----------
        x : array (B, T, I), list of arrays (T_i, I), or array (T, I)
            The sequences.
        state : list of arrays (B, STATES, H), optional
            The states from which they start; by default zero, or what is learned of them.
        lengths : sequence of int, optional
            The timesteps of each sequence of ``(B, T, I)``; by default all are ``T`` long.
        training : bool
            Draw masks for dropout?

        Returns
        -------
        output : array or list
            In the form of ``x``.
        state : list of arrays (B, STATES, H)
            The final states: of each sequence after its own end.
        """
        return self._forward(x, state, lengths, "train" if training else "evaluate")

    def predict(
        self, x: Sequences, state: Sequence[Array] | None = None, *, lengths: Sequence[int] | None = None
    ) -> tuple[Any, list[Array]]:
        """:meth:`forward` without what a backward pass needs: faster, and in little memory.

        Parameters
        ----------
        x, state, lengths
            As of :meth:`forward`.

        Returns
        -------
        output : array or list
        state : list of arrays (B, STATES, H)
            As of :meth:`forward`.
        """
        return self._forward(x, state, lengths, "predict")

    def __call__(self, x: Sequences) -> Any:
        """The output of :meth:`predict`."""
        return self._forward(x, None, None, "predict")[0]

    def step(self, x: Any, state: Sequence[Array] | None = None) -> tuple[Array, list[Array]]:
        """One timestep of several sequences; :meth:`stream` is faster for one.

        Parameters
        ----------
        x : array (B, I)
            A timestep of each.
        state : list of arrays (B, STATES, H), optional
            Where they stand; by default at their start.

        Returns
        -------
        output : array (B, O)
        state : list of arrays (B, STATES, H)
            Where they stand then.
        """
        x = as_array(x, self.dtype, "x")
        if x.ndim != 2:
            raise ValueError(f"x has the shape {x.shape}, but a timestep of B sequences is (B, {self.input_size})")
        output, state = self.predict(x[:, None], state)
        return (output if self._network.ends_time else output[:, 0]), state

    def _forward(
        self, x: Sequences, state: Sequence[Array] | None, lengths: Sequence[int] | None, mode: str
    ) -> tuple[Any, list[Array]]:
        states = None if state is None else as_states(state, self.dtype, "state")
        given: Any
        if is_list(x):
            form, given = "list", [as_array(part, self.dtype, f"x[{n}]") for n, part in enumerate(x)]  # type: ignore[arg-type]
        else:
            given = as_array(x, self.dtype, "x")
            form = {3: "batch", 2: "single"}.get(given.ndim, "")
            if not form:
                size = self.input_size
                raise ValueError(
                    f"x has the shape {given.shape}; it must be (B, T, {size}), a list of (T_i, {size}) or (T, {size})"
                )
            given = given[None] if form == "single" else given
        if lengths is not None:
            if np.ndim(lengths) != 1:
                raise TypeError(f"lengths is {lengths!r}; it must be a list of the timesteps of each sequence")
            lengths = [as_count(length, f"lengths[{n}]", least=1) for n, length in enumerate(lengths)]
        self._form = None
        output, final = self._network.forward(given, lengths, states, mode)
        shaped = self._shaped(form, output, self._network.ends_time)
        self._form = (form, [part.shape for part in shaped] if form == "list" else shaped.shape)
        return shaped, final

    @staticmethod
    def _shaped(form: str, output: Any, ends_time: bool) -> Any:
        if form == "list":
            return [part[0] for part in output] if ends_time else output
        output = output[:, 0] if ends_time else output
        return output[0] if form == "single" else output

    def backward(self, dy: Any, dstate: Sequence[Array] | None = None) -> tuple[Any, list[Array]]:
        """Backpropagation through time for the latest :meth:`forward`, once.

        Parameters
        ----------
        dy : array or list
            d loss / d output, of the output's form.
        dstate : list of arrays (B, STATES, H), optional
            d loss / d final states; by default 0.

        Returns
        -------
        dx : array or list
            d loss / d input.
        dstate : list of arrays (B, STATES, H)
            d loss / d initial states.
        """
        if self._form is None:
            raise ValueError("backward needs a forward pass before it")
        (form, shape), ends_time = self._form, self._network.ends_time
        given: Any
        if form == "list":
            if not hasattr(dy, "__len__") or len(dy) != len(shape):
                found = f"has {len(dy)} parts" if hasattr(dy, "__len__") else f"is of {type(dy).__name__}"
                raise ValueError(f"dy {found}, but the output of forward is a list of {len(shape)} arrays")
            given = [self._fitting(part, f"dy[{n}]", shape[n]) for n, part in enumerate(dy)]
            given = [part[None] for part in given] if ends_time else given
        else:
            given = self._fitting(dy, "dy", shape)
            given = given[None] if form == "single" else given
            given = given[:, None] if ends_time else given
        dstates = None if dstate is None else as_states(dstate, self.dtype, "dstate")
        dx, dinitial = self._network.backward(given, dstates)
        return self._shaped(form, dx, False), dinitial

    def _fitting(self, value: Any, what: str, shape: tuple[int, ...]) -> Array:
        """The gradient of an output of this shape."""
        array = as_array(value, self.dtype, what)
        if array.shape != shape:
            raise ValueError(f"{what} has the shape {array.shape}, but the output of forward has {shape}")
        return array

    def train_step(
        self,
        x: Sequences,
        targets: Any,
        loss: Loss,
        optimiser: Optimiser,
        *,
        lengths: Sequence[int] | None = None,
        clip: float | None = None,
    ) -> float:
        """Learn from a batch: forward, loss, backward, clipping, update.

        Parameters
        ----------
        x : array or list
            The sequences, as :meth:`forward` takes them.
        targets : array or list
            As the loss takes them; NaN is missing and counts nothing.
        loss : Loss
            What is made small.
        optimiser : Optimiser
            The rule of the update, of this network.
        lengths : sequence of int, optional
            As of :meth:`forward`. Targets behind a sequence's end count unless they are NaN.
        clip : float, optional
            The largest norm of the gradient that is not scaled down.

        Returns
        -------
        float
            The loss before the update.

        Raises
        ------
        FloatingPointError
            If it is no finite number; the parameters stay as they were.
        ValueError
            If the optimiser is of another network.
        """
        from .learning import Loss, Optimiser, clip_grad_norm

        if not isinstance(loss, Loss):
            raise TypeError(f"loss is {loss!r}; it must be a loss, such as elman.SquaredError()")
        if not isinstance(optimiser, Optimiser):
            raise TypeError(f"optimiser is {optimiser!r}; it must be an optimiser, such as elman.Adam(network)")
        if optimiser.network is not self:
            raise ValueError("optimiser is of another network, which it would update; make one of this network")
        output, _ = self.forward(x, lengths=lengths, training=True)
        value, gradient = loss(output, targets)
        if not np.isfinite(value):
            raise FloatingPointError(f"the loss became {value}: try a lower learning rate, or clip")
        self.zero_grad()
        self.backward(gradient)
        if clip is not None:
            clip_grad_norm(self, clip)
        optimiser.step()
        return value

    def stream(self) -> Stream:
        """The network step by step, in ``float32``, with the parameters as they are now."""
        return Stream(self)

    def check(self, seed: int = 0) -> list[Agreement]:
        """Compare the gradients of all parameters, of inputs and of initial states with dual numbers.

        Raises
        ------
        ArithmeticError
            If one is wrong by more than a relative error of 1e-9.
        """
        return [Agreement(*found) for found in self._network.check(as_count(seed, "seed"))]

    def to_torch(self) -> Any:
        """A module of PyTorch with the same outputs: see :func:`elman.conversion.to_torch`."""
        from .conversion import to_torch

        return to_torch(self)

    def __repr__(self) -> str:
        blocks = ", ".join(repr(block) for block in self.blocks)
        return f"Network([{blocks}], input_size={self.input_size}, dtype={self.dtype.name!r})"


def _from_bytes(content: bytes) -> Network:
    return Network._of(_elman.Network.from_bytes(content))


class Stream:
    """A network that reads one timestep after the other.

    Parameters
    ----------
    network : Network
        Not bidirectional: a stream has no end to read from. Its parameters are copied, to ``float32``.

    Examples
    --------
    >>> import numpy as np, elman
    >>> stream = elman.Network([elman.GRU(16), elman.Dense(1)], input_size=1).stream()
    >>> stream.step(np.array([0.5], np.float32)).shape
    (1,)
    """

    def __init__(self, network: Network) -> None:
        self._stream = network._network.stream()
        #: ``step(x, out=None)`` reads ``x (I,)`` of float32 and gives the output ``(O,)``, written to ``out`` where that is
        #: given; None where a patch waits for more timesteps. It is the compiled function itself.
        self.step = self._stream.step
        #: ``step_scalar(x)`` reads a number, of a network with one input, and gives the first output.
        self.step_scalar = self._stream.step_scalar

    def states(self) -> list[list[Array]]:
        """For each recurrent block its states ``(H,)``, ``h`` first."""
        return self._stream.states()

    def reset(self) -> None:
        """Back to the initial state."""
        self._stream.reset()
