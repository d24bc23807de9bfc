"""What the tests of the door share: its names, and what a refusal says."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from openinteractions.core.errors import RequestError
from openinteractions.core.errors import shape as error_shape
from openinteractions.engine import media_ports
from openinteractions.tools.egress.refusal import shown

FIELD = "input[0].content[1].uri"
LIMIT = 100_000


class Names:
    """A name server; a name's answers follow each other, and the last one stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {"site.test": [["127.0.0.1"]]}
        self.asked: list[str] = []

    async def resolve(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        answers = self.answers.get(name)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return answers.pop(0) if len(answers) > 1 else answers[0]


async def reason(door: media_ports.Egress, url: str, **rest: Any) -> str:
    """Fetch what is refused; return what the error says after the URL."""
    with pytest.raises(RequestError) as raised:
        await door.fetch(url, field=FIELD, **rest)
    error = raised.value
    assert error_shape(error.reason).http_status == 400
    assert error.field == FIELD
    start = f"{FIELD}: the URL {shown(url)} "
    assert error.message.startswith(start), error.message
    return error.message.removeprefix(start)


def deflated(data: bytes, window: int = zlib.MAX_WBITS) -> bytes:
    stream = zlib.compressobj(wbits=window)
    return stream.compress(data) + stream.flush()


TEXT = b"Hello, world. " * 1000
