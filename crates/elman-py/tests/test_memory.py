"""How much memory a pass takes, as whole processes see it."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="what a process took is told by Linux")

#: Prints by how many times the size of its inputs a process has grown in a pass.
MEASURE = '''
import sys
import numpy as np
import elman

def most():
    """The most that this process had in memory; getrusage tells that of who started it, too."""
    return 1024 * int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])

shape, form, mode = tuple(map(int, sys.argv[1].split("x"))), sys.argv[2], sys.argv[3]
network = elman.Network([elman.GRU(4, output="last"), elman.Dense(1)], input_size=shape[2])
run = getattr(network, mode)
run(np.ones((shape[0], 2, shape[2]), np.float32))
x = np.ones(shape, np.float32)
given = list(x) if form == "list" else x[0] if form == "single" else x
before = most()
run(given)
print((most() - before) / x.nbytes)
'''


@pytest.mark.parametrize("mode", ["predict", "forward"])
@pytest.mark.parametrize(
    "shape, form",
    [
        ("1x12000x1024", "array"),
        ("1x12000x1024", "single"),
        ("1x12000x1024", "list"),
        ("8x1500x1024", "array"),
        ("16x750x1024", "array"),
        ("16x750x1024", "list"),
        ("64x190x1024", "array"),
        ("256x48x1000", "array"),
    ],
)
def test_of_inputs_there_is_one_copy(shape, form, mode):
    ran = subprocess.run([sys.executable, "-c", MEASURE, shape, form, mode], capture_output=True, text=True, check=True)
    assert 0.9 < float(ran.stdout) < 1.2
