"""Function calls by constrained decoding, for models that cannot make them.

`Constrained` stands before any model that can be held to a JSON Schema, in whatever
dialect: it asks for an envelope (`request`) and opens it again
(`response`). It makes one call in a turn.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence

import orjson

from openinteractions.core.errors import NotSupportedError, UpstreamFailedError
from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.ports import Accepts, Model, ModelRequest
from openinteractions.models import formats, schemas
from openinteractions.models.constrained.bounds import MAX_DEPTH, Bounds, depth
from openinteractions.models.constrained.request import Asked, rewrite
from openinteractions.models.constrained.response import Envelope, EnvelopeError
from openinteractions.v1 import interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest

UNBOUNDED = Bounds()


class Constrained:
    """A model that calls functions by constrained decoding.

    Args:
        inner: the model; its profile says `constrained` too.
        endpoint: what the configuration calls its server; errors name it so.
        bounds: where a small model has to be held.
    """

    def __init__(
        self, inner: Model, *, endpoint: str, bounds: Bounds = UNBOUNDED
    ) -> None:
        self._inner = inner
        self._endpoint = endpoint
        self._bounds = bounds

    @property
    def accepts(self) -> Accepts:
        """What media it takes."""
        return self._inner.accepts

    def check(self, request: Request) -> Sequence[str]:
        """Return the members that the model will ignore (see `ports.Model`)."""
        ignored = self._inner.check(request)
        self.check_schemas(request)
        return ignored

    @staticmethod
    def check_schemas(request: Request) -> None:
        """Refuse schemas that are too deep to be decoded by.

        Raises:
            NotSupportedError: one is.
        """
        if schema := formats.read(request).schema:
            _check_depth(schema, formats.FIELD)
        for index, tool in enumerate(request.tools):
            parameters = schemas.parameters(tool.function.parameters)
            _check_depth(parameters, f"tools[{index}].parameters")

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Ask for one whole answer."""
        asked = rewrite(request, self._bounds)
        events = await self._inner.generate(asked.request)
        envelope = _envelope(asked)
        return list(self._opened(envelope, events))

    async def stream(
        self, request: ModelRequest
    ) -> AsyncIterator[Sequence[ModelEvent]]:
        """Ask for an answer piece by piece (see `ports.Model`)."""
        asked = rewrite(request, self._bounds)
        envelope = _envelope(asked)
        batches = self._inner.stream(asked.request)
        try:
            async for batch in batches:
                for opened in self._batches(envelope, batch):
                    yield opened
        finally:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()

    def _batches(
        self, envelope: Envelope | None, batch: Sequence[ModelEvent]
    ) -> Iterable[Sequence[ModelEvent]]:
        opened: list[ModelEvent] = []
        try:
            opened.extend(self._opened(envelope, batch))
        except UpstreamFailedError:
            if opened:
                yield opened  # what came before the failure has been said
            raise
        if opened:
            yield opened

    def _opened(
        self, envelope: Envelope | None, events: Iterable[ModelEvent]
    ) -> Iterable[ModelEvent]:
        if envelope is None:
            yield from events
            return
        try:
            for event in events:
                yield from envelope.feed(event)
        except EnvelopeError:
            raise UpstreamFailedError(
                f'The model server "{self._endpoint}" answered something that does '
                "not follow the JSON Schema that it was given.",
                metadata={"endpoint": self._endpoint},
            ) from None


def _envelope(asked: Asked) -> Envelope | None:
    if not asked.enveloped:
        return None
    return Envelope(answer_is_text=asked.answer_is_text, stops=asked.stops)


def _check_depth(schema: bytes, path: str) -> None:
    if depth(orjson.loads(schema)) > MAX_DEPTH:
        raise NotSupportedError(
            f"{path}: a schema of more than {MAX_DEPTH} levels is not supported.",
            field=path,
        )
