"""The routes of the scripted model server, its doors for tests among them.

Doors look at, or release, the state of one model name (`?model=`); they never change
what a script answers. `/media/` has media for servers that fetch them.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests import media
from tests.backend import made
from tests.backend.app import WAIT_SECONDS, Backend
from tests.backend.studio import Studio

MEDIA = {
    "cat.png": (media.png(), "image/png"),
    "song.mp3": (media.mp3(), "audio/mpeg"),
    "sample.mp3": (media.mp3(), "audio/mpeg"),
    "cats-and-dogs.jpg": (made.image("", kind="jpeg"), "image/jpeg"),
    "plan.pdf": (media.pdf("The plan.", "The end."), "application/pdf"),
}
"""What stands below `/media/`."""

_ALL_CHUNKS = 1_000_000


def application(backend: Backend | None = None) -> web.Application:
    """Make the application, ready to be served."""
    doors = Doors(backend or Backend())
    studio = Studio(doors.backend)
    app = web.Application(client_max_size=256 * 1024 * 1024)
    app.add_routes(
        [
            web.post("/v1/chat/completions", doors.backend.complete),
            web.post("/v1/responses", doors.backend.respond),
            web.post("/v1/images/generations", studio.generate),
            web.post("/v1/images/edits", studio.edit),
            web.post("/v1/audio/speech", studio.speak),
            web.get("/v1/made/{name}", studio.made),
            web.get("/v1/models", doors.models),
            web.get("/media/{name}", doors.media),
            web.get("/_seen", doors.seen),
            web.get("/_requests", doors.requests),
            web.get("/_active", doors.active),
            web.get("/_waiting", doors.waiting),
            web.post("/_release", doors.release),
        ]
    )
    return app


class Doors:
    """Handlers that let a test see what a model name received."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def models(self, _: web.Request) -> web.Response:
        """List one model, as OpenAI does."""
        entry = {"id": "hello", "object": "model", "created": 0, "owned_by": "tests"}
        return web.json_response({"object": "list", "data": [entry]})

    async def media(self, request: web.Request) -> web.Response:
        """Give a medium that anybody may fetch."""
        data, mime_type = MEDIA[request.match_info["name"]]
        return web.Response(body=data, content_type=mime_type)

    async def seen(self, request: web.Request) -> web.Response:
        """Give the number of requests so far."""
        return web.json_response({"count": self.backend.seen[request.query["model"]]})

    async def requests(self, request: web.Request) -> web.Response:
        """Give the headers and bodies of the newest requests, oldest first."""
        kept = self.backend.requests.get(request.query["model"], ())
        return web.json_response({"requests": list(kept)})

    async def active(self, request: web.Request) -> web.Response:
        """Give the number of answers under way."""
        return web.json_response({"count": self.backend.active[request.query["model"]]})

    async def waiting(self, request: web.Request) -> web.Response:
        """Return once an answer waits for a release; 408 after the bound."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self.backend.gate(request.query["model"]).occupied()
        except TimeoutError:
            return web.json_response({"waiting": False}, status=408)
        return web.json_response({"waiting": True})

    async def release(self, request: web.Request) -> web.Response:
        """Let `chunks` more through (all, if not said)."""
        chunks = int(request.query.get("chunks", _ALL_CHUNKS))
        await self.backend.gate(request.query["model"]).release(chunks)
        return web.json_response({"released": chunks})
