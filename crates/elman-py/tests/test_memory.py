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


#: Fits and prints by how many times the size of a file a process has grown, and what it made of the file.
LEARN = '''
import os
import sys
import elman

def most():
    """The most that this process had in memory."""
    return 1024 * int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])

path = sys.argv[1]
before = most()
labeler = elman.SequenceLabeler(epochs=1, hidden_size=4, verbose=0, target="level").fit(path)
print((most() - before) / os.path.getsize(path))
print(*labeler.feature_names_in_)
print(any("its rows are read part by part" in remark for remark in labeler.remarks_))
'''


def test_a_large_file_stays_where_it_is(tmp_path):
    path = tmp_path / "tank.csv"
    note = "as it was written down by hand " * 100
    rows = (f"{k * 7 % 11},{k % 5},{k * 7 % 11 + k % 5},{note}\n" for k in range(22_000))
    path.write_text("inflow,outflow,level,note\n" + "".join(rows))
    printed = subprocess.run([sys.executable, "-W", "ignore", "-c", LEARN, str(path)], capture_output=True, text=True, check=True)
    grown, names, is_long = printed.stdout.splitlines()
    assert path.stat().st_size > 64 << 20
    assert (names, is_long) == ("inflow outflow note", "True")
    # A sample of 8 MB, and what a process takes anyway; in memory, the file alone would be once its size.
    assert float(grown) < 0.8
