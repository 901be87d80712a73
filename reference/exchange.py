"""Small model files in the formats of NAM, RTNeural, AIDA-X and GuitarML, and what the networks in them answer.

The files are made here, of random numbers, in every form that the formats have; the answers are those of the readers in
`plugin_files.py`, those of PyTorch's layers being the same.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch

import plugin_files

T = 48
# The same equations in the same type; only the order of sums differs.
FLOAT64_TOLERANCE = 1e-13
# What a wrong order of gates must at least change in an output.
VISIBLE = 1e-3


class Numbers:
    """Random numbers of 32 bits, the same for a name in every run."""

    def __init__(self, name):
        self.random = np.random.default_rng(zlib.crc32(name.encode()))

    def draw(self, *shape, scale=0.7):
        return self.random.uniform(-scale, scale, shape).astype(np.float32).tolist()


def nam_file(numbers, size, layers, **more):
    count = sum(4 * size * ((1 if n == 0 else size) + size) + 6 * size for n in range(layers)) + size + 1
    return {
        "version": "0.7.0",
        "architecture": "LSTM",
        "config": {"input_size": 1, "hidden_size": size, "num_layers": layers},
        "weights": numbers.draw(count),
    } | more


def keras(kind, numbers, width, size, activation="", bias=True):
    gates = {"lstm": 4, "gru": 3}.get(kind)
    weights = [numbers.draw(width, gates * size if gates else size)]
    if gates:
        weights.append(numbers.draw(size, gates * size))
    if kind == "gru":
        weights.append(numbers.draw(2, 3 * size))
    elif bias:
        weights.append(numbers.draw((gates or 1) * size))
    return {"type": kind, "activation": activation, "shape": [None, None, size], "weights": weights}


def with_self_test(file, numbers, length=256):
    """The last 64 samples are silence."""
    audio = np.array(numbers.draw(length, scale=0.9))
    audio[-64:] = 0
    x = np.zeros((length, file["in_shape"][-1]))
    x[:, 0] = audio
    answers = plugin_files.rtneural(file)(x)[:, 0].astype(np.float32)
    return file | {"input_batch": audio.tolist(), "output_batch": answers.tolist()}


def guitarml_file(numbers, unit, inputs, size, layers=1, outputs=1, skip=1, bias=True):
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[unit]
    state = {}
    for n in range(layers):
        width = inputs if n == 0 else size
        state[f"rec.weight_ih_l{n}"] = numbers.draw(gates * size, width)
        state[f"rec.weight_hh_l{n}"] = numbers.draw(gates * size, size)
        state[f"rec.bias_ih_l{n}"] = numbers.draw(gates * size)
        state[f"rec.bias_hh_l{n}"] = numbers.draw(gates * size)
    state["lin.weight"] = numbers.draw(outputs, size)
    if bias:
        state["lin.bias"] = numbers.draw(outputs)
    model = dict(model="SimpleRNN", input_size=inputs, skip=skip, output_size=outputs, unit_type=unit)
    model |= dict(num_layers=layers, hidden_size=size, bias_fl=bias)
    return {"model_data": model, "state_dict": state}


def rec_net_file(numbers, unit, size):
    simple = guitarml_file(numbers, unit, 1, size, bias=False)
    block = dict(block_type=unit, input_size=1, output_size=1, hidden_size=size, num_layers=1)
    state = {f"layers.block_1.{name}": value for name, value in simple["state_dict"].items()}
    return {"model_data": {"model": "RecNet", "skip": 0}, "blocks": {"0": block}, "state_dict": state}


def make(name):
    numbers = Numbers(name)
    if name == "lstm-1.nam":
        metadata = {"name": "made up", "modeled_by": "reference", "gear_type": "pedal", "loudness": -20.5}
        metadata |= {"gear_make": None, "training": {"validation_esr": 0.25}}
        return nam_file(numbers, 3, 1, sample_rate=48000, metadata=metadata)
    if name == "lstm-2.nam":
        return nam_file(numbers, 4, 2)
    if name == "rtneural-lstm.json":
        layers = [keras("dense", numbers, 2, 3, "tanh"), keras("lstm", numbers, 3, 4, "tanh")]
        layers += [keras("lstm", numbers, 4, 3, "tanh"), keras("dense", numbers, 3, 6, "relu")]
        layers += [keras("time-distributed-dense", numbers, 6, 2, bias=False)]
        return {"in_shape": [None, None, 2], "layers": layers}
    if name == "rtneural-gru.json":
        activation = {"type": "activation", "shape": [None, None, 3], "weights": []}
        layers = [keras("gru", numbers, 1, 4, "tanh"), keras("gru", numbers, 4, 3, "tanh")]
        layers += [activation | {"activation": "elu"}, keras("dense", numbers, 3, 3)]
        layers += [activation | {"activation": "softmax"}]
        return {"in_shape": [None, 1], "layers": layers}
    if name == "aida-x-lstm.json":
        layers = [keras("lstm", numbers, 1, 8), keras("dense", numbers, 8, 1)]
        more = {"in_skip": 1, "in_gain": 3.0, "out_gain": -6.0, "layers": layers}
        more |= {"metadata": {"name": "made up", "samplerate": "44100", "esr": "0.125", "author": "reference"}}
        return with_self_test({"in_shape": [None, None, 1]} | more, numbers)
    if name == "aida-x-gru.json":
        layers = [keras("gru", numbers, 2, 8), keras("dense", numbers, 8, 1)]
        return with_self_test({"in_shape": [None, None, 2], "samplerate": 48000, "layers": layers}, numbers)
    if name == "guitarml-lstm.json":
        return guitarml_file(numbers, "LSTM", 2, 4, layers=2)
    if name == "guitarml-gru.json":
        return guitarml_file(numbers, "GRU", 1, 5, skip=0, bias=False)
    if name == "guitarml-rnn.json":
        return guitarml_file(numbers, "RNN", 3, 4, outputs=2, skip=2)
    assert name == "guitarml-recnet.json"
    return rec_net_file(numbers, "LSTM", 4)


NAMES = [
    "aida-x-gru.json",
    "aida-x-lstm.json",
    "guitarml-gru.json",
    "guitarml-lstm.json",
    "guitarml-recnet.json",
    "guitarml-rnn.json",
    "lstm-1.nam",
    "lstm-2.nam",
    "rtneural-gru.json",
    "rtneural-lstm.json",
]


def torch_answers(file, x):
    """Of a file of GuitarML, by PyTorch's own layers and names."""
    model = file["model_data"]
    layer = getattr(torch.nn, model["unit_type"])(
        model["input_size"], model["hidden_size"], model["num_layers"], batch_first=True
    )
    net = torch.nn.ModuleDict(
        {"rec": layer, "lin": torch.nn.Linear(model["hidden_size"], model["output_size"], model["bias_fl"])}
    )
    net.load_state_dict({name: torch.tensor(value) for name, value in file["state_dict"].items()})
    with torch.no_grad():
        y = net["lin"](net["rec"](x[None])[0])[0]
        y[:, : model["skip"]] += x[:, : model["skip"]]
    return y.numpy()


