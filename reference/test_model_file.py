"""A model file is a plain safetensors file: other programs read it with the tools they have.

Trains a small forecast with the program and reads the file with the `safetensors` package alone,
nothing of this project's in between. Names, order of gates and shapes are those of PyTorch.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
from safetensors import safe_open

from checks import Checks, elman

# The forecast that is trained without further options has an LSTM layer.
GATES = 4

checks = Checks()
with tempfile.TemporaryDirectory() as directory:
    path = Path(directory) / "m.elman"
    elman("train", "--epochs", 2, "-o", path)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}

try:
    header = json.loads(metadata.get("elman", ""))
except json.JSONDecodeError as error:
    header = error
if checks.that(isinstance(header, dict), f"metadata `elman` is to hold a JSON object: {header!r}"):
    checks.that(header.get("format") == "model", f"its format is {header.get('format')!r}")
    checks.that(header.get("format_version") == 3, f"its version is {header.get('format_version')!r}")

NAMES = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "head.weight", "head.bias"]
missing = [name for name in NAMES if name not in tensors]
if checks.that(not missing, f"the file has no {missing}, it has {sorted(tensors)}"):
    # H and I from the weights, O from the read-out; every other shape follows.
    hidden_size = tensors["weight_hh_l0"].shape[-1]
    input_size = tensors["weight_ih_l0"].shape[-1]
    output_size = tensors["head.weight"].shape[0]
    shapes = {
        "weight_ih_l0": (GATES * hidden_size, input_size),
        "weight_hh_l0": (GATES * hidden_size, hidden_size),
        "bias_ih_l0": (GATES * hidden_size,),
        "bias_hh_l0": (GATES * hidden_size,),
        "head.weight": (output_size, hidden_size),
        "head.bias": (output_size,),
    }
    for name, shape in shapes.items():
        found = tensors[name].shape
        checks.that(found == shape, f"`{name}` is {list(found)} and must be {list(shape)}")
for name, tensor in tensors.items():
    checks.that(np.isfinite(tensor).all(), f"`{name}` holds numbers that are not finite")
    checks.that(tensor.size > 0, f"`{name}` is empty")
for name in ["weight_ih_l0", "weight_hh_l0", "head.weight"]:
    if name in tensors:
        checks.that(
            np.ptp(tensors[name]) > 0,
            f"`{name}` is the same number throughout: not a trained weight",
        )
checks.close()
