"""Plays raw samples with a model that the program wrote as GuitarML's JSON, block by block with the state carried on, and says
how long that took and how far the answers are from what the program played."""

import json
import time

import numpy as np
import torch
from common import arguments
from torch import nn


def main():
    given = arguments("model", "samples", "played", block=256)
    model = json.loads(given.model.read_text())
    size = model["model_data"]["hidden_size"]
    lstm, head = nn.LSTM(1, size), nn.Linear(size, 1)
    for module, prefix in ((lstm, "rec."), (head, "lin.")):
        named = {name.removeprefix(prefix): values for name, values in model["state_dict"].items() if name.startswith(prefix)}
        module.load_state_dict({name: torch.tensor(values) for name, values in named.items()})
    x = torch.from_numpy(np.fromfile(given.samples, "<f4"))[:, None, None]

    start, processor = time.perf_counter(), time.process_time()
    answers, state = [], None
    with torch.inference_mode():
        for block in x.split(given.block):
            h, state = lstm(block, state)
            answers.append(head(h) + block)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    played = torch.from_numpy(np.fromfile(given.played, "<f4"))
    difference = (torch.cat(answers)[:, 0, 0] - played).abs().max().item()
    print(json.dumps({"seconds": seconds, "processor_seconds": processor, "largest_difference": difference}))


main()
