"""`elman notebook --seed 7` prints the losses of the NumPy notebook that the project grew from.

The notebook's network is a tanh layer of 3 units over 2 inputs with a linear read-out of the last
state. Its backward pass is kept as it was written, though it is not the gradient: at every timestep
it uses the last state, and for the derivative of tanh it takes tanh of that state once more. Its
steps stand here in the notebook's order, since the losses are to agree in nearly every bit.
"""

import re

import numpy as np

from checks import Checks, elman

SEED = 7
EPOCHS = 100
PRINTED_EVERY = 10
LEARNING_RATE = 0.01
INPUTS = [np.array([[1], [0]]), np.array([[0], [1]]), np.array([[1], [1]])]
TARGET = np.array([[1]])

# Losses are below 1, where doubles are 1.1e-16 apart. The program's tanh and NumPy's may differ in
# the last bit, and each error shrinks as training goes on: a few units of the last place remain.
TOLERANCE = 1e-15


def notebook_losses():
    """Trains the notebook's network; returns {epoch: loss} for the epochs it prints."""
    np.random.seed(SEED)
    w_x = np.random.rand(3, 2) * 0.01
    w_h = np.random.rand(3, 3) * 0.01
    w_y = np.random.rand(1, 3) * 0.01
    b_h = np.zeros((3, 1))
    b_y = np.zeros((1, 1))

    losses = {}
    for epoch in range(EPOCHS):
        h = np.zeros((3, 1))
        for x in INPUTS:
            h = np.tanh(np.dot(w_x, x) + np.dot(w_h, h) + b_h)
        y = np.dot(w_y, h) + b_y

        dw_x, dw_h, db_h = np.zeros_like(w_x), np.zeros_like(w_h), np.zeros_like(b_h)
        dw_y, db_y = (y - TARGET) * h.T, y - TARGET
        dh = np.dot(w_y.T, y - TARGET)
        for x in reversed(INPUTS):
            dz = dh * (1 - np.tanh(h) ** 2)
            dw_x += np.dot(dz, x.T)
            dw_h += np.dot(dz, h.T)
            db_h += dz
            dh = np.dot(w_h.T, dz)

        for parameter, gradient in zip((w_x, w_h, w_y, b_h, b_y), (dw_x, dw_h, dw_y, db_h, db_y)):
            parameter -= LEARNING_RATE * gradient
        if epoch % PRINTED_EVERY == 0:
            losses[epoch] = float(np.mean((y - TARGET) ** 2))
    return losses


def printed_losses():
    """What the program prints, as {epoch: loss}."""
    lines = re.findall(
        r"^Epoch (\d+), Loss: (\S+)$", elman("notebook", "--seed", SEED), re.MULTILINE
    )
    return {int(epoch): float(loss) for epoch, loss in lines}


checks = Checks()
expected, printed = notebook_losses(), printed_losses()
checks.that(
    list(printed) == list(expected),
    f"expected a loss for the epochs {list(expected)}, elman printed {list(printed)}",
)
for epoch, loss in expected.items():
    found = printed.get(epoch, float("nan"))
    checks.that(
        abs(found - loss) <= TOLERANCE,
        f"epoch {epoch}: the notebook's loss is {loss!r}, elman printed {found!r}",
    )
checks.close()
