"""Counting of checks for the scripts `test_*.py`, in place of a test framework to install."""

import os
import subprocess
import sys


class Checks:
    """Says what failed as it happens, and counts."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, holds, otherwise):
        """Counts one check; `otherwise` is what to say when it does not hold."""
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {otherwise}")
        return holds

    def close(self):
        """Prints the count as the last line and ends the script with 1 if anything failed."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)


def elman(*arguments):
    """Runs the program that the environment variable ELMAN names; returns its standard output."""
    program = os.environ.get("ELMAN")
    if program is None:
        sys.exit("ELMAN must hold the path of the program; `cargo xtask python` sets it")
    result = subprocess.run(
        [program, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    if result.returncode != 0:
        sys.exit(f"`elman {' '.join(map(str, arguments))}` ended with {result.returncode}")
    return result.stdout
