"""Writes into guides what the program prints now, behind each command of their console blocks.

python3 docs/fill.py GUIDE...

runs target/release/elman, or what the variable ELMAN names. The tests compare the same; look at the difference before it is kept.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ELMAN = Path(os.environ.get("ELMAN", ROOT / "target/release/elman")).resolve()
CALL = "$ cargo run --release -- "


def printed(arguments: str, place: Path) -> str:
    run = subprocess.run([ELMAN, *shlex.split(arguments)], cwd=place, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{arguments}\n{run.stderr}")
    text = run.stdout.replace(str(ELMAN), "target/release/elman")
    # A generated text ends anyhow.
    return text.rstrip() + "\n" if text.strip() else ""


def fill(guide: Path) -> None:
    lines, is_console = [], False
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        shutil.copytree(ROOT / "docs", place / "docs")
        shutil.copytree(ROOT / "reference/exchange", place / "reference/exchange")
        shutil.copy(ROOT / "LICENSE-APACHE", place)
        (place / "hello.txt").write_text("The Work")
        for line in guide.read_text().splitlines(keepends=True):
            if line.startswith("```"):
                is_console = line.strip() == "```console"
            if line.startswith("```") or not is_console:
                lines.append(line)
            elif line.startswith(CALL):
                lines += [line, printed(line.removeprefix(CALL), place)]
    guide.write_text("".join(lines))


for argument in sys.argv[1:]:
    fill(Path(argument))
