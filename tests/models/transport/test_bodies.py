"""Bodies with large media: the same bytes as of small ones, written on a thread."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from openinteractions.core.errors import BackendError
from openinteractions.engine.ports import Model
from openinteractions.models.chat.media import MediaChat
from openinteractions.models.chat.model import Chat
from openinteractions.models.images.model import Images
from openinteractions.models.profile import Profile
from openinteractions.models.responses.model import Responses
from openinteractions.models.transport import bodies, endpoint
from openinteractions.models.transport.bodies import (
    LARGE_BYTES,
    Unwritten,
    base64_text,
    joined_body,
    json_body,
    written,
)
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import content_pb2
from tests.models.asking import asked
from tests.models.servers import Connection, http, raw_server
from tests.models.studios import shows

SIZES = [0, 10, LARGE_BYTES, LARGE_BYTES + 1, 3 * LARGE_BYTES, 3 * LARGE_BYTES + 2]


def patterned(size: int) -> bytes:
    return bytes(range(251)) * (size // 251 + 1)


@pytest.mark.parametrize("size", SIZES)
async def test_a_large_text_is_the_base64_of_its_bytes(size: int) -> None:
    data, other = patterned(size)[:size], b"other"
    prefix = 'data:a/"b";base64,'
    members = {
        "before": [1, "é"],
        "one": base64_text(data, prefix),
        "two": {"three": base64_text(other), "four": base64_text(data)},
    }
    body = json_body(members)
    assert isinstance(body, bytes) == (size <= LARGE_BYTES)
    text = base64.b64encode(data).decode()
    assert orjson.loads(body if isinstance(body, bytes) else await written(body)) == {
        "before": [1, "é"],
        "one": prefix + text,
        "two": {"three": base64.b64encode(other).decode(), "four": text},
    }


async def test_what_is_no_json_is_still_a_mistake() -> None:
    body = json_body({"one": object()})
    assert isinstance(body, Unwritten)
    with pytest.raises(orjson.JSONEncodeError):
        await written(body)


async def test_a_body_of_parts_is_all_of_them() -> None:
    assert joined_body([b"a", b"b"]) == b"ab"
    large = joined_body([b"a", b"b" * LARGE_BYTES])
    assert isinstance(large, Unwritten)
    assert await written(large) == b"a" + b"b" * LARGE_BYTES


MODELS: dict[str, Callable[[Endpoint], Model]] = {
    "chat": Chat,
    "media in chat": lambda at: MediaChat(
        at, kind="image", upstream=None, profile=Profile()
    ),
    "responses": Responses,
    "images": lambda at: Images(at, upstream=None, profile=Profile()),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("size", [3000, 2 * LARGE_BYTES])
async def test_the_loop_goes_on_while_a_large_body_is_written(
    make: Callable[[Endpoint], Model],
    size: int,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stream: bool,
) -> None:
    threads: list[threading.Thread] = []
    sent: list[bytes] = []

    async def noted(body: Unwritten) -> bytes:
        def write() -> bytes:
            threads.append(threading.current_thread())
            return body.write()

        return await bodies.written(Unwritten(write))

    async def talk(connection: Connection) -> None:
        sent.append((await connection.request())[1])
        await connection.write(http(b"{}", status="500 Oops"))

    monkeypatch.setattr(endpoint, "written", noted)
    data = patterned(size)[:size]
    image = content_pb2.ImageContent(data=data, mime_type="image/png")
    turn = asked("m", shows("Look.", images=(content_pb2.Content(image=image),)))
    async with raw_server(talk) as (url, _):
        at = Endpoint("raw", base_url=url)
        with pytest.raises(BackendError):
            await _ask(make(at), turn, stream=stream)
        await at.close()
    assert (base64.b64encode(data) in sent[0]) or (data in sent[0])
    aside = [thread is not threading.main_thread() for thread in threads]
    assert aside == ([True] if size > LARGE_BYTES else [])


async def _ask(model: Model, turn: Any, *, stream: bool) -> None:
    if not stream:
        await model.generate(turn)
        return
    batches: Any = model.stream(turn)
    async with contextlib.aclosing(batches):
        async for _ in batches:
            pass
