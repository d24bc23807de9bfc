"""Draws `docs/lifecycle.md` from the tables in `core.lifecycle` (`--check`: compares).

The tables are what the server holds to; a drawing made by hand would be another.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

from openinteractions.core import lifecycle

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "lifecycle.md"

P = TypeVar("P", bound=Enum)

TEXT = """\
# The life of an interaction

Made from the tables in `openinteractions.core.lifecycle` by `make generate`.

The events of an interaction, by their names in `InteractionEvent`:

```mermaid
stateDiagram-v2
{phases}
```

The events of each of its steps; a step that starts again voids the later ones:

```mermaid
stateDiagram-v2
{steps}
```

An interaction has ended when its status is one of {ended}.
Another can continue it when its status is one of {continuable}.
"""


def document() -> str:
    """Return the text of the document."""
    return TEXT.format(
        phases=_arrows(lifecycle.PHASES),
        steps=_arrows(lifecycle.STEP_PHASES),
        ended=_words(lifecycle.ENDED),
        continuable=_words(lifecycle.CONTINUABLE),
    )


def _arrows(table: Mapping[tuple[P, str], P]) -> str:
    return "\n".join(
        f"    {before.value} --> {after.value}: {event}"
        for (before, event), after in table.items()
    )


def _words(statuses: Iterable[int]) -> str:
    names = (lifecycle.Status.Name(status) for status in sorted(statuses))
    words = (name.removeprefix("INTERACTION_STATUS_").lower() for name in names)
    return ", ".join(f"`{word}`" for word in words)


def main() -> int:
    """Run the command line; the result is the exit status."""
    parser = argparse.ArgumentParser(description="Draw docs/lifecycle.md.")
    parser.add_argument("--check", action="store_true", help="change nothing")
    if not parser.parse_args().check:
        DOCUMENT.write_text(document(), "utf-8")
        return 0
    if DOCUMENT.read_text("utf-8") == document():
        return 0
    print("docs/lifecycle.md is stale: run `make generate`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
