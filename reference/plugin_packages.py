"""Reads files that the program wrote with the packages that they are for, and compares what the networks answer.

The packages are large, and no test asks for them: install `torch` and `neural-amp-modeler` to run this.

python reference/plugin_packages.py FILE...    # .nam files, and .json files of GuitarML
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

import plugin_files

# Sums in another order, in 32 bits.
TOLERANCE = 1e-6


def by_nam(file, x):
    """What the package neural-amp-modeler answers; it starts from the file's initial state."""
    from nam.models import init_from_nam

    model = init_from_nam(file)
    model.eval()
    with torch.no_grad():
        return model(torch.tensor(x[:, 0], dtype=torch.float32), pad_start=False).numpy()[:, None]


def by_torch(file, x):
    """What PyTorch's own layers answer."""
    model = file["model_data"]
    sizes = (model["input_size"], model["hidden_size"], model["num_layers"])
    rec = getattr(torch.nn, model["unit_type"])(*sizes, batch_first=True)
    lin = torch.nn.Linear(model["hidden_size"], model["output_size"], model["bias_fl"])
    net = torch.nn.ModuleDict({"rec": rec, "lin": lin})
    net.load_state_dict({name: torch.tensor(value) for name, value in file["state_dict"].items()})
    x = torch.tensor(x, dtype=torch.float32)
    with torch.no_grad():
        y = lin(rec(x[None])[0])[0]
        y[:, : model["skip"]] += x[:, : model["skip"]]
    return y.numpy()


def main():
    worst = 0.0
    for path in map(Path, sys.argv[1:]):
        file = json.loads(path.read_text())
        random = np.random.default_rng(0)
        x = random.uniform(-1, 1, (4000, plugin_files.num_inputs(file))).astype(np.float32)
        answers = by_nam(file, x) if "architecture" in file else by_torch(file, x)
        error = np.abs(answers - plugin_files.reader(file)(x.astype(np.float64))).max()
        print(f"{path.name}: {len(x)} samples, largest difference {error:.1e}")
        worst = max(worst, error)
    sys.exit(int(worst > TOLERANCE))


if __name__ == "__main__":
    main()
