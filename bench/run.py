"""Elman beside its peers: every contender at every point, in turn, in the same run.

    python bench/run.py [--quick] [--only TEXT] [--instruction-set NAME]

`cargo xtask bench` makes the Python environment, builds the contenders written in Rust and calls this.
Each contender is a process for each number of threads; of all of them one works at a time, the others
wait for their next command. The raw results of a full run go to target/bench/results.json, and `report.py`
makes RESULTS.md and the plots from them; those of any other run go to partial.json beside it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import points
import report
import sections
import terminal
from contender import Point

BENCH = Path(__file__).parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", BENCH.parent / "target"))
ELMAN = Path(os.environ.get("ELMAN", TARGET / "release/elman"))

THREADS = [1, 2]
# A thread that has nothing to do spins for some milliseconds before it sleeps: the next contender
# waits for that.
SETTLE_SECONDS = 0.05
# What all agree in. Sums of thousands of f32 products differ by a few millionths, and what a step
# changes in a weight by the rounding of that weight; a wrong gate or a lost bias by far more.
TOLERANCE = 2e-3


@dataclass(frozen=True)
class Effort:
    """How long each contender is measured at a point."""

    rounds: int
    round_seconds: float
    # A contender whose steps are slow has fewer rounds, so that this is about what it takes.
    cap_seconds: float
    starts: int


FULL = Effort(rounds=5, round_seconds=0.15, cap_seconds=3.0, starts=20)
QUICK = Effort(rounds=3, round_seconds=0.1, cap_seconds=0.5, starts=5)


@dataclass(frozen=True)
class Contender:
    """How it is started: a script of ours, or a program of the Cargo workspace and its package."""

    command: list[str]
    package: str | None
    kinds: set[str]


RECURRENT = {"train", "stream", "sequence"}


def script(name: str, kinds: set[str]) -> Contender:
    return Contender([sys.executable, str(BENCH / name)], None, kinds)


def program(name: str, package: str, kinds: set[str]) -> Contender:
    return Contender([str(TARGET / "bench/release" / name)], package, kinds)


CONTENDERS = {
    "elman": program("bench-elman", "elman", RECURRENT | {"notebook"}),
    "pytorch": script("with_torch.py", RECURRENT | {"notebook"}),
    "jax": script("with_jax.py", RECURRENT),
    "onnxruntime": script("with_onnxruntime.py", RECURRENT),
    "candle": program("bench-candle", "candle-nn", RECURRENT),
    "burn": program("bench-burn", "burn", RECURRENT),
    "rust-lstm": program("bench-rust-lstm", "rust-lstm", RECURRENT),
    "numpy": script("with_numpy.py", {"notebook"}),
}


class Process:
    """A running contender."""

    def __init__(self, name: str, threads: int):
        self.label = f"{name}/{threads}"
        self.name, self.threads, self.kinds = name, threads, CONTENDERS[name].kinds
        self.process = subprocess.Popen(
            CONTENDERS[name].command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | threads_in_environment(threads),
        )

    def ask(self, command: str, **arguments) -> dict:
        self.process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"error: {self.label} ended at `{command}` {arguments}; what it said stands above")
        return json.loads(answer)

    def peak_memory(self) -> int:
        """Bytes of memory at the most so far; Linux tells."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def threads_in_environment(threads: int) -> dict[str, str]:
    """What libraries read before they start; the others are told with each point."""
    flags = "--xla_cpu_multi_thread_eigen=false" if threads == 1 else ""
    return {
        "OMP_NUM_THREADS": str(threads),
        "RAYON_NUM_THREADS": str(threads),
        "NPROC": str(threads),
        "XLA_FLAGS": flags,
        "JAX_PLATFORMS": "cpu",
    }


def measure(point: Point, processes: list[Process], effort: Effort) -> dict:
    """One point with all that take part: seconds per step in each round, or why one is left out."""
    taking_part, outcomes = [], {}
    for process in processes:
        if point.kind not in process.kinds or (point.kind == "notebook" and process.threads > 1):
            continue
        answer = process.ask("prepare", **asdict(replace(point, threads=process.threads)))
        outcomes[process.label] = answer
        if "left_out" not in answer:
            taking_part.append(process)
            answer["rounds"] = []
    check_agreement(points.name(point), {p.label: outcomes[p.label]["proof"] for p in taking_part})
    for n in range(effort.rounds):
        for process in taking_part:
            outcome = outcomes[process.label]
            expected = max(outcome["seconds"], effort.round_seconds)
            if n > 0 and n * expected >= effort.cap_seconds:
                continue
            time.sleep(SETTLE_SECONDS)
            min_steps = 3 if outcome["seconds"] < effort.round_seconds else 1
            answer = process.ask("measure", seconds=effort.round_seconds, min_steps=min_steps)
            outcome["rounds"].append(answer["seconds"])
    return {"point": asdict(point), "outcomes": outcomes}


