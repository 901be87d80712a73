"""The virtual analogue effect: an LSTM of 16 units tells how the target differs from the input, in stretches at random places.
The error-to-signal ratio of the last fifth."""

import torch
from common import Skipping, Training, answer, arguments
from signals import error_to_signal, read

WARM_UP, LEARNED, BATCH = 256, 512, 32


def main():
    given = arguments("input", "target", steps=600)
    x, y = read(given.input), read(given.target)
    end = len(x) * 4 // 5
    model = Skipping(16)
    training = Training(model, 1e-2, given.steps)
    for _ in range(given.steps):
        rows = torch.arange(WARM_UP + LEARNED)[:, None] + torch.randint(end - WARM_UP - LEARNED + 1, (BATCH,))
        with torch.no_grad():
            _, state = model(x[rows[:WARM_UP]])
        out, _ = model(x[rows[WARM_UP:]], state)
        training.step(error_to_signal(out, y[rows[WARM_UP:]]))

    with torch.no_grad():
        _, state = model(x[None, end - WARM_UP : end].transpose(0, 1))
        out, _ = model(x[end:, None], state)
    answer(error_to_signal(out[:, 0], y[end:]))


main()