def gates_exchanged(file):
    """The same with two gates of the first recurrent layer's input weights exchanged."""
    file = json.loads(json.dumps(file))
    if "architecture" in file:
        size, width = file["config"]["hidden_size"], file["config"]["input_size"] + file["config"]["hidden_size"]
        block = size * width
        weights = file["weights"]
        weights[: 2 * block] = weights[block : 2 * block] + weights[:block]
        return file
    if "model_data" in file:
        name = next(name for name in file["state_dict"] if "weight_ih_l0" in name)
        rows = file["state_dict"][name]
        if file["model_data"].get("unit_type") == "RNN":
            rows.reverse()
            return file
        size = len(file["state_dict"][name.replace("ih", "hh")][0])
        rows[: 2 * size] = rows[size : 2 * size] + rows[:size]
        return file
    layer = next(layer for layer in file["layers"] if layer["type"] in ("lstm", "gru"))
    size = layer["shape"][-1]
    for row in layer["weights"][0]:
        row[: 2 * size] = row[size : 2 * size] + row[:size]
    return file


def write_files(directory):
    """The files, and tensors `{file}/x` [T, I] and `{file}/y` [T, O]."""
    directory = Path(directory)
    directory.mkdir(exist_ok=True)
    tensors = {}
    for name in NAMES:
        file = make(name)
        (directory / name).write_text(json.dumps(file) + "\n")
        x = np.array(Numbers(f"{name}/x").draw(T, plugin_files.num_inputs(file), scale=1.0))
        y = plugin_files.reader(file)(x)
        assert np.abs(y - plugin_files.reader(gates_exchanged(file))(x)).max() > VISIBLE, name
        if "input_batch" in file:
            # The answers are rounded to 32 bits, and below 2.
            assert plugin_files.aida_x_self_test(file) < 1.2e-7, name
        if file.get("model_data", {}).get("model") == "SimpleRNN":
            error = np.abs(y - torch_answers(file, torch.tensor(x))).max()
            assert error < FLOAT64_TOLERANCE, (name, error)
        tensors[f"{name}/x"], tensors[f"{name}/y"] = torch.tensor(x), torch.tensor(y)
    return tensors