def check_agreement(name: str, proofs: dict[str, list[float]]):
    """Stops the run if somebody does other work than the rest."""
    middles = [statistics.median(numbers) for numbers in zip(*proofs.values(), strict=True)]
    # Outputs cross zero; what they are compared with is the largest of them.
    scale = max(map(abs, middles)) if name.startswith(("stream", "sequence")) else 0.0
    for label, proof in proofs.items():
        for n, (number, middle) in enumerate(zip(proof, middles, strict=True)):
            if not abs(number - middle) <= TOLERANCE * max(abs(middle), scale):
                everyone = "\n".join(f"  {other}: {numbers[n]:.9g}" for other, numbers in proofs.items())
                sys.exit(f"error: {label} does other work at {name}; number {n} of its proof:\n{everyone}")


def grow() -> list[dict]:
    """Time and memory of Elman alone; a process for each point, since memory is never given back."""
    grown = []
    for axis, point in points.growth():
        process = Process("elman", max(THREADS))
        process.ask("describe")  # it is up, then, and idle
        idle = process.peak_memory()
        process.ask("prepare", **asdict(replace(point, threads=max(THREADS))))
        seconds = process.ask("measure", seconds=0.1, min_steps=2)["seconds"]
        memory = process.peak_memory() - idle
        grown.append({"axis": axis, "point": asdict(point), "seconds": seconds, "bytes": memory})
        process.end()
    return grown


def start_programs(count: int) -> dict[str, list[float]]:
    """Seconds from the start of a whole program to its end, which trains the notebook's network."""
    peers = [sys.executable, str(BENCH / "notebook_peers.py")]
    commands = {"elman": [str(ELMAN), "notebook"], "numpy": [*peers, "numpy"], "pytorch": [*peers, "torch"]}
    seconds = {name: [] for name in commands}
    for _ in range(count):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    return seconds


def describe(processes: list[Process]) -> dict:
    """Version and settings of every contender; those in Rust are what the lock file says."""
    packages = tomllib.loads((BENCH / "Cargo.lock").read_text())["package"]
    locked = {package["name"]: package["version"] for package in packages}
    described = {}
    for process in processes:
        if process.name not in described:
            answer = process.ask("describe")
            version = answer.get("version") or locked[CONTENDERS[process.name].package]
            described[process.name] = {"version": version, "settings": answer["settings"]}
    return described


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few points in two minutes, printed only")
    parser.add_argument("--only", metavar="TEXT", help="the points whose name has this in it, printed only")
    parser.add_argument(
        "--instruction-set", metavar="NAME", help="what Elman computes with, such as avx2; printed only"
    )
    options = parser.parse_args()
    if options.instruction_set:
        # Contenders inherit it; the others do not read it.
        os.environ["ELMAN_INSTRUCTION_SET"] = options.instruction_set
    effort = QUICK if options.quick else FULL
    whole = not (options.quick or options.only or os.environ.get("ELMAN_INSTRUCTION_SET"))
    wanted = [p for p in points.points(options.quick) if (options.only or "") in points.name(p)]
    if not wanted:
        sys.exit(f"error: no point has `{options.only}` in its name; names are like `train lstm 8,32,32,50`")

    kinds = {point.kind for point in wanted}
    names = [name for name, contender in CONTENDERS.items() if contender.kinds & kinds]
    processes = [Process(name, threads) for name in names for threads in THREADS]
    results = {
        **sections.measured(),
        "contenders": describe(processes),
        "peak": processes[0].ask("peak")["peak"],
        "effort": {"rounds": effort.rounds, "seconds": effort.round_seconds, "tolerance": TOLERANCE},
        "points": [],
    }
    file = TARGET / "bench" / ("results.json" if whole else "partial.json")
    print(terminal.heading(results), flush=True)
    if not options.only:
        results["starts"] = start_programs(effort.starts)
        print(terminal.starts(results), flush=True)
    if whole:
        results["growth"] = grow()
    for point in wanted:
        results["points"].append(measure(point, processes, effort))
        print(terminal.line(results, results["points"][-1]), flush=True)
        # A run that is broken off leaves what it has.
        file.write_text(json.dumps(results, indent=1))
    # What disturbs a peak can only lower it.
    results["peak"] = list(map(max, results["peak"], processes[0].ask("peak")["peak"]))
    for process in processes:
        process.end()
    file.write_text(json.dumps(results, indent=1))
    if whole:
        report.write(results)


if __name__ == "__main__":
    main()
