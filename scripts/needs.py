"""Says in one line each which programs a part of the tests needs and does not find.

What the tests cannot do without is an error; what only some of them need is told, and
those are skipped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

NODE_MAJOR = 20


def missing() -> list[str]:
    """What the tests cannot do without and is not there, one line each."""
    lines = []
    node = _node_major()
    if node is None:
        lines.append(f"Node {NODE_MAJOR} or later runs the JavaScript SDKs, not found")
    elif node < NODE_MAJOR:
        lines.append(f"Node {NODE_MAJOR} or later is needed, this is Node {node}")
    if shutil.which("npm") is None:
        lines.append("npm installs the JavaScript SDKs, not found")
    return lines


def absent() -> list[str]:
    """What only some tests need and is not there, one line each."""
    programs = {
        "curl": "the curl snippets of the guides are skipped",
        "jq": "the curl snippets that read an answer with jq are skipped",
    }
    return [
        f"{program} not found: {consequence}"
        for program, consequence in programs.items()
        if shutil.which(program) is None
    ]


def _node_major() -> int | None:
    node = shutil.which("node")
    if node is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, check=False)
    found = re.match(rb"v(\d+)\.", told.stdout)
    return int(found[1]) if found else None


def main() -> int:
    """Print both; fail for what is missing."""
    for line in absent():
        print(f"make test: {line}")
    lines = missing()
    for line in lines:
        print(f"make test: {line}", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
