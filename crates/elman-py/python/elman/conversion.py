"""From PyTorch's modules to networks, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .blocks import Block, Dense, Dropout, Embedding, LayerNorm, Patch, Pooling, Recurrent, Skip
from .network import Network

if TYPE_CHECKING:
    import torch

__all__ = ["from_torch", "to_torch"]

_ACTIVATIONS = {"Tanh": "tanh", "ReLU": "relu", "Sigmoid": "sigmoid", "ELU": "elu", "Softmax": "softmax"}


def from_torch(module: torch.nn.Module) -> Network:
    """A network with the parameters and outputs of a module.

    Parameters
    ----------
    module : torch.nn.Module
        An ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``, or an ``nn.Sequential`` of those, which may have others in it, with
        ``nn.Linear``, activations behind a linear layer, ``nn.Embedding`` at the beginning, ``nn.LayerNorm``, ``nn.Dropout`` and ``nn.Identity``. Outputs of
        recurrent layers are taken for what they hand on, their states left aside.

    Returns
    -------
    Network
        Whose inputs have the batch first, whatever the module's ``batch_first`` is.

    Raises
    ------
    ValueError
        If the module has something that a network does not, by its name.
    """
    from torch import nn

    blocks: list[Block] = []
    tensors: list[np.ndarray[Any, Any]] = []
    input_size = width = dtype = None
    for layer in _layers(module):
        name = type(layer).__name__
        if isinstance(layer, nn.RNNBase):
            first, after = layer.input_size, layer.hidden_size * (2 if layer.bidirectional else 1)
            _add_recurrent(layer, blocks, tensors)
        elif isinstance(layer, nn.Linear):
            first, after = layer.in_features, layer.out_features
            blocks.append(Dense(layer.out_features, bias=layer.bias is not None))
            tensors += _arrays(layer.weight, layer.bias)
        elif isinstance(layer, nn.Embedding):
            if layer.max_norm is not None:
                raise ValueError("Embedding with max_norm changes its weights as it runs; a network has no such thing")
            first, after = 1, layer.embedding_dim
            blocks.append(Embedding(layer.num_embeddings, layer.embedding_dim))
            tensors += _arrays(layer.weight)
        elif isinstance(layer, nn.LayerNorm):
            if len(layer.normalized_shape) != 1 or layer.weight is None or layer.bias is None:
                raise ValueError("LayerNorm must be over the last dimension, with weight and bias")
            first = after = layer.normalized_shape[0]
            blocks.append(LayerNorm(layer.eps))
            tensors += _arrays(layer.weight, layer.bias)
        elif isinstance(layer, nn.Dropout):
            if layer.p > 0:
                blocks.append(Dropout(layer.p))
            continue
        elif isinstance(layer, nn.Identity):
            continue
        elif name in _ACTIVATIONS:
            _add_activation(layer, blocks)
            continue
        else:
            raise ValueError(
                f"{name} has no counterpart in a network; there are nn.LSTM, GRU, RNN, Linear, Embedding, LayerNorm, Dropout, "
                "Identity, activations behind a Linear, and an nn.Sequential of those"
            )
        if input_size is None:
            input_size, dtype = first, _dtype(layer)
        elif isinstance(layer, nn.Embedding):
            raise ValueError("Embedding must be the first layer: it reads token ids, not what another layer gives")
        elif _dtype(layer) != dtype:
            raise ValueError(f"{name} is of {_dtype(layer)}, but the first layer of {dtype}; a network is of one number type")
        elif first != width:
            raise ValueError(f"{name} reads {first} values, but what stands before it gives {width}")
        width = after
    if input_size is None:
        raise ValueError("the module has no layer with parameters")
    network = Network(blocks, input_size=input_size, dtype=dtype or "float32")
    flat = np.concatenate([tensor.reshape(-1) for tensor in tensors])
    network.parameters[:] = flat
    return network


def _layers(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The layers in their order, those of an ``nn.Sequential`` within another as well, but for one with a ``forward`` of its own."""
    from torch import nn

    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        for part in module:
            yield from _layers(part)
    else:
        yield module


def _dtype(layer: torch.nn.Module) -> str:
    """NumPy's name of a layer's number type."""
    return str(next(layer.parameters()).dtype).removeprefix("torch.")


def _arrays(*tensors: Any) -> list[np.ndarray[Any, Any]]:
    for tensor in tensors:
        dtype = "" if tensor is None else str(tensor.dtype).removeprefix("torch.")
        if dtype not in ("", "float32", "float64"):
            raise ValueError(f"a layer is of {dtype}; a network is of float32 or float64: from_torch(module.float())")
    return [tensor.detach().cpu().numpy() for tensor in tensors if tensor is not None]


def _add_recurrent(layer: Any, blocks: list[Block], tensors: list[np.ndarray[Any, Any]]) -> None:
    if layer.proj_size:
        raise ValueError("proj_size: a projection of the hidden state has no counterpart in a network")
    cell = {"LSTM": "lstm", "GRU": "gru", "RNN_TANH": "elman", "RNN_RELU": "elman-relu"}[layer.mode]
    for n in range(layer.num_layers):
        if n > 0 and layer.dropout > 0:
            blocks.append(Dropout(layer.dropout))
        blocks.append(Recurrent(cell, layer.hidden_size, "both" if layer.bidirectional else "forward"))
    for weights in layer.all_weights:
        arrays = _arrays(*weights)
        # Without biases, zeros stand for them.
        zeros = [np.zeros(len(array), array.dtype) for array in arrays]
        tensors += arrays + (zeros if len(arrays) == 2 else [])


def _add_activation(layer: Any, blocks: list[Block]) -> None:
    name = type(layer).__name__
    last = blocks[-1] if blocks else None
    if not isinstance(last, Dense) or last.activation != "identity":
        raise ValueError(f"{name} must follow a Linear; a network has activations there alone")
    if name == "ELU" and layer.alpha != 1.0:
        raise ValueError(f"ELU has alpha {layer.alpha}; that of a network is 1")
    if name == "Softmax" and layer.dim is None:
        raise ValueError("Softmax has no dim, and PyTorch takes the first of three; a network has it over the last, dim=-1")
    if name == "Softmax" and layer.dim != -1:
        raise ValueError(f"Softmax is over dimension {layer.dim}; that of a network is over the last, -1")
    blocks[-1] = Dense(last.output_size, _ACTIVATIONS[name], last.bias)


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
