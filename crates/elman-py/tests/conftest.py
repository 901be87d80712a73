"""What several files of tests share."""

import os
import signal
import threading

import pytest


@pytest.fixture
def ctrl_c():
    """Ctrl-C after so many seconds: heard, though whoever started the tests in the background ignores it."""
    before, timers = signal.signal(signal.SIGINT, signal.default_int_handler), []

    def press(after):
        timers.append(threading.Timer(after, lambda: os.kill(os.getpid(), signal.SIGINT)))
        timers[-1].start()

    yield press
    for timer in timers:
        timer.join()
    signal.signal(signal.SIGINT, before)
