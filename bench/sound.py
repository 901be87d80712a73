"""Sound at 48 kHz: how much faster than real time the program plays, and how soon it models a device as well as CoreAudioML's
recipe.

    python bench/sound.py [--quick]

The device is the virtual analogue effect, a minute of it; all run on one thread. `cargo xtask bench --jobs` calls this and
`jobs.py`. The raw results of a full run go to target/bench/sound.json, and its tables to RESULTS.md.
"""

import argparse
import json
import re
import statistics
import sys

import data
import sections
from figures import duration, three_figures
from processes import ELMAN, TARGET, TWINS, run

RATE, SECONDS, THREADS, BLOCK = 48_000, 60, 1, 256
#: Units of the network that plays, and of those that are trained.
PLAYED_UNITS, TRAINED_UNITS = 40, 32
#: What the program keeps for the test and, of the rest, for validation.
TEST, VALIDATION = 0.2, 0.1
#: The passes of the program, and how long the other is trained.
EPOCHS, TWIN_SECONDS = 12, 75.0
QUICK_EPOCHS, QUICK_TWIN_SECONDS = 4, 20.0
ROUNDS = 3
PASS = re.compile(r"epoch \d+/\d+, .*validation ([0-9.e-]+)")


def play(rounds: int) -> dict[str, list[list[float]]]:
    """Seconds in which an LSTM plays the minute, and those of the processor: the program from file to file and as a stream, from
    its start to its end, and the loop alone over blocks in PyTorch."""
    samples, _ = data.effect(RATE, SECONDS)
    raw = data.made(f"effect-{RATE}-{SECONDS}.f32", lambda path: path.write_bytes(data.read_wav(samples).tobytes()))
    played = data.PLACE / "played.f32"
    quiet = ["--force", "-q", "--threads", THREADS]
    # Training does not matter to the time that playing takes.
    training = ["--latency", 0, "--epochs", 1, "--hidden-size", PLAYED_UNITS]
    made = [ELMAN, "train", "label", "--audio", *data.effect(RATE, 2), *training, "-o", "player.elman", *quiet]
    run(made, data.PLACE, THREADS)
    run([ELMAN, "export", "player.elman", "--format", "guitarml", "-o", "player.json", "--force", "-q"], data.PLACE, THREADS)
    file = [ELMAN, "predict", "player.elman", samples, "-o", "played.wav", *quiet]
    stream = [ELMAN, "stream", "player.elman", "--block", BLOCK, "--threads", THREADS]
    twin = [sys.executable, TWINS / "player.py", "player.json", raw, played, "--block", BLOCK]
    seconds: dict[str, list[list[float]]] = {"file": [], "stream": [], "pytorch": []}
    for _ in range(rounds):
        ended = run(file, data.PLACE, THREADS)
        seconds["file"].append([ended.seconds, ended.processor_seconds])
        ended = run(stream, data.PLACE, THREADS, stdin=raw, stdout=played)
        seconds["stream"].append([ended.seconds, ended.processor_seconds])
        [said] = run(twin, data.PLACE, THREADS).objects()
        seconds["pytorch"].append([said["seconds"], said["processor_seconds"]])
        # The same weights; their sums are rounded in another order.
        if not said["largest_difference"] < 1e-4:
            sys.exit(f"error: PyTorch plays something else, {said['largest_difference']} away")
    return seconds


def train(epochs: int, twin_seconds: float) -> dict[str, list[list[float]]]:
    """What both reach, and when: seconds since the start of the process, those of the processor, and the error-to-signal ratio of
    the same samples."""
    pair = data.effect(RATE, SECONDS)
    learned = int(RATE * SECONDS * (1.0 - TEST))
    held = int(learned * VALIDATION)
    options = ["--latency", 0, "--hidden-size", TRAINED_UNITS, "--test", TEST, "--validation", VALIDATION, "--epochs", epochs]
    elman = [ELMAN, "train", "label", "--audio", *pair, *options, "-o", "raced.elman", "--force", "-v", "--threads", THREADS]
    split = ["--train", learned - held, "--validation", held, "--hidden-size", TRAINED_UNITS, "--seconds", twin_seconds]
    twin = [sys.executable, TWINS / "amplifier.py", *pair, *split, "--threads", THREADS]
    passes = ((line, PASS.match(line.text)) for line in run(elman, data.PLACE, THREADS).lines)
    told = ((line, json.loads(line.text)) for line in run(twin, data.PLACE, THREADS).lines if line.text.startswith("{"))
    return {
        "elman": [[line.seconds, line.processor_seconds, float(found[1])] for line, found in passes if found],
        "pytorch": [[line.seconds, line.processor_seconds, said["esr"]] for line, said in told],
    }


