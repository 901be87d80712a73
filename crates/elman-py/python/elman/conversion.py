"""From PyTorch's modules to networks, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .blocks import Activation, Block, Dense, Dropout, Embedding, LayerNorm, Patch, Pooling, Recurrent, Skip
from .network import Network

if TYPE_CHECKING:
    import torch

__all__ = ["from_torch", "to_torch"]

#: The activations of ``torch.nn`` that a network has.
_ACTIVATIONS: dict[str, Activation] = {"Tanh": "tanh", "ReLU": "relu", "Sigmoid": "sigmoid", "ELU": "elu", "Softmax": "softmax"}


def from_torch(module: torch.nn.Module) -> Network:
    """A network with the parameters and outputs of a module.

    Parameters
    ----------
    module : torch.nn.Module
        An ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``, or an ``nn.Sequential`` of those, which may have others in it, with
        ``nn.Linear``, ``nn.Embedding`` at the beginning, ``nn.LayerNorm``, ``nn.Dropout``, ``nn.Identity`` and the
        activations ``nn.Tanh``, ``nn.ReLU``, ``nn.Sigmoid``, ``nn.ELU`` and ``nn.Softmax``. Outputs of recurrent layers are
        taken for what they hand on, their states left aside.

    Returns
    -------
    Network
        Whose inputs have the batch first, whatever the module's ``batch_first`` is.

    Raises
    ------
    ValueError
        If the module has something that a network does not, by its name, or a layer has a ``forward`` or hooks of its own.
    TypeError
        If it is no module.

    Notes
    -----
    An activation directly behind a linear layer is that of its dense block. Anywhere else it is one of a dense block of its own,
    whose weights are the identity: exact for finite values, at the cost of ``H * H`` weights and as many multiplications at each
    timestep of ``H`` values. In training these weights are parameters like all others.
    """
    from torch import nn

    layers = list(_layers(module))
    if len({layer.batch_first for layer in layers if isinstance(layer, nn.RNNBase)}) > 1:
        raise ValueError("some recurrent layers have the batch first, others do not; give all the same batch_first")
    widths = [_widths(layer) for layer in layers]
    input_size = next((found[0] for found in widths if found is not None), None)
    dtype = next((found for layer in layers if (found := _dtype(layer)) is not None), None)
    if input_size is None or dtype is None:
        raise ValueError("the module has no layer with parameters")
    chain = _Chain(input_size, dtype)
    for layer, found in zip(layers, widths):
        name = type(layer).__name__
        if isinstance(layer, nn.Embedding) and chain.blocks:
            raise ValueError("Embedding must be the first layer: it reads token ids, not what another layer gives")
        if _dtype(layer) not in (None, dtype):
            raise ValueError(f"{name} is of {_dtype(layer)}, but the first layer of {dtype}; a network is of one number type")
        if found is not None and found[0] != chain.width:
            raise ValueError(f"{name} reads {found[0]} values, but what stands before it gives {chain.width}")
        chain.add(layer)
        chain.width = chain.width if found is None else found[1]
    network = Network(chain.blocks, input_size=input_size, dtype=dtype)
    network.parameters[:] = np.concatenate([tensor.reshape(-1) for tensor in chain.tensors])
    return network


def _layers(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The layers in order, those of an ``nn.Sequential`` within another too, unless that has a ``forward`` of its own."""
    from torch import nn

    _check_forward(module)
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        for part in module:
            yield from _layers(part)
    else:
        yield module


