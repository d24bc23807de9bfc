"""Golden transcripts: what a stream of the hub becomes in the older revision.

In a file, a line with ">" is an event that goes in, the lines with "<" below it are
the events that come out, "#" explains, and "> end" is the end of the stream.
`python -m tests.gateway.revisions.transcripts` writes the "<" lines anew, so that a
change of behaviour arrives as a diff.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from openinteractions.gateway.revisions import EventTranslator

GOLDEN = Path(__file__).parent / "golden"


def replay(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a transcript with what really comes out."""
    translator = EventTranslator(raw=json.loads)
    for line in lines:
        if line.startswith("<"):
            continue
        yield line
        if line.startswith(">"):
            sent = line.removeprefix("> ")
            out = (
                translator.close()
                if sent == "end"
                else translator.feed(json.loads(sent))
            )
            yield from ("< " + json.dumps(event, ensure_ascii=False) for event in out)


if __name__ == "__main__":
    for path in sorted(GOLDEN.glob("*.txt")):
        recorded = "\n".join(replay(path.read_text().splitlines()))
        path.write_text(recorded + "\n")
