"""The parts of RESULTS.md that runs of their own write: whole jobs, sound and scores. A run of the rest leaves them as they are."""

import datetime
import os
import platform
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
#: In their order; they stand before what is said by hand.
TITLES = ["Whole jobs", "Sound", "Scores"]
BY_HAND = "## What limits it"


def table(columns: list[str], rows: list[list[str]], texts: int) -> list[str]:
    """In Markdown; the first columns are texts, the others numbers."""
    rule = ["---"] * texts + ["--:"] * (len(columns) - texts)
    return ["| " + " | ".join(row) + " |" for row in [columns, rule, *rows]]


def machine() -> str:
    cpu, vectors = platform.processor() or platform.machine(), ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        text = info.read_text()
        names = [line.split(":")[1].strip() for line in text.splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
        vectors = ", AVX-512" if " avx512f" in text else ", AVX2" if " avx2" in text else ""
    return f"{cpu}, {os.cpu_count()} cores{vectors}, {platform.system()}"


def measured() -> dict[str, str]:
    """When and on what."""
    return {"date": datetime.date.today().isoformat(), "machine": machine()}


def kept() -> dict[str, str]:
    """What stands under each title."""
    parts = RESULTS.read_text().split("\n## ")
    return {part.split("\n")[0]: part.split("\n", 1)[1].strip("\n") for part in parts[1:]}


def lines(under: dict[str, str]) -> list[str]:
    """The sections that there are, as lines."""
    return [line for title in TITLES if title in under for line in (f"## {title}", "", under[title], "")]


def replace(title: str, text: list[str]) -> None:
    """Writes one section anew."""
    under = kept() | {title: "\n".join(text).strip("\n")}
    before, by_hand = RESULTS.read_text().split(BY_HAND, 1)
    for name in TITLES:
        before = before.split(f"\n## {name}\n")[0]
    RESULTS.write_text("\n".join([before.rstrip("\n"), "", *lines(under), BY_HAND + by_hand]))
