"""What is measured: the points, how much is aimed for at each, and the work that each is."""

from contender import GATES, Point

CELLS = ["elman", "gru", "lstm"]

# I, H, B, T: best peer / Elman aimed for, per cell.
TRAINING = {
    (2, 3, 1, 3): (30, 25, 20),
    (1, 16, 1, 50): (10, 8, 9),
    (1, 32, 1, 100): (10, 8, 9),
    (8, 32, 32, 50): (6, 5, 4.5),
    (16, 64, 32, 100): (3.5, 3, 2.2),
    (32, 128, 32, 100): (3, 2.7, 1.6),
    (64, 128, 128, 128): (2.3, 2.1, 2),
    (128, 256, 64, 100): (2.5, 2.1, 1.5),
    (256, 512, 64, 100): (1.8, 1.8, 1.4),
    (256, 1024, 32, 64): (1.6, 1.8, 1.2),
}
# Sizes that are no multiple of a vector; I, B, T are the same for all.
ODD_HIDDEN_SIZES = [7, 20, 33, 48, 100, 300]
ODD = (5, 16, 50)

# I, H: ONNX Runtime / Elman aimed for.
STREAMS = {(1, 16): 50, (1, 40): 20, (8, 32): 20, (32, 128): 3, (256, 512): 1.2}
SEQUENCES = {(1, 16): 3, (8, 32): 3, (8, 64): 3, (32, 128): 1, (128, 256): 1, (256, 512): 1}
INFERENCE_SEQ_LEN = 100

# What `--quick` takes.
QUICK_TRAINING = [(2, 3, 1, 3), (8, 32, 32, 50), (16, 64, 32, 100)]
QUICK_STREAMS = [(1, 16), (32, 128)]
QUICK_SEQUENCES = [(8, 32)]

# Elman alone: what grows, from where to where; all else stays as in `GROWTH_BASE`.
GROWTH_BASE = {"input_size": 16, "hidden_size": 64, "batch_size": 16, "seq_len": 64, "num_layers": 1}
GROWTH = {
    "seq_len": [8, 16, 32, 64, 128, 256, 512, 1024],
    "batch_size": [1, 2, 4, 8, 16, 32, 64, 128, 256],
    "hidden_size": [4, 8, 16, 32, 64, 128, 256, 512],
    "num_layers": [1, 2, 4, 8],
}


def training(cell: str, sizes: tuple[int, int, int, int]) -> Point:
    return Point("train", cell, *sizes, num_layers=1, threads=1)


def inference(kind: str, cell: str, sizes: tuple[int, int]) -> Point:
    return Point(kind, cell, *sizes, batch_size=1, seq_len=INFERENCE_SEQ_LEN, num_layers=1, threads=1)


def points(quick: bool) -> list[Point]:
    """In the order of the report; `threads` is filled in for each contender."""
    sizes = QUICK_TRAINING if quick else list(TRAINING)
    if not quick:
        i, b, t = ODD
        sizes = sizes + [(i, h, b, t) for h in ODD_HIDDEN_SIZES]
    streams = QUICK_STREAMS if quick else STREAMS
    sequences = QUICK_SEQUENCES if quick else SEQUENCES
    return [
        *(training(cell, size) for size in sizes for cell in CELLS),
        *(inference("stream", cell, size) for size in streams for cell in CELLS),
        *(inference("sequence", cell, size) for size in sequences for cell in CELLS),
        Point("notebook", "elman", 2, 3, 1, 3, num_layers=1, threads=1),
    ]


def growth() -> list[tuple[str, Point]]:
    """What grows, and the point."""
    return [
        (axis, Point("train", cell, threads=1, **(GROWTH_BASE | {axis: size})))
        for axis, sizes in GROWTH.items()
        for cell in CELLS
        for size in sizes
    ]


def name(point: Point) -> str:
    """`train lstm 8,32,32,50`, `stream gru 1,16`."""
    sizes = [point.input_size, point.hidden_size]
    if point.kind == "train":
        sizes += [point.batch_size, point.seq_len]
    return f"{point.kind} {point.cell} {','.join(map(str, sizes))}"


def aim(point: Point) -> float | None:
    """How many times faster than the best peer Elman is meant to be; in inference, than ONNX Runtime."""
    sizes = (point.input_size, point.hidden_size)
    if point.kind == "train":
        aims = TRAINING.get((*sizes, point.batch_size, point.seq_len))
        return aims and aims[CELLS.index(point.cell)]
    return {"stream": STREAMS, "sequence": SEQUENCES}.get(point.kind, {}).get(sizes)


def flops(point: Point) -> float | None:
    """Executed by a training step: forward, backward without the input's gradient, weight gradient."""
    if point.kind != "train":
        return None
    i, h, gates = point.input_size, point.hidden_size, GATES[point.cell]
    per_step = 2 * gates * h * (i + h) + 2 * gates * h * h + 2 * gates * h * (i + h)
    return point.batch_size * point.seq_len * per_step
