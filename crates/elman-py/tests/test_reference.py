"""Layers and networks held to the numbers of PyTorch in `reference/networks.safetensors`, which need no PyTorch.

A layer goes through the calls that `elman.torch` makes: rows of packed sequences, states and parameters as tensors, and back.
"""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

import elman
from elman import _elman

FILE = Path(__file__).parents[3] / "reference/networks.safetensors"
#: Of numbers near 1, summed up in another order: those of float32 over two layers of six timesteps.
TOLERANCE = {"float64": 1e-13, "float32": 1e-5}
#: What :func:`case` finds of each cell.
SHAPES = [(layers, ways, batch) for layers in (1, 2) for ways in ("uni", "bi") for batch in ("equal", "unequal")]


@functools.cache
def tensors():
    content = FILE.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    kinds, found = {"F64": np.float64, "I64": np.int64}, {}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__":
            first, end = (start + place for place in entry["data_offsets"])
            found[name] = np.frombuffer(content[first:end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return found


def case(cell, layers, ways, batch, dtype):
    start = f"{cell}-{layers}-{ways}-{batch}/"
    found = {name.removeprefix(start): tensor for name, tensor in tensors().items() if name.startswith(start)}
    return {name: tensor if name == "lengths" else tensor.astype(dtype) for name, tensor in found.items()}


def assert_close(found, wanted, dtype):
    assert found.dtype == np.dtype(dtype) and found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE[dtype] * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layers, ways, batch", SHAPES)
@pytest.mark.parametrize("cell", ["elman", "elman-relu", "gru", "lstm"])
def test_layers(cell, layers, ways, batch, dtype):
    of = case(cell, layers, ways, batch, dtype)
    order = np.argsort(-of["lengths"], kind="stable")
    lengths = of["lengths"][order].tolist()
    names, hidden = ("h", "c") if cell == "lstm" else ("h",), of["h0"].shape[-1]

    def packed(padded):
        """Rows step by step, as a PackedSequence has them: of each step those of the sequences that reach it."""
        return np.concatenate([padded[t, order[: sum(n > t for n in lengths)]] for t in range(max(lengths))])

    def states(kind):
        return [np.ascontiguousarray(of[kind.format(name)][:, order]) for name in names]

    layer = _elman.Layer(cell, of["x"].shape[-1], hidden, layers, ways == "bi", 0.0, dtype)
    tensors = {name.removeprefix("param/"): tensor for name, tensor in of.items() if name.startswith("param/")}
    suffixes = [f"_l{n}{way}" for n in range(layers) for way in (["", "_reverse"] if ways == "bi" else [""])]
    in_order = [f"{kind}{suffix}" for suffix in suffixes for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    parameters = [tensors[name] for name in in_order]
    x, seed = packed(of["x"]), None
    for keep in (False, True):
        y, final, passed = layer.forward(x, lengths, states("{}0"), parameters, seed, keep)
        assert_close(y, packed(of["output"]), dtype)
        for state, wanted in zip(final, states("{}_n"), strict=True):
            assert_close(state, wanted, dtype)
    for _ in range(2):
        dx, dstates, flat = passed.backward(packed(of["doutput"]), states("d{}_n"), True, True)
        assert_close(dx, packed(of["grad/x"]), dtype)
        for state, wanted in zip(dstates, states("grad/{}0"), strict=True):
            assert_close(state, wanted, dtype)
        assert_close(flat, np.concatenate([of[f"grad/{name}"].ravel() for name in in_order]), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layers, ways, batch", SHAPES)
@pytest.mark.parametrize("cell", _elman.CELLS)
def test_networks(cell, layers, ways, batch, dtype):
    of = case(cell, layers, ways, batch, dtype)
    names = [name for name in ("h", "c") if f"{name}0" in of]
    blocks = [elman.Recurrent(cell, of["h0"].shape[-1], "both" if ways == "bi" else "forward")] * layers
    network = elman.Network(blocks, input_size=of["x"].shape[-1], dtype=dtype)
    network.load_state_dict(
        {name.removeprefix("param/"): tensor for name, tensor in of.items() if name.startswith("param/")}
    )

    def states(kind):
        """For each layer and direction ``[B, STATES, H]``."""
        return list(np.stack([of[kind.format(name)] for name in names], axis=2))

    lengths = of["lengths"].tolist()
    y, final = network.forward(of["x"].swapaxes(0, 1), states("{}0"), lengths=lengths)
    assert_close(y, of["output"].swapaxes(0, 1), dtype)
    dx, dstates = network.backward(of["doutput"].swapaxes(0, 1), states("d{}_n"))
    assert_close(dx, of["grad/x"].swapaxes(0, 1), dtype)
    for found, wanted in zip([*final, *dstates], [*states("{}_n"), *states("grad/{}0")], strict=True):
        assert_close(found, wanted, dtype)
    for name, gradient in network.named_gradients():
        assert_close(gradient, of[f"grad/{name}"], dtype)
