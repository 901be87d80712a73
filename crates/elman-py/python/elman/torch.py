"""Recurrent layers for PyTorch, on the CPU, run forward and backward by Elman's engine.

``elman.torch.LSTM``, ``GRU`` and ``RNN`` are ``torch.nn``'s with another way to compute: the same arguments, parameters,
``state_dict``, outputs and gradients. A training script changes one import; :func:`accelerate` changes a model that is there.
A layer in ``float16`` or ``bfloat16`` is run by PyTorch.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.autograd import forward_ad
from torch.nn.utils.rnn import PackedSequence

from . import _elman

__all__ = ["GRU", "LSTM", "RNN", "accelerate"]

#: The number types that the engine has.
_DTYPES = {torch.float32: "float32", torch.float64: "float64"}
#: Those that PyTorch alone computes in.
_NARROW = (torch.float16, torch.bfloat16)


def _numpy(tensor: Tensor | None) -> Any:
    """A tensor's values as an array, of the same memory where they lie there row by row."""
    return None if tensor is None else tensor.contiguous().numpy(force=True)


def _widened(value: Any, dtype: torch.dtype) -> Any:
    """Tensors of the number types that autocast computes in, in that of the weights; all else as it is."""
    if isinstance(value, (tuple, list)):
        return tuple(_widened(part, dtype) for part in value)
    return value.to(dtype) if isinstance(value, Tensor) and value.dtype in _NARROW else value


def _is_transformed(tensors: list[Any]) -> bool:
    """Does PyTorch have to see the operations: to take them down, for another program or another function?"""
    is_function_transformed: bool = torch._C._are_functorch_transforms_active()
    is_traced: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    # Modes see operations one by one, to note, to count or to change them; derivatives forward go along with values.
    is_watched = torch._C._len_torch_dispatch_stack() > 0 or forward_ad._current_level >= 0
    if is_traced or torch.compiler.is_exporting() or is_function_transformed or is_watched:
        return True
    # What calls itself a tensor may have its values elsewhere, or none.
    return any(isinstance(tensor, Tensor) and type(tensor) not in (Tensor, nn.Parameter) for tensor in tensors)


def _is_batched(gradient: Tensor | None) -> bool:
    """Is it several gradients at once, whose number PyTorch hides?"""
    functions = torch._C._functorch
    return gradient is not None and (
        functions.is_batchedtensor(gradient) or functions.is_legacy_batchedtensor(gradient)
    )


class _Pass(torch.autograd.Function):
    """A forward pass through all layers, and the backward pass."""

    @staticmethod
    def forward(
        ctx: Any, layer: _elman.Layer, lengths: list[int], seed: int | None, states: int, *tensors: Tensor | None
    ) -> tuple[Tensor, ...]:
        x, initial, weights = tensors[0], tensors[1 : 1 + states], tensors[1 + states :]
        assert x is not None
        given = None if states == 0 or initial[0] is None else [_numpy(state) for state in initial]
        y, final, ctx.run = layer.forward(_numpy(x), lengths, given, [_numpy(w) for w in weights], seed, True)
        ctx.states = states
        # The pass has its own copies. These are for PyTorch: it refuses what changed since then, and what it let go of.
        ctx.save_for_backward(*tensors)
        ctx.set_materialize_grads(False)
        return (torch.from_numpy(y), *(torch.from_numpy(state) for state in final))

    @staticmethod
    def backward(ctx: Any, dy: Tensor | None, *dfinal: Tensor | None) -> tuple[Any, ...]:
        tensors = ctx.saved_tensors
        gradients = _Pass._gradients(ctx, tensors, dy, dfinal)
        # Whoever asked for a graph of the gradients would find them constant.
        return _Final.of(gradients, (dy, *dfinal, *tensors)) if torch.is_grad_enabled() else gradients

    @staticmethod
    @torch.no_grad()
    def _gradients(
        ctx: Any, tensors: tuple[Any, ...], dy: Tensor | None, dfinal: tuple[Tensor | None, ...]
    ) -> tuple[Any, ...]:
        if any(_is_batched(gradient) for gradient in (dy, *dfinal)):
            raise RuntimeError(
                "elman.torch's layers go back through one gradient at a time: without is_grads_batched=True, "
                "vectorize=True or vmap; torch.nn's take several"
            )
        x, weights, dstates = tensors[0], tensors[1 + ctx.states :], None
        if any(d is not None for d in dfinal):
            like = next(d for d in dfinal if d is not None)
            dstates = [_numpy(torch.zeros_like(like) if d is None else d) for d in dfinal]
        wanted = ctx.needs_input_grad[4], any(ctx.needs_input_grad[5 : 5 + ctx.states])
        dx, dinitial, flat = ctx.run.backward(_numpy(dy), dstates, *wanted)
        dinitial = [torch.from_numpy(d) for d in dinitial]
        dinitial += [None] * (ctx.states - len(dinitial))
        # Of a layer without biases every other pair of tensors is none, of as many values as the one before has rows.
        sizes = [weights[n - 2].shape[0] if w is None else w.numel() for n, w in enumerate(weights)]
        parts = torch.from_numpy(flat).split_with_sizes(sizes)
        # Few calls: each is of code that the pass has driven out of the processor's caches.
        dweights = [None if w is None else d if w.dim() == 1 else d.view(w.shape) for w, d in zip(weights, parts)]
        dx = None if dx is None else torch.from_numpy(dx).view(x.shape)
        return (None, None, None, None, dx, *dinitial, *dweights)


