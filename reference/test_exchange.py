"""What the program makes of other programs' model files and writes as such, read by NumPy alone.

Every file of `exchange/` is imported and exported in each format that has a place for its network; the readers of
`plugin_files.py`, which know nothing of this project's code, find the same network in it.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import plugin_files
from checks import Checks, elman

HERE = Path(__file__).parent
FORMATS = {"nam": "nam", "rtneural": "json", "aida-x": "json", "guitarml": "json"}
# Weights are kept to the bit, but for the sum of an LSTM's two biases, which is rounded to 32 bits: half a unit in the
# last place of a bias below 2, some ten times over through two layers.
TOLERANCE = 1e-6


def gain(decibel):
    return 10 ** ((decibel or 0) / 20)


checks = Checks()
with tempfile.TemporaryDirectory() as directory:
    directory = Path(directory)
    for path in sorted((HERE / "exchange").iterdir()):
        file = json.loads(path.read_text())
        elman("import", path, "-o", directory / "m.elman", "--quiet", "--sample-rate", 48000)
        x = np.sin(np.arange(200)[:, None] * np.array([[0.3, 0.017, 0.05]]))[:, : plugin_files.num_inputs(file)]
        written = 0
        for name, ending in FORMATS.items():
            out = directory / f"{name}.{ending}"
            arguments = ["export", directory / "m.elman", "--format", name, "-o", out, "--quiet"]
            command = [os.environ["ELMAN"], *map(str, arguments)]
            if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
                continue
            written += 1
            again = json.loads(out.read_text())
            if ("architecture" in again) != ("architecture" in file):
                continue  # another initial state, by the format's nature
            heard, factor = x.copy(), 1.0
            if name != "aida-x":  # which alone has a place for gains
                heard[:, 0] *= gain(file.get("in_gain"))
                factor = gain(file.get("out_gain"))
            error = np.abs(plugin_files.reader(again)(x) - factor * plugin_files.reader(file)(heard)).max()
            checks.that(error < TOLERANCE, f"{path.name} as {name} differs by {error:.1e}")
            if "input_batch" in again:
                error = plugin_files.aida_x_self_test(again)
                checks.that(error < TOLERANCE, f"the self test of {path.name} as {name} differs by {error:.1e}")
        checks.that(written > 0, f"{path.name} could be written in no format")
checks.close()
