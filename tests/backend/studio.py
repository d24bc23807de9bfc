"""OpenAI's Images API and speech API, played by script.

The scripts of models that make images are called `image`, those of voices `voice`; the
argument says what goes wrong, or what is special (see the handlers). Every
other script does here what it does everywhere, if that is a failure; else the model is
unknown, as it is to a server that makes no such thing.
"""

from __future__ import annotations

import base64
import hashlib
import json

from aiohttp import BodyPartReader, web

from tests.backend import made, scripts
from tests.backend.app import Backend, cut, fail, stay_silent
from tests.backend.reply import Failure, Json, Silence, frame

_READ_BYTES = 10_000
"""The size of the writes of a recording; no multiple of three."""


class Studio:
    """Handlers of the two APIs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/images/generations`."""
        return await self._draw(request, await request.json(), "image_generation")

    async def edit(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/images/edits`."""
        asked: Json = {}
        images = []
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            data = await part.read()
            if part.filename is None:
                asked[str(part.name)] = data.decode()
                continue
            digest = hashlib.sha256(data).hexdigest()
            media_type = part.headers["Content-Type"]
            images.append([str(part.name), media_type, digest])
        return await self._draw(request, asked | {"images": images}, "image_edit")

    async def speak(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/audio/speech`."""
        asked = await request.json()
        model = str(asked["model"])
        number = self._backend.record(model, request, asked, asked)
        script, argument = _script(model)
        if script != "voice":
            return await self._other(request, model, number)
        if argument == "error":
            return web.json_response(Failure(400, "No such voice.").body())
        if argument == "text":
            return web.json_response({"sound": None})
        sound = made.speech(asked["input"], asked["voice"], asked["response_format"])
        if argument == "mute":
            sound = b""
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(sound), _READ_BYTES):
            await response.write(sound[start : start + _READ_BYTES])
            if argument == "cut" and start:
                cut(request)
                return response
        return response

    async def made(self, request: web.Request) -> web.Response:
        """Answer `GET /v1/made/{name}` with an image."""
        body = made.image(request.match_info["name"])
        return web.Response(body=body, content_type="image/png")

    async def _draw(
        self, request: web.Request, asked: Json, event: str
    ) -> web.StreamResponse:
        model = str(asked["model"])
        number = self._backend.record(model, request, asked, asked)
        script, argument = _script(model)
        if script != "image":
            return await self._other(request, model, number)
        if asked.get("stream") in (True, "true"):
            return await self._show(request, asked, event, argument)
        body = json.dumps(self._images(request, asked, argument))
        if argument == "garbage":
            body = body[:-9]
        return web.Response(text=body, content_type="application/json")

    def _images(self, request: web.Request, asked: Json, argument: str) -> Json:
        count = 0 if argument == "none" else 2 if argument == "two" else 1
        images = [self._image(request, asked, argument, n) for n in range(count)]
        return {"created": 1_760_000_000, "data": images, "usage": _usage(asked)}

    def _image(self, request: web.Request, asked: Json, how: str, n: int) -> Json:
        told = {"revised_prompt": f"{asked['prompt']}, in oil"} if how == "oil" else {}
        if how in {"url", "elsewhere"} and "response_format" not in asked:
            host = request.host if how == "url" else "127.0.0.2:9"
            return {"url": f"http://{host}/v1/made/{n}.png"}
        return {"b64_json": _encoded(drawn(asked, n), how), **told}

    async def _show(
        self, request: web.Request, asked: Json, event: str, argument: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for n in range(int(asked["partial_images"])):
            preview = _encoded(drawn(asked, n + 100), "")
            shown = {"b64_json": preview, "partial_image_index": n}
            await response.write(_event(f"{event}.partial_image", shown))
        if argument == "cut":
            cut(request)
            return response
        if argument == "fail":
            failure = Failure(400, "Blocked.", code="moderation_blocked").body()
            await response.write(_event("error", failure))
            return response
        whole = {"b64_json": _encoded(drawn(asked, 0), argument)}
        await response.write(_event(f"{event}.completed", whole | _spent(asked)))
        return response

    async def _other(
        self, request: web.Request, model: str, number: int
    ) -> web.StreamResponse:
        match scripts.answer(model, {"messages": []}, seen=number):
            case Failure() as failure:
                return fail(failure)
            case Silence() as silence:
                return await stay_silent(request, silence)
        return fail(scripts.unknown(model))


def _script(model: str) -> tuple[str, str]:
    script, _, argument = (model.rpartition("@")[0] or model).partition(":")
    return script, argument


def drawn(asked: Json, number: int = 0) -> bytes:
    """Make the image of a number that a request asks for."""
    about = json.dumps([asked["prompt"], asked.get("images"), number])
    size = str(asked.get("size", "64x64"))
    return made.image(about, size, str(asked.get("output_format", "png")))


def _encoded(data: bytes, how: str) -> str:
    if how == "bad":
        return "?" * 8
    if how == "words":
        data = b"This is no image."
    return base64.b64encode(data).decode()


def _usage(asked: Json) -> Json:
    given = 50 * len(asked.get("images", ()))
    return {
        "input_tokens": 11 + given,
        "output_tokens": 272,
        "total_tokens": 283 + given,
        "input_tokens_details": {"text_tokens": 11, "image_tokens": given},
    }


def _spent(asked: Json) -> Json:
    return {"usage": _usage(asked)}


def _event(kind: str, members: Json) -> bytes:
    return f"event: {kind}\n".encode() + frame({"type": kind, **members})
