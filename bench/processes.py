"""Whole programs, run to their end: what they print and when, how long they take, and how much memory."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

BENCH = Path(__file__).parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", BENCH.parent / "target"))
ELMAN = Path(os.environ.get("ELMAN", TARGET / "release/elman"))
#: The same recipes in PyTorch.
TWINS = BENCH / "twins"

# How often a process is asked for its memory. What it says is the most so far, so that only what is taken in the last
# moment before the end goes unseen.
ASKED_EVERY_SECONDS = 0.005


@dataclass(frozen=True)
class Line:
    """A line that a program printed, on standard output or standard error."""

    #: After how many seconds since its start, and how many of the processors.
    seconds: float
    processor_seconds: float
    text: str


@dataclass
class Ended:
    """A program that came to its end."""

    lines: list[Line] = field(default_factory=list)
    #: From its start to its end.
    seconds: float = 0.0
    #: What its threads took of the processors.
    processor_seconds: float = 0.0
    #: The most that it had in memory.
    peak_bytes: int = 0

    def objects(self) -> list[dict]:
        """The lines that are objects in JSON."""
        return [json.loads(line.text) for line in self.lines if line.text.startswith("{")]


def run(command: list[object], place: Path, threads: int, stdin: Path | None = None, stdout: Path | None = None) -> Ended:
    """Runs a program, which must end well; libraries are told the number of threads as they read it."""
    words = [str(word) for word in command]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = Ended()
    with open(stdin or os.devnull, "rb") as read, open(stdout or os.devnull, "wb") as written:
        # Where standard output is a file, what is printed is standard error.
        outputs = (written, subprocess.PIPE) if stdout else (subprocess.PIPE, subprocess.STDOUT)
        pipes = dict(zip(("stdout", "stderr"), outputs, strict=True))
        start = time.perf_counter()
        process = subprocess.Popen(words, cwd=place, env=environment, stdin=read, **pipes)
        watcher = threading.Thread(target=_watch, args=(process.pid, ended))
        watcher.start()
        for line in process.stderr if stdout else process.stdout:
            seconds = time.perf_counter() - start
            ended.lines.append(Line(seconds, _processor_seconds(process.pid), line.decode().rstrip("\n")))
        _, status, usage = os.wait4(process.pid, 0)
        ended.seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    ended.processor_seconds = usage.ru_utime + usage.ru_stime
    if process.returncode != 0:
        sys.exit(f"error: `{' '.join(words)}` ended with {process.returncode}\n" + "\n".join(line.text for line in ended.lines))
    return ended


def _processor_seconds(pid: int) -> float:
    """What a process that runs has taken, as Linux tells in ticks; of one that ended as it spoke it is not known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _watch(pid: int, ended: Ended) -> None:
    """Asks Linux for the memory until the process is gone. The last answer counts: a process that is about to become the
    program still has the memory of the one that started it."""
    status = Path(f"/proc/{pid}/status")
    while True:
        try:
            known = status.read_text().split("VmHWM:")
        except OSError:
            return
        if len(known) < 2:
            return
        ended.peak_bytes = int(known[1].split()[0]) * 1024
        time.sleep(ASKED_EVERY_SECONDS)
