"""A model that makes images, at an endpoint with OpenAI's Images API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from openinteractions.core.model_events import ModelEvent, Text, Thought
from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.models import outputs, prompt, support
from openinteractions.models.images.request import Body, build, form
from openinteractions.models.images.response import Reading
from openinteractions.models.missing import naming
from openinteractions.models.profile import Profile
from openinteractions.models.served import Served
from openinteractions.models.support import Check
from openinteractions.models.transport.answer import Answer
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.models.transport.sse import Overflow, Splitter
from openinteractions.v1 import interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest

_ACCEPTS = Accepts(remote=frozenset({"audio", "video", "document"}))
"""Images come as bytes. Of the rest only the user's last input is looked at, and then
refused: nothing of it has to be fetched."""


class Images(Served):
    """A model that makes images (see `Served`)."""

    def __init__(
        self, endpoint: Endpoint, *, upstream: str | None, profile: Profile
    ) -> None:
        super().__init__(endpoint, upstream=upstream, profile=profile, accepts=_ACCEPTS)

    def check(self, request: Request) -> Sequence[str]:
        """Return the members that the model will ignore (see `ports.Model`)."""
        return support.follow(request, self._profile, _REQUEST, _GENERATION)

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Ask for one whole answer."""
        name = self._name(request)
        body = self._body(request, previews=None)
        with naming(body.path):
            answer = await self._open(body, name)
        try:
            return await self._reading(request).whole(await answer.rest())
        finally:
            answer.close()

    async def stream(
        self, request: ModelRequest
    ) -> AsyncGenerator[Sequence[ModelEvent], None]:
        """Ask for an answer piece by piece (see `ports.Model`)."""
        most = self._profile.image_previews
        if most is None:
            for event in await self.generate(request):
                yield [event]
            return
        body = self._body(request, previews=most if _summarized(request) else 0)
        with naming(body.path):
            answer = await self._open(body, self._name(request))
        reading = self._reading(request)
        try:
            if answer.content_type == "application/json":
                # The server does not stream, or fails with a status of success.
                for event in await reading.whole(await answer.rest()):
                    yield [event]
                return
            async for piece in self._pieces(answer):
                if events := reading.chunk(piece):
                    yield events
            yield reading.end()
        finally:
            answer.close()

    async def _pieces(self, answer: Answer) -> AsyncGenerator[bytes, None]:
        """Yield the data of a stream's events."""
        splitter = Splitter(max_event_bytes=self._endpoint.max_response_bytes)
        try:
            while read := await answer.read():
                for piece in splitter.feed(read):
                    yield piece
            for piece in splitter.end():
                yield piece
        except Overflow:
            raise self._endpoint.failures.broken("sent too large a piece") from None

    def _body(self, request: ModelRequest, *, previews: int | None) -> Body:
        asked = prompt.read(request, images=True)
        return build(
            asked,
            request.request,
            upstream=self._name(request),
            profile=self._profile,
            previews=previews,
        )

    async def _open(self, body: Body, name: str) -> Answer:
        return await self._endpoint.open(
            body.path, body.content, model=name, content_type=body.content_type
        )

    def _reading(self, request: ModelRequest) -> Reading:
        captions: type[Text | Thought] | None = None
        if "text" in outputs.asked_for(request.request):
            captions = Text
        elif _summarized(request):
            captions = Thought
        return Reading(
            self._endpoint.failures,
            self._endpoint.fetch,
            captions=captions,
            previews=_summarized(request),
        )


def _summarized(request: ModelRequest) -> bool:
    return request.request.generation_config.thinking_summaries == "auto"


def _form(run: Check, _: str, __: Any) -> None:
    form(run.request, run.profile)


def _no_tools(run: Check, path: str, tools: Any) -> None:
    if tools:
        raise run.refuse(path, "cannot call functions when it makes images")


_REQUEST: support.Rules = {
    **support.MEDIA_REQUEST,
    "tools": _no_tools,
    "response_format": _form,
}

_GENERATION: support.Rules = {
    **support.MEDIA_GENERATION,
    "image_config": _form,
}
