"""An amplifier by the recipe of CoreAudioML, which Proteus, NeuralPi and AIDA-X train their models by: an LSTM beside a skip
connection, segments of half a second, the first 200 samples only heard, an update every 1000 samples with the state carried
on, 0.75 of the error-to-signal ratio after pre-emphasis and 0.25 of the error of the mean, Adam with weight decay, a rate that
is halved when the validation stands still. Prints the error-to-signal ratio of the validation part as it goes."""

import json
import time

import torch
from common import arguments
from signals import error_to_signal, read
from torch import nn

INIT_LEN, UP_FR, VALIDATION_CHUNK = 200, 1000, 100_000


class SimpleRNN(nn.Module):
    def __init__(self, hidden_size: int):
        super().__init__()
        self.rec = nn.LSTM(1, hidden_size)
        self.lin = nn.Linear(hidden_size, 1)
        self.hidden = None

    def forward(self, x):
        h, self.hidden = self.rec(x, self.hidden)
        return self.lin(h) + x

    def detach_hidden(self):
        self.hidden = tuple(part.detach() for part in self.hidden)


def high_pass(x):
    """x[n] - 0.85 x[n - 1]; before the first sample there is silence."""
    return torch.cat([x[:1], x[1:] - 0.85 * x[:-1]])


def loss_of(out, target):
    energy = target.square().mean() + 1e-5
    dc = (target.mean(0) - out.mean(0)).square().mean() / energy
    return 0.75 * error_to_signal(high_pass(out), high_pass(target)) + 0.25 * dc


def main():
    given = arguments("input", "target", hidden_size=32, batch_size=40, segment=24_000, seconds=60.0, train=0, validation=0)
    x, y = read(given.input), read(given.target)
    segments = given.train // given.segment
    inputs, targets = (part[: segments * given.segment].view(segments, -1).T[..., None] for part in (x, y))
    held = slice(given.train, given.train + given.validation)
    model = SimpleRNN(given.hidden_size)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.005, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=5)

    def validate() -> tuple[float, float]:
        with torch.no_grad():
            model.hidden = None
            out = torch.cat([model(part) for part in x[held, None].split(VALIDATION_CHUNK)])
            model.hidden = None
            return loss_of(out, y[held, None]).item(), error_to_signal(out, y[held, None]).item()

    start = time.perf_counter()
    epoch = 0
    while time.perf_counter() - start < given.seconds:
        epoch += 1
        for chosen in torch.randperm(segments).split(given.batch_size):
            batch, wanted = inputs[:, chosen], targets[:, chosen]
            model(batch[:INIT_LEN])
            for k in range(INIT_LEN, given.segment, UP_FR):
                loss = loss_of(model(batch[k : k + UP_FR]), wanted[k : k + UP_FR])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                model.detach_hidden()
            model.hidden = None
        if epoch % 2 == 0:
            loss, esr = validate()
            scheduler.step(loss)
            print(json.dumps({"epoch": epoch, "esr": esr}), flush=True)


main()
