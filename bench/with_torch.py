"""PyTorch as a contender: its recurrent modules and functions in eager mode, and the notebook."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, mse_loss

import notebook_peers
from contender import MEASURED_RATE, TENSORS, Point, Work, draw, serve, training_proof

MODULES = {"elman": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
# What `nn.RNNCell`, `nn.GRUCell` and `nn.LSTMCell` call; without the module around it a step takes
# about two thirds of the time.
CELLS = {"elman": torch.rnn_tanh_cell, "gru": torch.gru_cell, "lstm": torch.lstm_cell}


def build(point: Point) -> tuple[nn.RNNBase, nn.Linear, Tensor, Tensor]:
    """The layer and the head with the point's parameters; x and y."""
    torch.set_num_threads(point.threads)
    parameters, x, y = draw(point)
    layer = MODULES[point.cell](point.input_size, point.hidden_size)
    head = nn.Linear(point.hidden_size, 1)
    with torch.no_grad():
        for parameter, name in zip([*layer.parameters(), *head.parameters()], TENSORS, strict=True):
            parameter.copy_(torch.from_numpy(parameters[name]))
    return layer, head, torch.from_numpy(x), torch.from_numpy(y)


class Train(Work):
    """`autograd.grad` and updates in place, which took less time than any form of `optim.SGD`."""

    def __init__(self, point: Point):
        self.layer, self.head, self.x, self.y = build(point)
        self.tensors = [*self.layer.parameters(), *self.head.parameters()]

    def train(self, rate: float) -> Tensor:
        h = self.layer(self.x)[0][-1]
        loss = mse_loss(self.head(h), self.y)
        gradients = torch.autograd.grad(loss, self.tensors)
        with torch.no_grad():
            for tensor, gradient in zip(self.tensors, gradients, strict=True):
                tensor.add_(gradient, alpha=-rate)
        return loss

    def prove(self):
        return training_proof(
            lambda rate: self.train(rate).item(),
            lambda: [tensor.detach().numpy().copy() for tensor in self.tensors],
        )

    def run(self, steps):
        for _ in range(steps):
            self.train(MEASURED_RATE)


class Stream(Work):
    @torch.inference_mode()
    def __init__(self, point: Point):
        layer, self.head, x, _ = build(point)
        self.cell = CELLS[point.cell]
        self.weights = list(layer.parameters())
        self.timesteps = list(x)
        zeros = torch.zeros(1, point.hidden_size)
        self.has_c = point.cell == "lstm"
        self.state = (zeros, zeros) if self.has_c else zeros
        self.t = 0

    @torch.inference_mode()
    def run(self, steps):
        for _ in range(steps):
            self.state = self.cell(self.timesteps[self.t], self.state, *self.weights)
            self.y = linear(self.state[0] if self.has_c else self.state, self.head.weight, self.head.bias)
            self.t = (self.t + 1) % len(self.timesteps)

    def prove(self):
        outputs = []
        for _ in self.timesteps:
            self.run(1)
            outputs.append(self.y.item())
        return outputs


class Sequence(Work):
    def __init__(self, point: Point):
        self.layer, self.head, self.x, _ = build(point)

    @torch.inference_mode()
    def run(self, steps):
        for _ in range(steps):
            self.y = self.head(self.layer(self.x)[0][-1])

    def prove(self):
        self.run(1)
        return [self.y.item()]


class Notebook(Work):
    def __init__(self, point: Point):
        torch.set_num_threads(point.threads)

    def prove(self):
        return notebook_peers.with_torch()

    def run(self, steps):
        for _ in range(steps):
            notebook_peers.with_torch()


KINDS = {"train": Train, "stream": Stream, "sequence": Sequence, "notebook": Notebook}
SETTINGS = "eager; `autograd.grad`, updates in place; `inference_mode`; streams by `lstm_cell` and its like"
serve({"version": torch.__version__, "settings": SETTINGS}, lambda point: KINDS[point.kind](point))
