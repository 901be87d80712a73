"""Readers of the model files of NAM, RTNeural, AIDA-X and GuitarML, in NumPy and float64.

Written from the formats' definitions, one function a layer, with nothing of this project's code. `read(path)` gives a
function from inputs [T, I] to outputs [T, O].

python reference/plugin_files.py FILE    # the response to an impulse and a ramp, one line a sample
"""

import json
import sys
from pathlib import Path

import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


ACTIVATIONS = {
    "": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softmax": lambda x: np.exp(x - x.max(-1, keepdims=True))
    / np.exp(x - x.max(-1, keepdims=True)).sum(-1, keepdims=True),
}


def array(values):
    """Numbers as every reader takes them: of 32 bits."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def lstm(x, w_x, w_h, b, h, c):
    """w_x [I, 4H], w_h [H, 4H], b [4H], all with the columns i, f, g, o."""
    outputs = []
    for row in x:
        i, f, g, o = np.split(row @ w_x + h @ w_h + b, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


def gru(x, w_x, w_h, b_x, b_h):
    """w_x [I, 3H], w_h [H, 3H], biases [3H], all with the columns z, r, n; the reset gate follows the product."""
    h = np.zeros(len(w_h))
    outputs = []
    for row in x:
        z_x, r_x, n_x = np.split(row @ w_x + b_x, 3)
        z_h, r_h, n_h = np.split(h @ w_h + b_h, 3)
        z, r = sigmoid(z_x + z_h), sigmoid(r_x + r_h)
        h = (1 - z) * np.tanh(n_x + r * n_h) + z * h
        outputs.append(h)
    return np.array(outputs)


def rnn(x, w_x, w_h, b):
    h = np.zeros(len(w_h))
    outputs = []
    for row in x:
        h = np.tanh(row @ w_x + h @ w_h + b)
        outputs.append(h)
    return np.array(outputs)


def nam(file):
    assert file["architecture"] == "LSTM", file["architecture"]
    config = file["config"]
    size, inputs = config["hidden_size"], config["input_size"]
    outputs = config.get("out_channels", 1)
    weights = array(file["weights"])
    place = 0

    def take(*shape):
        nonlocal place
        count = int(np.prod(shape))
        place += count
        return weights[place - count : place].reshape(shape)

    layers = []
    for n in range(config["num_layers"]):
        width = inputs if n == 0 else size
        both = take(4 * size, width + size)
        layers.append((both[:, :width].T, both[:, width:].T, take(4 * size), take(size), take(size)))
    head_weight, head_bias = take(outputs, size), take(outputs)
    assert place == len(weights), (place, len(weights))

    def run(x):
        for layer in layers:
            x = lstm(x, *layer)
        return x @ head_weight.T + head_bias

    return run


def keras_layer(layer, x):
    """A layer of RTNeural's JSON on x [T, I]."""
    weights = layer["weights"]
    if layer["type"] == "lstm":
        w_x, w_h, b = map(array, weights)
        zeros = np.zeros(len(w_h))
        return lstm(x, w_x, w_h, b, zeros, zeros)
    if layer["type"] == "gru":
        w_x, w_h, (b_x, b_h) = map(array, weights)
        return gru(x, w_x, w_h, b_x, b_h)
    if layer["type"] in ("dense", "time-distributed-dense"):
        x = x @ array(weights[0])
        if len(weights) > 1:
            x = x + array(weights[1])
    else:
        assert layer["type"] == "activation", layer["type"]
    assert x.shape[1] == layer["shape"][-1], (x.shape, layer["shape"])
    return ACTIVATIONS[layer["activation"]](x)


def rtneural(file):
    """Also of AIDA-X, whose gains are not applied: they stand before and behind the network."""

    def run(x):
        assert x.shape[1] == file["in_shape"][-1]
        y = x
        for layer in file["layers"]:
            y = keras_layer(layer, y)
        return y + x[:, :1] if file.get("in_skip", 0) else y

    return run


def aida_x_self_test(file):
    """The largest difference between the answers in a file and the network's."""
    audio = array(file["input_batch"])
    x = np.zeros((len(audio), file["in_shape"][-1]))
    x[:, 0] = audio
    return np.abs(rtneural(file)(x)[:, 0] - array(file["output_batch"])).max()


def guitarml(file):
    model = file["model_data"]
    tensors = {name: array(value) for name, value in file["state_dict"].items()}
    prefix = ""
    if model["model"] == "RecNet":
        (block,) = file.get("blocks", file.get("layers")).values()
        model = dict(
            unit_type=block.get("block_type", block.get("layer_name")),
            num_layers=block.get("num_layers", 1),
            bias_fl=block.get("lin_bias", False),
            skip=block["output_size"] if block.get("skip", 1) else 0,
        )
        prefix = "layers.block_1."
    lin_bias = tensors[f"{prefix}lin.bias"] if model["bias_fl"] else 0

    def run(x):
        y = x
        for n in range(model["num_layers"]):
            w_x, w_h, b_x, b_h = (
                tensors[f"{prefix}rec.{name}_l{n}"].T
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            zeros = np.zeros(len(w_h))
            if model["unit_type"] == "LSTM":
                y = lstm(y, w_x, w_h, b_x + b_h, zeros, zeros)
            elif model["unit_type"] == "GRU":
                # PyTorch's order is r, z, n.
                def zrn(columns):
                    r, z, n = np.split(columns, 3, axis=-1)
                    return np.concatenate([z, r, n], axis=-1)

                y = gru(y, *map(zrn, (w_x, w_h, b_x, b_h)))
            else:
                assert model["unit_type"] == "RNN", model["unit_type"]
                y = rnn(y, w_x, w_h, b_x + b_h)
        y = y @ tensors[f"{prefix}lin.weight"].T + lin_bias
        skip = model["skip"]
        y[:, :skip] += x[:, :skip]
        return y

    return run


def reader(file):
    if "architecture" in file:
        return nam(file)
    return guitarml(file) if "model_data" in file else rtneural(file)


def read(path):
    return reader(json.loads(Path(path).read_text()))


def num_inputs(file):
    if "architecture" in file:
        return file["config"]["input_size"]
    if "model_data" not in file:
        return file["in_shape"][-1]
    blocks = file.get("blocks", file.get("layers"))
    return blocks["0"]["input_size"] if blocks else file["model_data"]["input_size"]


def main():
    file = json.loads(Path(sys.argv[1]).read_text())
    x = np.zeros((64, num_inputs(file)))
    x[0] = 1
    x[32:] = np.linspace(-1, 1, 32)[:, None]
    for row in reader(file)(x):
        print(*row)


if __name__ == "__main__":
    main()
