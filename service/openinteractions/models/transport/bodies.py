"""Bodies of requests, those with large media written on a thread.

Making text of large media would hold up the event loop for all others. So they stay
bytes in the members of a body until it is sent; a thread writes it then, one body at a
time, in pieces between which others have a turn. What has no large media is written at
once, and pays nothing for this.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import orjson

LARGE_BYTES = 768 * 1024
"""More bytes than these are not made into text at once. A multiple of three, so that
the base64 texts of such pieces can be joined."""

_WRITER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bodies")


class Large:
    """A text in a body: base64 of many bytes, with something in front.

    No dataclass: orjson would write that as an object.
    """

    __slots__ = ("data", "prefix")

    def __init__(self, prefix: str, data: bytes) -> None:
        self.prefix = prefix
        self.data = data

    def pieces(self) -> list[bytes]:
        """Return the base64 of the bytes, in pieces."""
        starts, view = range(0, len(self.data), LARGE_BYTES), memoryview(self.data)
        return [base64.b64encode(view[at : at + LARGE_BYTES]) for at in starts]


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A large body that is not written yet; `write` is for a thread."""

    write: Callable[[], bytes]


Body = bytes | Unwritten
"""A body, which may be large."""


def base64_text(data: bytes, prefix: str = "") -> str | Large:
    """Return base64 as a member of a body, with something in front."""
    if len(data) > LARGE_BYTES:
        return Large(prefix, data)
    return prefix + base64.b64encode(data).decode("ascii")


def json_body(members: Mapping[str, Any]) -> Body:
    """Return the JSON body with some members."""
    try:
        return orjson.dumps(members)
    except orjson.JSONEncodeError:
        return Unwritten(lambda: _written(members))


def joined_body(parts: Sequence[bytes]) -> Body:
    """Return the body that parts make up."""
    if sum(map(len, parts)) > LARGE_BYTES:
        return Unwritten(lambda: b"".join(parts))
    return b"".join(parts)


async def written(body: Unwritten) -> bytes:
    """Write a body on the thread."""
    return await asyncio.get_running_loop().run_in_executor(_WRITER, body.write)


def _written(members: Mapping[str, Any]) -> bytes:
    """Return JSON, the large texts put where marks stood that occur nowhere else."""
    mark = secrets.token_hex(16)
    found: list[Large] = []

    def marked(value: Any) -> str:
        if not isinstance(value, Large):
            raise TypeError
        found.append(value)
        return value.prefix + mark

    first, *rest = orjson.dumps(members, default=marked).split(mark.encode())
    pieces = [first]
    for large, behind in zip(found, rest, strict=True):
        pieces += large.pieces()
        pieces.append(behind)
    return b"".join(pieces)
