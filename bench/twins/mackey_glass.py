"""Mackey and Glass's series: an LSTM of 32 units tells how the next value differs from the last one. The error of a free run
84 steps after its start, over the spread of the test part; a hundred starts."""

import numpy as np
import torch
from common import Skipping, Training, answer, arguments
from torch.nn.functional import mse_loss

WINDOW, HEARD, BATCH, AHEAD, WARM_UP, STARTS = 128, 32, 32, 84, 200, 100


def main():
    given = arguments("table", test=4000, steps=600, beta2=0.999)
    values = np.loadtxt(given.table, skiprows=1).astype(np.float32)
    train, test = values[: -given.test], values[-given.test :]
    mean, spread = train.mean(), train.std()
    x = torch.from_numpy((train - mean) / spread)[:, None]
    model = Skipping(32)
    training = Training(model, 5e-3, given.steps, betas=(0.9, given.beta2))
    for _ in range(given.steps):
        rows = torch.arange(WINDOW)[:, None] + torch.randint(len(x) - WINDOW, (BATCH,))
        out, _ = model(x[rows])
        training.step(mse_loss(out[HEARD:], x[rows + 1][HEARD:]))

    starts = np.linspace(WARM_UP, len(test) - AHEAD, STARTS).astype(int)
    scaled = torch.from_numpy((test - mean) / spread)
    heard = torch.stack([scaled[start - WARM_UP : start] for start in starts], 1)[..., None]
    with torch.no_grad():
        out, state = model(heard)
        value = out[-1:]
        for _ in range(AHEAD - 1):
            value, state = model(value, state)
    errors = value[0, :, 0].numpy() * spread + mean - test[starts + AHEAD - 1]
    answer(np.sqrt(np.mean(errors**2)) / test.std())


main()
