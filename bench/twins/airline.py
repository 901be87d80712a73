"""Airline passengers: an LSTM of 20 units over relative changes, the month and the change a year before. MAPE of forecasts of
six months from 19 origins in the last two years."""

import csv

import numpy as np
import torch
from common import Training, answer, arguments, start_orthogonal
from torch import nn
from torch.nn.functional import mse_loss

SEASON, WINDOW, HORIZON, TEST, BATCH, EPOCHS = 12, 36, 6, 24, 16, 60


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2 + SEASON, 20, batch_first=True)
        self.head = nn.Linear(20, 1)
        start_orthogonal(self.lstm, self.head)

    def forward(self, x, state=None):
        h, state = self.lstm(x, state)
        return self.head(h)[..., 0], state


def inputs(before: float, year_before: float, k: int) -> np.ndarray:
    """What the network sees to tell change number k, which leads to month k + 1."""
    return np.concatenate([[before, year_before], np.eye(SEASON)[(k + 1) % SEASON]]).astype(np.float32)


def main():
    given = arguments("table")
    with given.table.open() as file:
        y = np.array([float(row["passengers"]) for row in csv.DictReader(file)])
    train = len(y) - TEST
    changes = np.diff(np.log(y))
    mean, spread = changes[: train - 1].mean(), changes[: train - 1].std()
    z = (changes - mean) / spread

    x = torch.from_numpy(np.stack([inputs(z[k - 1], z[k - SEASON], k) for k in range(SEASON, len(z))]))
    targets = torch.from_numpy(z[SEASON:].astype(np.float32))
    starts = torch.arange(train - 1 - SEASON - WINDOW + 1)
    model = Forecaster()
    batches = len(starts) // BATCH
    training = Training(model, 1e-2, batches * EPOCHS, torch.optim.AdamW, weight_decay=2.0)
    for _ in range(EPOCHS):
        for chosen in starts[torch.randperm(len(starts))].split(BATCH)[:batches]:
            windows = chosen[:, None] + torch.arange(WINDOW)
            training.step(mse_loss(model(x[windows])[0], targets[windows]))

    errors = []
    with torch.no_grad():
        for origin in range(train, len(y) - HORIZON + 1):
            # The changes before origin - 1 are known.
            told = list(z[: origin - 1])
            _, state = model(x[None, : origin - 1 - SEASON])
            for k in range(origin - 1, origin - 1 + HORIZON):
                step = torch.from_numpy(inputs(told[k - 1], told[k - SEASON], k))
                out, state = model(step[None, None], state)
                told.append(out.item())
            forecast = y[origin - 1] * np.exp(np.cumsum(np.array(told[origin - 1 :]) * spread + mean))
            errors.extend(abs(forecast / y[origin : origin + HORIZON] - 1.0))
    answer(100.0 * np.mean(errors))


main()
