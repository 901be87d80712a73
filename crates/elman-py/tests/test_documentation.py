"""docs/python.md and the examples do what they say; types are what they are said to be."""

import contextlib
import io
import os
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def guide():
    return (ROOT / "docs/python.md").read_text()


def readme():
    """Its section on Python."""
    return re.split(r"^## ", (ROOT / "README.md").read_text().partition("\n## Python\n")[2], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("text, least", [(guide, 4), (readme, 1)])
def test_the_documentations_code_prints_what_it_says(text, least, tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    pytest.importorskip("sktime")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```(.*)\n((?:.*\n)*?)```", text(), re.MULTILINE)
    assert any(kind == "python" for kind, _ in blocks)
    names, printed, compared = {}, "", 0
    for kind, text in blocks:
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(text, names)
            printed = out.getvalue()
        elif kind == "text":
            assert printed == text
            compared += 1
    assert compared >= least


def test_the_example_draws_a_picture(tmp_path):
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    command = [sys.executable, ROOT / "crates/elman-py/examples/forecast.py", tmp_path / "forecast.png"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = dict(re.findall(r"^(.{16}) *([\d.]+) %$", out, re.MULTILINE))
    assert float(figures["elman".ljust(16)]) < 10 and "2025-06" in out
    assert (tmp_path / "forecast.png").read_bytes().startswith(b"\x89PNG")


def test_the_compiled_half_is_what_its_stub_says(tmp_path):
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy.stubtest", "elman._elman", "--ignore-disjoint-bases"]
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "MYPY_CACHE_DIR": str(tmp_path)})
    assert run.returncode == 0, run.stdout + run.stderr


def test_options_are_known_to_type_checkers(tmp_path):
    pytest.importorskip("mypy")
    from elman import estimators, keywords

    for kind in estimators._ESTIMATORS.values():
        name = kind.__name__.removeprefix("Sequence") + "Options"
        assert sorted(typing.get_type_hints(getattr(keywords, name))) == sorted(kind._names)
    script = tmp_path / "script.py"
    script.write_text(
        "import elman, numpy as np\n"
        "elman.Forecaster(hidden_size=np.int64(3), target=['a'], learning_rate='auto', dtype=np.float32, verbose=0)\n"
        "elman.SequenceClassifier(search=False, features=np.array(['x0']), layout='channels', clip=1)\n"
        "elman.Forecaster(hiden_size=3)\n"
        "elman.SequenceRegressor(search=False)\n"
        "elman.TextModel(epochs='many')\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", script]
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "MYPY_CACHE_DIR": str(tmp_path)})
    told = [int(line.split(":")[1]) for line in run.stdout.splitlines() if ": error:" in line]
    assert told == [4, 5, 6], run.stdout + run.stderr
