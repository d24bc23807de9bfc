"""The floor: the smallest translation that aiohttp can do, for comparison only.

`python -m bench.floor PORT BACKEND_URL`. It stores nothing, validates nothing, knows
text only and has no error handling: what any server of this kind pays at least, in this
language, on this HTTP library.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import aiohttp
import orjson
import uvloop
from aiohttp import web

_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
_CREATED = (
    b'event: interaction.created\ndata: {"event_type":"interaction.created",'
    b'"interaction":{"id":"floor","status":"in_progress"}}\n\n'
)
_COMPLETED = (
    b'event: interaction.completed\ndata: {"event_type":"interaction.completed",'
    b'"interaction":{"id":"floor","status":"completed"}}\n\n'
    b"event: done\ndata: [DONE]\n\n"
)


class Floor:
    """Translates create, whole and streamed."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = f"{url}/chat/completions"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        if request.method == "GET":
            return web.Response(body=b'{"status":"live"}')
        asked = orjson.loads(await request.read())
        streams = asked.get("stream", False)
        body = {
            "model": asked["model"],
            "messages": [{"role": "user", "content": asked["input"]}],
            "stream": streams,
        }
        async with self._session.post(self._url, data=orjson.dumps(body)) as answer:
            if streams:
                return await self._stream(request, answer)
            return _whole(orjson.loads(await answer.read()))

    async def _stream(
        self, request: web.BaseRequest, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        await response.write(_CREATED)
        rest = b""
        async for read in answer.content.iter_any():
            *blocks, rest = (rest + read).split(b"\n\n")
            if events := b"".join(_events(blocks)):
                await response.write(events)
        await response.write(_COMPLETED)
        await response.write_eof()
        return response


def _events(blocks: list[bytes]) -> Iterator[bytes]:
    for block in blocks:
        if block == b"data: [DONE]":
            continue
        choices = orjson.loads(block[6:])["choices"]
        text = choices[0]["delta"].get("content") if choices else None
        if text:
            event = {
                "event_type": "step.delta",
                "index": 0,
                "delta": {"type": "text", "text": text},
            }
            yield b"event: step.delta\ndata: " + orjson.dumps(event) + b"\n\n"


def _whole(answer: dict[str, list[dict[str, dict[str, str]]]]) -> web.Response:
    text = answer["choices"][0]["message"]["content"]
    step = {"type": "model_output", "content": [{"type": "text", "text": text}]}
    body = {"id": "floor", "status": "completed", "steps": [step]}
    return web.Response(body=orjson.dumps(body), content_type="application/json")


async def main(port: int, url: str) -> None:
    """Serve until the process ends."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        runner = web.ServerRunner(web.Server(Floor(session, url).handle))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