def _check_forward(module: Any) -> None:
    """Refuse what may compute something else than the class of ``torch.nn`` that it is."""
    from torch import nn

    name = type(module).__name__
    if not isinstance(module, nn.Module):
        found = f"the class {module.__name__}" if isinstance(module, type) else name
        raise TypeError(f"module is {found}; it must be a torch.nn.Module, such as nn.LSTM(3, 8)")
    if module._forward_hooks or module._forward_pre_hooks:
        raise ValueError(
            f"{name} has a forward hook, which a network does not call; remove it (those of weight_norm, spectral_norm and prune by "
            "what torch.nn.utils has for that)"
        )
    kinds = (nn.RNN, nn.GRU, nn.LSTM, nn.Linear, nn.Embedding, nn.LayerNorm, nn.Dropout, nn.Identity)
    kind = next((kind for kind in kinds if isinstance(module, kind)), None)
    is_other = kind is not None and type(module).forward is not kind.forward and not type(module).__module__.startswith("elman.")
    if is_other or "forward" in vars(module):
        raise ValueError(f"{name} has a forward of its own, of which a network knows nothing; give it as a class of torch.nn")


def _dtype(layer: torch.nn.Module) -> str | None:
    """NumPy's name of the number type of a layer with parameters, which must be one that networks have."""
    names = sorted({str(parameter.dtype).removeprefix("torch.") for parameter in layer.parameters()})
    if any(parameter.is_meta for parameter in layer.parameters()):
        raise ValueError(
            "a layer is on PyTorch's meta device, where parameters have no values; give the module some: "
            'module.to_empty(device="cpu"), then load_state_dict'
        )
    for name in names:
        if name not in ("float32", "float64"):
            raise ValueError(f"a layer is of {name}; a network is of float32 or float64: from_torch(module.float())")
    return names[0] if names else None


def _arrays(*tensors: Any) -> list[np.ndarray[Any, Any]]:
    return [tensor.detach().cpu().numpy() for tensor in tensors if tensor is not None]


def _widths(layer: Any) -> tuple[int, int] | None:
    """The values that a layer reads and gives; None if it takes any number of them, and gives as many."""
    from torch import nn

    name = type(layer).__name__
    if isinstance(layer, nn.RNNBase):
        return layer.input_size, layer.hidden_size * (2 if layer.bidirectional else 1)
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    if isinstance(layer, nn.Embedding):
        return 1, layer.embedding_dim
    if isinstance(layer, nn.LayerNorm):
        if len(layer.normalized_shape) != 1:
            raise ValueError("LayerNorm must be over the last dimension")
        return layer.normalized_shape[0], layer.normalized_shape[0]
    if isinstance(layer, (nn.Dropout, nn.Identity)) or _is_activation(layer):
        return None
    raise ValueError(
        f"{name} has no counterpart in a network; there are nn.LSTM, GRU, RNN, Linear, Embedding, LayerNorm, Dropout, Identity, "
        f"the activations {', '.join(_ACTIVATIONS)}, and an nn.Sequential of those"
    )


def _is_activation(layer: Any) -> bool:
    """Is it one that a network has, and not a class derived from it, which may compute something else?"""
    from torch import nn

    name = type(layer).__name__
    return name in _ACTIVATIONS and type(layer) is getattr(nn, name)


