"""The notebook this project was created from, started from seeded weights.

The arithmetic is the notebook's own, line for line. Its backward pass is not the gradient of its
loss (it takes tanh' of a tanh and reads the last hidden state at every timestep); that is kept.
"""

import numpy as np

INPUT_SIZE, HIDDEN_SIZE, OUTPUT_SIZE = 2, 3, 1
LEARNING_RATE = 0.01
INPUTS = [np.array([1, 0]), np.array([0, 1]), np.array([1, 1])]
TARGET = np.array([[1]])


def tanh_derivative(x):
    return 1 - np.tanh(x) ** 2


def forward(Wx, Wh, Wy, bh, by):
    h = np.zeros((HIDDEN_SIZE, 1))
    for x in INPUTS:
        x = x.reshape(-1, 1)
        h = np.tanh(np.dot(Wx, x) + np.dot(Wh, h) + bh)
    return np.dot(Wy, h) + by, h


def backward(Wx, Wh, Wy, bh, y, h):
    dWy = (y - TARGET) * h.T
    dby = y - TARGET
    dh = np.dot(Wy.T, (y - TARGET))

    dWx_total = np.zeros_like(Wx)
    dWh_total = np.zeros_like(Wh)
    dbh_total = np.zeros_like(bh)
    for x in reversed(INPUTS):
        x = x.reshape(-1, 1)
        dhraw = dh * tanh_derivative(h)
        dWx_total += np.dot(dhraw, x.T)
        dWh_total += np.dot(dhraw, h.T)
        dbh_total += dhraw
        dh = np.dot(Wh.T, dhraw)
    return dWx_total, dWh_total, dWy, dbh_total, dby


def losses_from(Wx, Wh, Wy) -> list[float]:
    """The ten losses the notebook prints, every tenth of 100 epochs; the weights are changed."""
    parameters = [Wx, Wh, Wy, np.zeros((HIDDEN_SIZE, 1)), np.zeros((OUTPUT_SIZE, 1))]
    losses = []
    for epoch in range(100):
        Wx, Wh, Wy, bh, by = parameters
        y, h = forward(Wx, Wh, Wy, bh, by)
        gradients = backward(Wx, Wh, Wy, bh, y, h)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= LEARNING_RATE * gradient
        if epoch % 10 == 0:
            losses.append(float(np.mean((y - TARGET) ** 2)))
    return losses


def train(seed: int) -> dict:
    """Starting weights, drawn in the notebook's order after np.random.seed, and the losses."""
    np.random.seed(seed)
    Wx = np.random.rand(HIDDEN_SIZE, INPUT_SIZE) * 0.01
    Wh = np.random.rand(HIDDEN_SIZE, HIDDEN_SIZE) * 0.01
    Wy = np.random.rand(OUTPUT_SIZE, HIDDEN_SIZE) * 0.01
    start = {"Wx": Wx.tolist(), "Wh": Wh.tolist(), "Wy": Wy.tolist()}
    return start | {"loss": losses_from(Wx, Wh, Wy)}