class _Final(torch.autograd.Function):
    """Gradients of which there is no gradient: an error where one is asked for, in place of zeros or of nothing."""

    @staticmethod
    def of(gradients: tuple[Any, ...], causes: tuple[Any, ...]) -> tuple[Any, ...]:
        """These gradients, None where there is none, as results of all that they depend on."""
        there = [n for n, gradient in enumerate(gradients) if gradient is not None]
        final = dict(zip(there, _Final.apply(len(causes), *causes, *(gradients[n] for n in there))))
        return tuple(final.get(n) for n in range(len(gradients)))

    @staticmethod
    def forward(ctx: Any, causes: int, *tensors: Tensor | None) -> tuple[Tensor | None, ...]:
        return tensors[causes:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        raise RuntimeError("elman.torch's layers have no second derivatives; torch.nn's have")


class _Layer(nn.RNNBase):
    """What the three have in common."""

    #: The arrays that a state is made of.
    _states = 1

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[no-untyped-call]
        state.pop("_engines", None)
        return state

    def _cell(self) -> str:
        raise NotImplementedError

    def _engine(self, dtype: torch.dtype) -> _elman.Layer:
        """The layer of the engine for a number type, made when it is first needed."""
        # Of a layer that drops all, which PyTorch trains, the engine only predicts.
        dropout = self.dropout if self.dropout < 1 else 0.0
        shape = (self._cell(), self.input_size, self.hidden_size, self.num_layers, self.bidirectional, dropout)
        key = (shape, self.bias, dtype)
        engines: dict[Any, _elman.Layer] = self.__dict__.setdefault("_engines", {})
        if key not in engines:
            engines.clear()
            engines[key] = _elman.Layer(*shape, _DTYPES[dtype])
        return engines[key]

    def _tensors(self) -> list[Any]:
        """Weights and biases, layer by layer; None for a bias that is not there."""
        tensors: list[Any] = []
        for weights in self.all_weights:
            tensors.extend([*weights, *[None] * (4 - len(weights))])
        return tensors

    def forward(self, input: Any, hx: Any = None) -> Any:
        """As ``torch.nn``'s layer of the same name."""
        if isinstance(input, fx.Proxy):
            return self._taken_down(input, hx)
        packed = isinstance(input, PackedSequence)
        data, tensors = input.data if packed else input, self._tensors()
        if _is_transformed([data, *(hx if isinstance(hx, (tuple, list)) else [hx]), *tensors]):
            return super().forward(input, hx)
        if not isinstance(data, Tensor):
            raise TypeError(f"{type(self).__name__}: the input is {type(data).__name__}; it must be a tensor, or packed")
        if torch.is_autocast_enabled("cpu"):
            # As of operations that autocast leaves exact, the result is of the weights' type.
            data, hx = _widened(data, tensors[0].dtype), _widened(hx, tensors[0].dtype)
        if (data.dtype in _NARROW and data.dtype == tensors[0].dtype) or (self.training and self.dropout == 1):
            return super().forward(input, hx)
        self._check(data, tensors[0])
        if packed:
            counts = input.batch_sizes.tolist()
            batch_size, is_batched = counts[0], True
            # As many sequences end with a timestep as the next has fewer.
            ends = [now - after for now, after in zip(counts, [*counts[1:], 0])]
            lengths = [t for t in range(len(counts), 0, -1) for _ in range(ends[t - 1])]
            x = data
        else:
            is_batched = data.dim() == 3
            if data.dim() not in (2, 3):
                raise ValueError(f"{type(self).__name__}: the input has {data.dim()} dimensions; it must have 2 or 3")
            x = data if is_batched else data.unsqueeze(1)
            x = x.transpose(0, 1) if self.batch_first and is_batched else x
            time, batch_size = x.shape[0], x.shape[1]
            if batch_size == 0 or time == 0:
                return super().forward(input, hx)
            lengths = [time] * batch_size
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {x.shape[-1]}"
            )
        initial = self._initial(hx, is_batched, batch_size, x.dtype)
        if packed and hx is not None and input.sorted_indices is not None:
            initial = [state.index_select(1, input.sorted_indices) for state in initial]
        y: Any
        y, final = self._run(x, lengths, initial, tensors)
        if packed:
            y = PackedSequence(y, input.batch_sizes, input.sorted_indices, input.unsorted_indices)
            if input.unsorted_indices is not None:
                final = [state.index_select(1, input.unsorted_indices) for state in final]
        else:
            y = y.view(time, batch_size, y.shape[-1])
            y = y.transpose(0, 1) if self.batch_first and is_batched else y
            if not is_batched:
                y, final = y.squeeze(1), [state.squeeze(1) for state in final]
        return y, final[0] if self._states == 1 else tuple(final)

    def _taken_down(self, input: fx.Proxy, hx: Any) -> Any:
        """A call of the layer in the graph that PyTorch takes a model down in, where it has its own layers too."""
        path = input.tracer.path_of_module(self)  # type: ignore[attr-defined]
        if not path or self._forward_hooks or self._forward_pre_hooks:
            raise TypeError(
                f"elman.torch.{type(self).__name__}: torch.fx takes down a model that the layer, without hooks, is a part of"
            )
        return input.tracer.create_proxy("call_module", path, (input, hx), {})

    def _run(
        self, x: Tensor, lengths: list[int], initial: list[Any], tensors: list[Any]
    ) -> tuple[Tensor, list[Tensor]]:
        engine = self._engine(x.dtype)
        seed = None
        if self.training and self.dropout > 0 and self.num_layers > 1:
            seed = int(torch.randint(2**63 - 1, ()).item())
        inputs = [x, *initial, *tensors]
        if torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in inputs):
            y, *final = _Pass.apply(engine, lengths, seed, self._states, *inputs)
            return y, final
        states = None if initial[0] is None else [_numpy(state) for state in initial]
        y, final, _ = engine.forward(_numpy(x), lengths, states, [_numpy(t) for t in tensors], seed, False)
        return torch.from_numpy(y), [torch.from_numpy(state) for state in final]

    def _check(self, data: Tensor, weight: Tensor) -> None:
        """Refuses what only PyTorch itself can run."""
        name = type(self).__name__
        if data.device.type != "cpu" or weight.device.type != "cpu":
            raise RuntimeError(
                f"elman.torch.{name} runs on the CPU; the input is on {data.device}, the weights on {weight.device}"
            )
        if data.dtype not in _DTYPES or data.dtype != weight.dtype:
            raise ValueError(
                f"elman.torch.{name}: the input is {data.dtype} and the weights are {weight.dtype}; both "
                "must be torch.float32, or both torch.float64"
            )

    def _initial(self, hx: Any, is_batched: bool, batch_size: int, dtype: torch.dtype) -> list[Any]:
        """The arrays ``[D * layers, B, H]`` of the state to start from; none of them for zeros."""
        if hx is None:
            return [None] * self._states
        given = list(hx) if isinstance(hx, (tuple, list)) else [hx]
        others = [type(state).__name__ for state in given if not isinstance(state, Tensor)]
        if others:
            raise TypeError(f"{type(self).__name__}: hx is of {others[0]}; it must be of tensors")
        if isinstance(hx, Tensor) != (self._states == 1) or len(given) != self._states:
            wanted = "a tensor" if self._states == 1 else f"a tuple of {self._states} tensors"
            found = "a tensor" if isinstance(hx, Tensor) else f"{len(given)} tensors"
            raise TypeError(f"{type(self).__name__}: hx is {found}; it must be {wanted}")
        shape = (self.num_layers * (2 if self.bidirectional else 1), batch_size, self.hidden_size)
        states = [state if is_batched else state.unsqueeze(1) for state in given]
        for state in states:
            if tuple(state.shape) != shape:
                raise RuntimeError(f"Expected hidden size {shape}, got {list(state.shape)}")
            if state.dtype != dtype:
                raise ValueError(f"hx is {state.dtype}, but the input is {dtype}")
        return states


