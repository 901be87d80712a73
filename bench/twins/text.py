"""A language model over characters: an LSTM of 128 units over one-hot vectors, its state carried along 32 streams, in pieces of
128 characters. Bits per character of the end of the text."""

import math

import torch
from common import Training, answer, arguments
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

STREAMS, PIECE = 32, 128


class Speller(nn.Module):
    def __init__(self, characters: int):
        super().__init__()
        self.characters = characters
        self.lstm = nn.LSTM(characters, 128)
        self.head = nn.Linear(128, characters)

    def forward(self, tokens, state=None):
        h, state = self.lstm(one_hot(tokens, self.characters).float(), state)
        return self.head(h), state


def main():
    given = arguments("text", train=3_072_000, steps=1500)
    text = given.text.read_text()
    known = {character: n for n, character in enumerate(sorted(set(text)))}
    tokens = torch.tensor([known[character] for character in text])
    # A stream goes on where its last piece ended, and begins anew when it is through.
    streams = tokens[: given.train].view(STREAMS, -1).T
    model = Speller(len(known))
    training = Training(model, 5e-3)
    start, state = 0, None
    for _ in range(given.steps):
        if start + PIECE >= len(streams):
            start, state = 0, None
        out, state = model(streams[start : start + PIECE], state)
        training.step(cross_entropy(out.flatten(0, 1), streams[start + 1 : start + PIECE + 1].flatten()))
        state = tuple(part.detach() for part in state)
        start += PIECE

    bits, state = 0.0, None
    test = tokens[given.train :, None]
    with torch.no_grad():
        for start in range(0, len(test) - 1, 1024):
            targets = test[start + 1 : start + 1025, 0]
            out, state = model(test[start : start + len(targets)], state)
            bits += cross_entropy(out[:, 0], targets, reduction="sum").item() / math.log(2.0)
    answer(bits / (len(test) - 1))


main()
