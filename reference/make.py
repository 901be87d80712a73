"""Makes every file of numbers in this directory. See README.md for what they hold.

python reference/make.py
"""

import json
import platform
from pathlib import Path

import numpy
import torch
from safetensors.torch import load, load_file, save

import blocks
import exchange
import losses
import networks
import notebook
import optimisers
import schedules
import signals

HERE = Path(__file__).parent
VERSIONS = {
    "torch": str(torch.__version__),
    "numpy": numpy.__version__,
    "python": platform.python_version(),
    "script": "reference/make.py",
}


def with_sorted_header(file: bytes) -> bytes:
    """The same safetensors file with its header's keys in order.

    The library writes metadata in the order of a hash map, which differs from run to run; sorted,
    the same numbers always give the same bytes.
    """
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:end])
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the data starts on an 8-byte boundary
    return len(text).to_bytes(8, "little") + text + file[end:]


def write_tensors(name: str, tensors: dict[str, torch.Tensor], **metadata: str) -> None:
    for key, tensor in tensors.items():
        assert tensor.dtype in (torch.float64, torch.int64), (key, tensor.dtype)
        assert torch.isfinite(tensor).all(), key
    tensors = {key: tensor.detach().contiguous() for key, tensor in tensors.items()}
    path = HERE / name
    before = load(path.read_bytes()) if path.exists() else {}
    path.write_bytes(with_sorted_header(save(tensors, VERSIONS | metadata)))

    read = load_file(path)
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[key], tensors[key]) for key in tensors)
    new = len(tensors.keys() - before.keys())
    changed = sum(key not in tensors or not before[key].equal(tensors[key]) for key in before)
    sizes = f"{len(tensors)} tensors, {path.stat().st_size} bytes"
    print(f"{name}: {sizes}; {new} new, {changed} changed or gone")


def main() -> None:
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)

    write_tensors("networks.safetensors", networks.all_cases())
    write_tensors("blocks.safetensors", blocks.all_cases())
    write_tensors(
        "optimisers.safetensors",
        optimisers.all_tensors(),
        configurations=json.dumps(optimisers.CONFIGURATIONS),
    )
    write_tensors("schedules.safetensors", schedules.all_tensors())
    write_tensors("losses.safetensors", losses.all_tensors())
    write_tensors("signals.safetensors", signals.all_tensors())
    write_tensors("exchange.safetensors", exchange.write_files(HERE / "exchange"))

    runs = {f"numpy_seed_{seed}": notebook.train(seed) for seed in (0, 7)}
    text = json.dumps({"numpy": numpy.__version__, **runs}, indent=1)
    (HERE / "notebook.json").write_text(text + "\n")
    print(f"notebook.json: {len(runs)} runs, {len(text) + 1} bytes")


if __name__ == "__main__":
    main()
