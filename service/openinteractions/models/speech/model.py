"""A model that speaks, at an endpoint with OpenAI's speech API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import orjson

from openinteractions.core import media
from openinteractions.core.model_events import Finish, FinishReason, Media, ModelEvent
from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.models import prompt, support
from openinteractions.models.missing import naming
from openinteractions.models.profile import Profile
from openinteractions.models.served import Served
from openinteractions.models.speech import formats
from openinteractions.models.speech import request as requests
from openinteractions.models.support import Check
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import content_pb2, interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest

PATH = "audio/speech"

_ACCEPTS = Accepts(remote=media.KINDS)
"""Media of the user's last input are refused, others not looked at: nothing has to be
fetched."""


class Speech(Served):
    """A model that speaks (see `Served`)."""

    def __init__(
        self, endpoint: Endpoint, *, upstream: str | None, profile: Profile
    ) -> None:
        super().__init__(endpoint, upstream=upstream, profile=profile, accepts=_ACCEPTS)

    def check(self, request: Request) -> Sequence[str]:
        """Return the members that the model will ignore (see `ports.Model`)."""
        found = support.follow(request, self._profile, _REQUEST, _GENERATION)
        return [*found, *requests.ignored(request)]

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Ask for one whole answer."""
        return [event async for batch in self.stream(request) for event in batch]

    async def stream(
        self, request: ModelRequest
    ) -> AsyncGenerator[Sequence[ModelEvent], None]:
        """Ask for an answer piece by piece (see `ports.Model`)."""
        asked = request.request
        shape = requests.form(asked, self._profile)
        text = prompt.read(request, images=False).text
        manner, lines = requests.script(text, shape)
        upstream = self._name(request)
        bodies = [
            requests.body(
                line,
                upstream=upstream,
                word=shape.word,
                instructions=(asked.system_instruction, manner),
            )
            for line in lines
        ]
        gathered = shape.word == formats.WAV and len(lines) > 1
        sounds = self._gathered if gathered else self._pieces
        begun: content_pb2.Content | None = None
        async with aclosing(sounds(bodies, upstream)) as pieces:
            async for piece in pieces:
                if begun is None:
                    begun = formats.heard(shape.word, piece, self._profile.speech_rate)
                    yield [Media(begun, begins=True)]
                else:
                    yield [Media(media.further(begun, piece), begins=False)]
        yield [Finish(FinishReason.STOP)]

    async def _gathered(
        self, bodies: Sequence[bytes], model: str
    ) -> AsyncGenerator[bytes, None]:
        """Yield several recordings as one file, whole."""
        recordings = []
        for body in bodies:
            async with aclosing(self._reads(body, model)) as reads:
                recordings.append(b"".join([read async for read in reads]))
        try:
            yield formats.joined(recordings)
        except ValueError as error:
            what = f"answered with sound that cannot be joined ({error})"
            raise self._endpoint.failures.broken(what) from None

    async def _pieces(
        self, bodies: Sequence[bytes], model: str
    ) -> AsyncGenerator[bytes, None]:
        """Yield the sound as it comes, in pieces whose base64 can be joined."""
        rest = b""
        for body in bodies:
            async with aclosing(self._reads(body, model)) as reads:
                async for read in reads:
                    rest += read
                    whole = len(rest) - len(rest) % 3
                    if whole:
                        yield rest[:whole]
                        rest = rest[whole:]
        if rest:
            yield rest

    async def _reads(self, body: bytes, model: str) -> AsyncGenerator[bytes, None]:
        """Yield the sound of one line, read by read; at least one."""
        with naming(PATH):
            answer = await self._endpoint.open(PATH, body, model=model)
        try:
            if answer.content_type == "application/json":
                raise self._failure(await answer.rest())
            read = await answer.read()
            if not read:
                raise self._endpoint.failures.broken("answered without sound")
            while read:
                yield read
                read = await answer.read()
        finally:
            answer.close()

    def _failure(self, body: bytes) -> Exception:
        """Return the error for an answer of success that has no sound."""
        try:
            found: Any = orjson.loads(body)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, dict) and found.get("error"):
            return self._endpoint.failures.from_body(found["error"])
        return self._endpoint.failures.broken("answered something that is no sound")


def _form(run: Check, _: str, __: Any) -> None:
    requests.form(run.request, run.profile)


def _no_tools(run: Check, path: str, tools: Any) -> None:
    if tools:
        raise run.refuse(path, "cannot call functions when it speaks")


_REQUEST: support.Rules = {
    **support.MEDIA_REQUEST,
    "tools": _no_tools,
    "response_format": _form,
}

_GENERATION: support.Rules = {
    **support.MEDIA_GENERATION,
    "speech_config": _form,
    "thinking_summaries": support.ignore,
}
