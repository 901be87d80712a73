"""The package as a whole: what importing costs, threads and forks, types and examples."""

import doctest
import importlib.util
import inspect
import multiprocessing
import pkgutil
import re
import subprocess
import sys
import threading

import numpy as np
import pytest

import elman


def test_nothing_is_imported_before_it_is_used():
    script = "import sys, elman; print(*sorted(m for m in ('numpy', 'torch', 'pandas', 'sklearn', 'tqdm') if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "\n"


def test_importing_takes_less_than_50_ms():
    # Of the processor's time: a busy machine takes longer by the clock.
    script = "import time; start = time.process_time(); import elman; print(time.process_time() - start)"
    runs = [subprocess.run([sys.executable, "-c", script], check=True, capture_output=True) for _ in range(5)]
    assert min(float(run.stdout) for run in runs) < 0.05


def test_every_name_is_there():
    assert set(elman.__all__) <= set(dir(elman))
    for name in elman.__all__:
        getattr(elman, name)
    with pytest.raises(AttributeError, match="no attribute 'LSTN'"):
        elman.LSTN


@pytest.mark.parametrize("is_quick", [False, True])
def test_a_panic_is_an_exception_like_others(capfd, is_quick):
    with pytest.raises(elman.InternalError, match="a mistake in Elman itself, to be reported: so it goes") as caught:
        elman._elman.panics("so it goes", is_quick)
    assert isinstance(caught.value, Exception) and elman.InternalError.__module__ == "elman"
    # Where it was is said as well.
    assert "src/lib.rs" in capfd.readouterr().err


def modules():
    names = [module.name for module in pkgutil.iter_modules(elman.__path__, "elman.")]
    others = {f"elman.{name}" for name in ("sklearn", "torch") if importlib.util.find_spec(name) is None}
    return [name for name in names if name not in ("elman._elman", *others)]


@pytest.mark.parametrize("name", modules())
def test_examples_in_the_documentation(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def documented():
    """Every public function, class and method, by name."""
    for name in elman.__all__:
        thing = getattr(elman, name)
        if callable(thing):
            yield name, thing
            members = vars(thing).items() if isinstance(thing, type) else []
            yield from ((f"{name}.{n}", m) for n, m in members if not n.startswith("_") and inspect.isfunction(m))


@pytest.mark.parametrize("name, thing", list(documented()))
def test_docstrings_are_in_numpys_style(name, thing):
    text = inspect.getdoc(thing) or ""
    assert re.match(r"[^\n]+\.(\n\n|$)", text), "a summary of one line, then an empty one"
    for title, rule in re.findall(r"^(\w[\w ]*)\n(-+)$", text, re.MULTILINE):
        assert len(title) == len(rule), f"the line below {title}"
    try:
        wanted = [parameter for parameter in inspect.signature(thing).parameters if parameter != "self"]
    except ValueError:
        return  # Of a class that takes none of its own.
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    if section is not None:
        lines = [line.split(" : ")[0] for line in section[1].splitlines() if re.match(r"\w", line)]
        assert [part.strip() for line in lines for part in line.split(",")] == wanted
    else:
        # Of a single parameter the summary tells; of named tuples each field.
        assert len(wanted) < 2 or hasattr(thing, "_fields")


def run_network(_):
    net = elman.Network([elman.LSTM(64), elman.Dense(1)], input_size=4)
    y, _ = net.forward(np.ones((64, 20, 4), np.float32))
    net.backward(y)
    return net.gradients.tobytes()


def test_threads_side_by_side_compute_the_same():
    expected, found = run_network(0), {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: run_network(n)})) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(found.values()) == [expected] * 4


SHARED = elman.Network([elman.LSTM(64), elman.Dense(1)], input_size=4)


def use_shared(_):
    # The engine of the parent process, whose threads are not here; then it is given up.
    global SHARED
    y = SHARED.forward(np.ones((64, 20, 4), np.float32))[0].tobytes()
    SHARED = None
    return y


@pytest.mark.skipif(not hasattr(multiprocessing, "get_context") or sys.platform == "win32", reason="no fork there")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")
def test_a_forked_process_goes_on():
    expected = SHARED.forward(np.ones((64, 20, 4), np.float32))[0].tobytes()
    # A process of its own for every piece of work: each finds the engine as its parent left it.
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        assert pool.map_async(use_shared, range(4), chunksize=1).get(60) == [expected] * 4
        assert pool.map_async(run_network, range(2), chunksize=1).get(60) == [run_network(0)] * 2


def test_the_lock_is_released_while_the_engine_works():
    net = elman.Network([elman.LSTM(256), elman.Dense(1)], input_size=64)
    x = np.ones((32, 600, 64), np.float32)
    net.forward(x)
    done, counted = threading.Event(), 0

    def work():
        net.forward(x)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        counted += 1
    thread.join()
    assert counted > 1000
