"""Sequences of a .ts file, each to be told a class or a number: a GRU of 64 units, of whose last state a linear layer makes the
answer. The accuracy in percent, or the mean squared error."""

import numpy as np
import torch
from common import Training, answer, arguments, start_orthogonal
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence


def read(path) -> tuple[list[torch.Tensor], list[str], bool]:
    """The sequences [T, I], what is to be told of each, and whether that is a class."""
    sequences, told, classes = [], [], True
    for line in path.read_text(errors="replace").splitlines():
        if line.lower().startswith("@targetlabel"):
            classes = False
        elif line.strip() and line[0] not in "@#":
            *dimensions, last = line.split(":")
            values = np.array([dimension.split(",") for dimension in dimensions], np.float32)
            sequences.append(torch.from_numpy(values.T.copy()))
            told.append(last.strip())
    return sequences, told, classes


class Teller(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.gru = nn.GRU(inputs, 64, batch_first=True)
        self.head = nn.Linear(64, outputs)
        start_orthogonal(self.gru, self.head)

    def forward(self, sequences):
        lengths = [len(sequence) for sequence in sequences]
        if len(set(lengths)) == 1:
            _, h = self.gru(torch.stack(sequences))
        else:
            padded = pad_sequence(sequences, batch_first=True)
            _, h = self.gru(pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False))
        return self.head(h[0])


def main():
    given = arguments("train", "test", epochs=1, batch_size=16, rate=3e-3, constant=0)
    sequences, told, classes = read(given.train)
    unseen, truth, _ = read(given.test)
    rows = torch.cat(sequences)
    mean, spread = rows.mean(0), rows.std(0)
    sequences, unseen = ([(sequence - mean) / spread for sequence in part] for part in (sequences, unseen))
    if classes:
        names = sorted(set(told))
        y, actual = (torch.tensor([names.index(name) for name in part]) for part in (told, truth))
        outputs, loss = len(names), cross_entropy
    else:
        y, actual = (torch.tensor([[float(number)] for number in part]) for part in (told, truth))
        centre, width = y.mean(), y.std()
        y = (y - centre) / width
        outputs, loss = 1, mse_loss

    model = Teller(sequences[0].shape[1], outputs)
    steps = given.epochs * -(-len(sequences) // given.batch_size)
    training = Training(model, given.rate, None if given.constant else steps)
    for _ in range(given.epochs):
        for chosen in torch.randperm(len(sequences)).split(given.batch_size):
            training.step(loss(model([sequences[n] for n in chosen]), y[chosen]))

    with torch.no_grad():
        out = torch.cat([model(unseen[n : n + 64]) for n in range(0, len(unseen), 64)])
    if classes:
        answer(100.0 * (out.argmax(1) == actual).float().mean())
    else:
        answer(mse_loss(out * width + centre, actual))


main()
