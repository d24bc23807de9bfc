"""Media that are asked for by their address (`delivery: "uri"`, contract §5.5).

What a model makes is gathered, kept as a file, and said as one piece with the file's
address. Everything else that the model says passes as it comes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Protocol

from openinteractions.core import media
from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.core.model_events import Media, ModelEvent, Spent
from openinteractions.engine.ports import Accepts, Model, ModelRequest
from openinteractions.v1 import (
    content_pb2,
    file_pb2,
    interaction_service_pb2,
    response_format_pb2,
)

Request = interaction_service_pb2.CreateInteractionRequest

_WORDS = {"inline": False, "uri": True, "url": True}
"""Whether a way of delivery is by address; `url` is an older client's `uri`."""


class Keeper(Protocol):
    """Where files are kept (see `engine.files`)."""

    async def keep(
        self, data: bytes, mime_type: str, owner: str, origin: str
    ) -> file_pb2.File:
        """Store what a model has made and return its file, with addresses."""


def kinds(request: Request) -> frozenset[str]:
    """Return the kinds of media that a request wants by their address.

    Raises:
        RequestError: a way of delivery is none.
    """
    if not request.HasField("response_format"):
        return frozenset()
    formats = request.response_format
    if formats.HasField("list"):
        entries = [
            (f"response_format[{index}]", entry)
            for index, entry in enumerate(formats.list.items)
        ]
    else:
        entries = [("response_format", formats.single)]
    return frozenset(kind for path, entry in entries for kind in _kind(path, entry))


def _kind(path: str, entry: response_format_pb2.ResponseFormat) -> Sequence[str]:
    kind = entry.WhichOneof("kind") or ""
    if kind not in ("image", "audio", "video"):
        return ()
    form = getattr(entry, kind)
    if not form.HasField("delivery"):
        return ()
    by_address = _WORDS.get(form.delivery.lower())
    if by_address is None:
        field = f"{path}.delivery"
        raise RequestError(f'{field}: expected "inline" or "uri".', field=field)
    return (kind,) if by_address else ()


class Delivered:
    """A model whose media become files (see `ports.Model`).

    Args:
        model: makes them.
        kinds: the kinds of media that are kept; others pass.
        keeper: where they are kept; None: nowhere.
        owner: whose files they are.
        origin: the URL under which the caller knows this server.
    """

    def __init__(
        self,
        model: Model,
        *,
        kinds: frozenset[str],
        keeper: Keeper | None,
        owner: str,
        origin: str,
    ) -> None:
        if keeper is None:
            raise NotSupportedError(
                "response_format: this server keeps no files to deliver by address.",
                field="response_format",
            )
        self._model = model
        self._kinds = kinds
        self._keeper = keeper
        self._owner = owner
        self._origin = origin

    @property
    def accepts(self) -> Accepts:
        """What media it takes."""
        return self._model.accepts

    def check(self, request: Request) -> Sequence[str]:
        """Return the members that the model will ignore."""
        return self._model.check(request)

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Ask for one whole answer."""
        gathering = _Gathering(self._kinds)
        said: list[ModelEvent] = []
        for event in await self._model.generate(request):
            said += await self._kept(gathering.feed(event))
        return said + await self._kept(gathering.end())

    async def stream(
        self, request: ModelRequest
    ) -> AsyncGenerator[Sequence[ModelEvent], None]:
        """Ask for an answer piece by piece."""
        gathering = _Gathering(self._kinds)
        async with aclosing(_closing(self._model.stream(request))) as batches:
            async for batch in batches:
                said: list[ModelEvent] = []
                for event in batch:
                    said += await self._kept(gathering.feed(event))
                if said:
                    yield said
        if last := await self._kept(gathering.end()):
            yield last

    async def _kept(self, events: Sequence[ModelEvent | _Whole]) -> list[ModelEvent]:
        return [
            await self._keep(event) if isinstance(event, _Whole) else event
            for event in events
        ]

    async def _keep(self, whole: _Whole) -> Media:
        file = await self._keeper.keep(
            whole.data, whole.mime_type, self._owner, self._origin
        )
        content = media.heading(whole.begun)
        medium = media.of(content)
        if medium is not None:
            medium.uri = file.uri
        return Media(content, begins=True)


class _Whole:
    """A medium with all of its bytes."""

    def __init__(self, begun: content_pb2.Content, data: bytes) -> None:
        medium = media.of(begun)
        self.begun = begun
        self.data = data
        self.mime_type = medium.mime_type if medium is not None else ""


class _Gathering:
    """Gathers the pieces of media, and passes on everything else."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self._kinds = kinds
        self._begun: content_pb2.Content | None = None
        self._pieces: list[bytes] = []

    def feed(self, event: ModelEvent) -> list[ModelEvent | _Whole]:
        """Take what the model says next; return what can be said."""
        if isinstance(event, Spent):
            return [event]
        if not isinstance(event, Media):
            return [*self.end(), event]
        if self._begun is not None and not event.begins:
            self._pieces.append(media.data(event.content))
            return []
        before = self.end()
        medium = media.of(event.content)
        if event.content.WhichOneof("kind") not in self._kinds or (
            medium is not None and medium.uri
        ):
            return [*before, event]
        self._begun, self._pieces = event.content, [media.data(event.content)]
        return before

    def end(self) -> list[ModelEvent | _Whole]:
        """Return the medium that is whole now, if any."""
        begun, self._begun = self._begun, None
        return [] if begun is None else [_Whole(begun, b"".join(self._pieces))]


async def _closing(
    stream: AsyncIterator[Sequence[ModelEvent]],
) -> AsyncGenerator[Sequence[ModelEvent], None]:
    """Yield what a stream yields, and close it with this."""
    try:
        async for batch in stream:
            yield batch
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
