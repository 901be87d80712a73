"""How much memory a pass takes, as whole processes see it."""

import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="what a process took is told by Unix")

#: Prints by how many times the size of its inputs a process has grown in a pass.
MEASURE = """
import resource, sys
import numpy as np
import elman

shape, form, mode = tuple(map(int, sys.argv[1].split("x"))), sys.argv[2], sys.argv[3]
network = elman.Network([elman.GRU(4, output="last"), elman.Dense(1)], input_size=shape[2])
run = getattr(network, mode)
run(np.ones((shape[0], 2, shape[2]), np.float32))
x = np.ones(shape, np.float32)
given = list(x) if form == "list" else x[0] if form == "single" else x
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run(given)
unit = 1 if sys.platform == "darwin" else 1024
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit / x.nbytes)
"""


@pytest.mark.parametrize("mode", ["predict", "forward"])
@pytest.mark.parametrize(
    "shape, form", [("1x12000x1024", "array"), ("1x12000x1024", "single"), ("1x12000x1024", "list"), ("8x1500x1024", "array")]
)
def test_of_inputs_there_is_one_copy(shape, form, mode):
    ran = subprocess.run([sys.executable, "-c", MEASURE, shape, form, mode], capture_output=True, text=True, check=True)
    assert 0.9 < float(ran.stdout) < 1.2