class _Chain:
    """Blocks, and what stands in their tensors, on the way from layers to a network."""

    def __init__(self, input_size: int, dtype: str) -> None:
        self.blocks: list[Block] = []
        self.tensors: list[np.ndarray[Any, Any]] = []
        #: The values that the latest block gives.
        self.width = input_size
        self.dtype = dtype

    def add(self, layer: Any) -> None:
        """Put a layer at the end."""
        from torch import nn

        if isinstance(layer, nn.RNNBase):
            self._add_recurrent(layer)
        elif isinstance(layer, nn.Linear):
            self.blocks.append(Dense(layer.out_features, bias=layer.bias is not None))
            self.tensors += _arrays(layer.weight, layer.bias)
        elif isinstance(layer, nn.Embedding):
            if layer.max_norm is not None:
                raise ValueError("Embedding with max_norm changes its weights as it runs; a network has no such thing")
            self.blocks.append(Embedding(layer.num_embeddings, layer.embedding_dim))
            self.tensors += _arrays(layer.weight)
        elif isinstance(layer, nn.LayerNorm):
            self.blocks.append(LayerNorm(layer.eps))
            # Without weights or biases, ones and zeros stand for them.
            for tensor, value in ((layer.weight, 1.0), (layer.bias, 0.0)):
                self.tensors += _arrays(tensor) or [np.full(self.width, value, self.dtype)]
        elif isinstance(layer, nn.Dropout):
            if layer.p > 0:
                self.blocks.append(Dropout(layer.p))
        elif _is_activation(layer):
            self._add_activation(layer)

    def _add_recurrent(self, layer: Any) -> None:
        if layer.proj_size:
            raise ValueError("proj_size: a projection of the hidden state has no counterpart in a network")
        cell = {"LSTM": "lstm", "GRU": "gru", "RNN_TANH": "elman", "RNN_RELU": "elman-relu"}[layer.mode]
        for n in range(layer.num_layers):
            if n > 0 and layer.dropout > 0:
                self.blocks.append(Dropout(layer.dropout))
            self.blocks.append(Recurrent(cell, layer.hidden_size, "both" if layer.bidirectional else "forward"))
        for weights in layer.all_weights:
            arrays = _arrays(*weights)
            # Without biases, zeros stand for them.
            zeros = [np.zeros(len(array), array.dtype) for array in arrays]
            self.tensors += arrays + (zeros if len(arrays) == 2 else [])

    def _add_activation(self, layer: Any) -> None:
        activation = _activation(layer)
        last = self.blocks[-1] if self.blocks else None
        if isinstance(last, Dense) and last.activation == "identity":
            self.blocks[-1] = replace(last, activation=activation)
        else:
            self.blocks.append(Dense(self.width, activation, bias=False))
            self.tensors.append(np.eye(self.width, dtype=self.dtype))


def _activation(layer: Any) -> Activation:
    """A network's name of an activation."""
    name = type(layer).__name__
    if name == "ELU" and layer.alpha != 1.0:
        raise ValueError(f"ELU has alpha {layer.alpha}; that of a network is 1")
    if name == "Softmax" and layer.dim is None:
        raise ValueError("Softmax has no dim, and PyTorch takes the first of three; a network has it over the last, dim=-1")
    if name == "Softmax" and layer.dim not in (-1, 2):
        raise ValueError(f"Softmax is over dimension {layer.dim}; that of a network is over the last, -1")
    return _ACTIVATIONS[name]


