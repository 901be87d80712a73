"""A number for each timestep, of which some are known: a GRU of 16 units over packed sequences. The root of the mean squared
error over the rows of the test whose number is known."""

import csv

import torch
from common import Training, answer, arguments, start_orthogonal
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

FEATURES, TARGET, ID = ["load", "speed"], "temperature", "run"


def read(path) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Inputs [T, I] and targets [T] of each sequence, NaN where nothing is known."""
    sequences: dict[str, list[dict]] = {}
    with path.open() as file:
        for row in csv.DictReader(file):
            sequences.setdefault(row[ID], []).append(row)
    x, y = [], []
    for rows in sequences.values():
        x.append(torch.tensor([[float(row[name]) for name in FEATURES] for row in rows]))
        y.append(torch.tensor([float(row[TARGET] or "nan") for row in rows]))
    return x, y


class Labeler(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(len(FEATURES), 16, batch_first=True)
        self.head = nn.Linear(16, 1)
        start_orthogonal(self.gru, self.head)

    def forward(self, padded, lengths, state=None):
        packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
        h, state = self.gru(packed, state)
        h, _ = pad_packed_sequence(h, batch_first=True, total_length=padded.shape[1])
        return self.head(h)[..., 0], state


def main():
    given = arguments("train", "test", epochs=60, batch_size=16, rate=1e-2, truncate=200)
    x, y = read(given.train)
    unseen, truth = read(given.test)
    rows, known = torch.cat(x), torch.cat(y)
    known = known[~known.isnan()]
    mean, spread, centre, width = rows.mean(0), rows.std(0), known.mean(), known.std()
    x, unseen = ([(sequence - mean) / spread for sequence in part] for part in (x, unseen))
    y = [(sequence - centre) / width for sequence in y]

    model = Labeler()
    batches = -(-len(x) // given.batch_size)
    pieces = -(-max(map(len, x)) // given.truncate)
    training = Training(model, given.rate, given.epochs * batches * pieces)
    for _ in range(given.epochs):
        for chosen in torch.randperm(len(x)).split(given.batch_size):
            # Sequences that end go; those that are left go on with their states.
            left, state = list(chosen), None
            for start in range(0, max(len(x[n]) for n in chosen), given.truncate):
                stay = [k for k, n in enumerate(left) if len(x[n]) > start]
                left = [left[k] for k in stay]
                state = state[:, stay].detach() if state is not None else None
                parts = [x[n][start : start + given.truncate] for n in left]
                targets = pad_sequence([y[n][start : start + given.truncate] for n in left], True, float("nan"))
                out, state = model(pad_sequence(parts, batch_first=True), [len(part) for part in parts], state)
                is_known = ~targets.isnan()
                if is_known.any():
                    training.step((out - targets)[is_known].square().mean())

    with torch.no_grad():
        out, _ = model(pad_sequence(unseen, batch_first=True), [len(sequence) for sequence in unseen])
    actual = pad_sequence(truth, True, float("nan"))
    errors = (out * width + centre - actual)[~actual.isnan()]
    answer(errors.square().mean().sqrt())


main()
