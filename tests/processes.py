"""What the machine says of a process and of those that it has started."""

from __future__ import annotations

from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that a process has started, from whichever thread."""
    try:
        text = [
            file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")
        ]
    except OSError:
        return []
    return sorted(int(child) for child in " ".join(text).split())


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def lives(pid: int) -> bool:
    """Whether any thread of a process does."""
    try:
        stats = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:
        return lives(pid)
    return any(stat.rpartition(")")[2].split()[0] not in "ZX" for stat in stats)