def to_torch(network: Network) -> torch.nn.Module:
    """A module of PyTorch with a network's parameters and outputs.

    Its input is ``(B, T, I)``, token ids as numbers for an embedding; its output that of :meth:`Network.predict`. The
    recurrent layers are ``torch.nn``'s, which know no recurrent dropout: without it they are trained on.

    Raises
    ------
    ValueError
        If the network has a cell that ``torch.nn`` does not, or zoneout, whose mean is part of its equation.
    """
    import torch
    from torch import nn

    kinds = {"elman": ("RNN", "tanh"), "elman-relu": ("RNN", "relu"), "gru": ("GRU", None), "lstm": ("LSTM", None)}
    dtype = getattr(torch, network.dtype.name)

    class Layer(nn.Module):
        """A recurrent block."""

        def __init__(self, block: Recurrent, input_size: int) -> None:
            super().__init__()
            self.block = block
            kind, nonlinearity = kinds[block.cell]
            options: dict[str, Any] = {"batch_first": True, "bidirectional": block.direction == "both", "dtype": dtype}
            if nonlinearity is not None:
                options["nonlinearity"] = nonlinearity
            self.layer = getattr(nn, kind)(input_size, block.hidden_size, **options)
            count, states = (2 if block.direction == "both" else 1), (2 if kind == "LSTM" else 1)
            shape = (states, count, 1, block.hidden_size)
            self.initial = nn.Parameter(torch.zeros(shape, dtype=dtype)) if block.learned_state else None

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hx = None
            if self.initial is not None:
                states = [state.expand(-1, x.shape[0], -1).contiguous() for state in self.initial]
                hx = tuple(states) if len(states) == 2 else states[0]
            reverse = self.block.direction == "reverse"
            result: tuple[torch.Tensor, Any] = self.layer(x.flip(1) if reverse else x, hx)
            y, final = result
            if self.block.output == "every":
                return y.flip(1) if reverse else y
            h = final[0] if isinstance(final, tuple) else final
            return torch.cat(list(h), dim=-1)

    class OneHot(nn.Module):
        """Rows of the identity for token ids."""

        def __init__(self, num_embeddings: int) -> None:
            super().__init__()
            self.num_embeddings = num_embeddings

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return nn.functional.one_hot(ids, self.num_embeddings).to(dtype)

    class Chain(nn.Module):
        """All blocks of a network."""

        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList()
            width = network.input_size
            for block in network.blocks:
                if isinstance(block, Recurrent):
                    if block.cell not in kinds:
                        raise ValueError(f"torch.nn has no layer of {block.cell} cells")
                    if block.zoneout or block.zoneout_cell:
                        raise ValueError("torch.nn has no layer with zoneout, whose mean is part of its equation")
                    self.blocks.append(Layer(block, width))
                    width = block.hidden_size * (2 if block.direction == "both" else 1)
                elif isinstance(block, Dense):
                    self.blocks.append(nn.Linear(width, block.output_size, bias=block.bias, dtype=dtype))
                    width = block.output_size
                elif isinstance(block, Embedding):
                    learned = nn.Embedding(block.num_embeddings, block.embedding_dim, dtype=dtype)
                    self.blocks.append(OneHot(block.num_embeddings) if block.one_hot else learned)
                    width = block.embedding_dim
                elif isinstance(block, LayerNorm):
                    self.blocks.append(nn.LayerNorm(width, block.eps, dtype=dtype))
                elif isinstance(block, Dropout):
                    self.blocks.append(nn.Dropout(block.probability))
                else:
                    self.blocks.append(nn.Identity())
                    width *= block.len if isinstance(block, Patch) else 1

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = x
            for block, module in zip(network_blocks, self.blocks):
                if isinstance(block, Embedding):
                    y = module(y[..., 0].long())
                elif isinstance(block, Skip):
                    y = torch.cat([y[..., : block.inputs] + x[..., : block.inputs], y[..., block.inputs :]], dim=-1)
                elif isinstance(block, Pooling):
                    y = {"last": y[:, -1], "mean": y.mean(1), "max": y.max(1).values}[block.kind]
                elif isinstance(block, Patch):
                    missing = -y.shape[1] % block.len
                    y = nn.functional.pad(y, (0, 0, 0, missing))
                    y = y.reshape(y.shape[0], y.shape[1] // block.len, -1)
                elif isinstance(block, Dense):
                    y = activations[block.activation](module(y))
                else:
                    y = module(y)
            return y

    activations: dict[str, Any] = {
        "identity": lambda y: y,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "sigmoid": torch.sigmoid,
        "elu": nn.functional.elu,
        "softmax": lambda y: torch.softmax(y, dim=-1),
    }
    network_blocks = network.blocks
    chain = Chain()
    arrays = iter(list(network.named_parameters()))
    with torch.no_grad():
        for module in chain.blocks:
            if isinstance(module, Layer):
                for k, weights in enumerate(module.layer.all_weights):
                    for weight in weights:
                        weight.copy_(torch.from_numpy(next(arrays)[1].copy()))
                    if module.initial is not None:
                        for state in module.initial:
                            state[k, 0].copy_(torch.from_numpy(next(arrays)[1].copy()))
            else:
                for weight in module.parameters():
                    weight.copy_(torch.from_numpy(next(arrays)[1].copy()))
    return chain