def _refuse_projection(arguments: dict[str, Any]) -> None:
    if arguments.pop("proj_size", 0):
        raise NotImplementedError(
            "proj_size: a projection of the hidden state is not something the engine has; use torch.nn.LSTM"
        )


class LSTM(_Layer, nn.LSTM):
    """``torch.nn.LSTM``, run by Elman's engine: see there. ``proj_size`` must be 0."""

    _states = 2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        nn.LSTM.__init__(self, *args, **kwargs)
        if self.proj_size:
            _refuse_projection({"proj_size": self.proj_size})

    def _cell(self) -> str:
        return "lstm"


class GRU(_Layer, nn.GRU):
    """``torch.nn.GRU``, run by Elman's engine: see there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        nn.GRU.__init__(self, *args, **kwargs)

    def _cell(self) -> str:
        return "gru"


class RNN(_Layer, nn.RNN):
    """``torch.nn.RNN``, run by Elman's engine: see there. ``nonlinearity`` is ``"tanh"`` or ``"relu"``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        nn.RNN.__init__(self, *args, **kwargs)

    def _cell(self) -> str:
        return "elman-relu" if self.nonlinearity == "relu" else "elman"


_FASTER: dict[type[nn.Module], type[nn.RNNBase]] = {nn.LSTM: LSTM, nn.GRU: GRU, nn.RNN: RNN}


def accelerate(module: nn.Module) -> nn.Module:
    """Have a model's recurrent layers run by Elman's engine, in place.

    The layers stay the objects that they are, with their parameters, hooks and place in the model, so that optimisers and
    checkpoints notice nothing. A layer with a projection, or of a class of its own, stays as it was, with a warning.

    Parameters
    ----------
    module : torch.nn.Module
        A model, or a layer itself.

    Returns
    -------
    torch.nn.Module
        The same one.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module is {type(module).__name__}; it must be a torch.nn.Module")
    for name, layer in module.named_modules():
        if isinstance(layer, _Layer) or not isinstance(layer, nn.RNNBase):
            continue
        faster, name = _FASTER.get(type(layer)), name or "the layer"
        if faster is None:
            warnings.warn(f"{name} is of a class of its own, {type(layer).__name__}, and stays that", stacklevel=2)
        elif layer.proj_size:
            warnings.warn(f"{name} has a projection (proj_size) and stays torch.nn.LSTM", stacklevel=2)
        else:
            layer.__class__ = faster
    return module
