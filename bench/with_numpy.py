"""NumPy as a contender: the notebook, in its own lines."""

import numpy as np

import notebook_peers
from contender import LeftOut, Point, Work, serve


class Notebook(Work):
    def prove(self):
        return notebook_peers.with_numpy()

    def run(self, steps):
        for _ in range(steps):
            notebook_peers.with_numpy()


def prepare(point: Point) -> Work:
    if point.kind != "notebook":
        raise LeftOut("NumPy has no recurrent layers")
    return Notebook()


serve({"version": np.__version__, "settings": "the notebook's own code"}, prepare)
