"""The framing of server-sent events: JSON objects in, bytes out.

Contract §6.1 is absolute: one `event:` line, one `data:` line, LF, an empty line; never
an `id:` line and never a block without data, over which older clients stumble. The only
other block is a comment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

KEEP_ALIVE = b": keep-alive\n\n"
"""Says that the stream is alive; clients ignore it."""

DONE = b"event: done\ndata: [DONE]\n\n"
"""The last block of every stream."""


def frame(event: dict[str, Any]) -> bytes:
    """Return the block of one event; its `event_type` has to be there."""
    # orjson writes no line breaks, and escapes those within strings.
    return b"event: %b\ndata: %b\n\n" % (
        event["event_type"].encode(),
        orjson.dumps(event),
    )


def frames(events: Iterable[dict[str, Any]]) -> bytes:
    """Return the blocks of several events, in order."""
    return b"".join([frame(event) for event in events])