def goal(results: dict) -> float:
    """The ratio that the worse of both reached."""
    return max(min(esr for *_, esr in results["train"][name]) for name in ("elman", "pytorch"))


def reached(results: dict, name: str, esr: float) -> tuple[float, float]:
    """Seconds until a ratio no worse than that, and those of the processor."""
    return next((seconds, processor) for seconds, processor, found in results["train"][name] if found <= esr)


def of_real_time(results: dict, name: str) -> list[str]:
    """How many times faster than real time, and how many times by the processor's time."""
    return [three_figures(SECONDS / statistics.median(seconds)) for seconds in zip(*results["play"][name], strict=True)]


def printed(results: dict) -> str:
    wanted = goal(results)
    ours, theirs = (reached(results, name, wanted) for name in ("elman", "pytorch"))
    times = {name: "{} (processor {})".format(*of_real_time(results, name)) for name in results["play"]}
    return (
        f"LSTM of {PLAYED_UNITS} units at {RATE} Hz: {times['file']} times real time from file to file, {times['stream']} as a "
        f"stream; PyTorch {times['pytorch']}\n"
        f"LSTM of {TRAINED_UNITS} units to an ESR of {wanted:.3g}: elman {duration(ours[0])}, pytorch {duration(theirs[0])}, "
        f"x{three_figures(theirs[0] / ours[0])} (processor {duration(ours[1])}, {duration(theirs[1])}, "
        f"x{three_figures(theirs[1] / ours[1])})"
    )


def section(results: dict) -> list[str]:
    """The part of RESULTS.md."""
    times = {name: "**{}** ({})".format(*of_real_time(results, name)) for name in results["play"]}
    wanted = goal(results)
    rows = []
    for name in ("elman", "pytorch"):
        last, best = results["train"][name][-1][0], min(esr for *_, esr in results["train"][name])
        rows.append([name, duration(reached(results, name, wanted)[0]), f"{best:.3g}", duration(last)])
    pairs = zip(reached(results, "pytorch", wanted), reached(results, "elman", wanted), strict=True)
    ratio, of_processor = (three_figures(theirs / ours) for theirs, ours in pairs)
    return [
        f"Measured on {results['date']}: {results['machine']}. A minute of the virtual analogue effect at {RATE} Hz; one thread. In "
        "brackets: by the processor's time, which other work on the machine does not change.",
        "",
        f"**Playing.** An LSTM of {PLAYED_UNITS} units with its input added to its output plays the minute so many times faster "
        f"than real time, medians of {ROUNDS} rounds in turn: `elman predict`, from its start to its end, {times['file']}; "
        f"`elman stream` in blocks of {BLOCK}, likewise, {times['stream']}; PyTorch's `nn.LSTM` over such blocks, its start "
        f"not counted, {times['pytorch']}. All play the same samples. The aim is 100.",
        "",
        f"**Training.** `elman train label --audio` with {TRAINED_UNITS} units and {EPOCHS} passes, and the recipe of CoreAudioML "
        f"in PyTorch with as many (`bench/twins/amplifier.py`), from the start of the process to a validation ESR of {wanted:.3g}, "
        f"the best of whichever did worse: **{ratio} times** faster ({of_processor}). The aim is 4.",
        "",
        *sections.table(["", f"to {wanted:.3g}", "best ESR", "in all"], rows, texts=1),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round and short training, printed only")
    options = parser.parse_args()
    data.PLACE.mkdir(parents=True, exist_ok=True)
    training = (QUICK_EPOCHS, QUICK_TWIN_SECONDS) if options.quick else (EPOCHS, TWIN_SECONDS)
    results = {**sections.measured(), "play": play(1 if options.quick else ROUNDS), "train": train(*training)}
    print(printed(results), flush=True)
    if not options.quick:
        (TARGET / "bench").mkdir(exist_ok=True)
        (TARGET / "bench/sound.json").write_text(json.dumps(results, indent=1))
        sections.replace("Sound", section(results))


if __name__ == "__main__":
    main()
