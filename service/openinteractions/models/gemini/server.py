"""A server that speaks the Interactions API, as a relay (see `engine.relay_ports`)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from urllib.parse import quote

import orjson

from openinteractions.core import replay
from openinteractions.engine.ports import Accepts
from openinteractions.engine.relay_ports import Call, Keeping
from openinteractions.models.gemini.answers import Reading
from openinteractions.models.gemini.codec import Codec
from openinteractions.models.transport.answer import Answer
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import event_pb2, interaction_pb2, interaction_service_pb2

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest

PATH = "interactions"

IGNORED = "x-openinteractions-ignored"
"""The header in which a server of this project says what it ignores."""

MANAGED = ("model", "agent", "store", "background", "previous_interaction_id")
"""Members of a request that are decided here: what is not set is not sent, not even
from among the members that are not known."""


class Server:
    """A server of the `gemini` dialect.

    Args:
        endpoint: the connections to it.
        codec: the API's JSON form.
        keeping: where its interactions are kept.
    """

    def __init__(self, endpoint: Endpoint, codec: Codec, *, keeping: Keeping) -> None:
        self._endpoint = endpoint
        self._codec = codec
        self._reading = Reading(
            codec, endpoint.failures, max_bytes=endpoint.max_response_bytes
        )
        self.endpoint = endpoint.name
        self.keeping = keeping
        self.accepts = Accepts()

    async def create(self, request: Request, *, call: Call) -> Interaction:
        """Create an interaction (see `Relay.create`)."""
        body = self._body(request, stream=False)
        return await self._one(await self._ask("POST", PATH, body, {}, call))

    async def stream_create(
        self, request: Request, *, call: Call
    ) -> AsyncGenerator[Sequence[Event], None]:
        """Create an interaction and yield its events (see `Relay.stream_create`)."""
        body = self._body(request, stream=True)
        answer = await self._ask("POST", PATH, body, {}, call, stream=True)
        async for batch in self._events(answer):
            yield batch

    async def get(
        self,
        remote_id: str,
        *,
        include_input: bool,
        call: Call,
    ) -> Interaction:
        """Return an interaction (see `Relay.get`)."""
        query = {"include_input": "true"} if include_input else {}
        path = _path(remote_id)
        return await self._one(await self._ask("GET", path, None, query, call))

    async def stream(
        self,
        remote_id: str,
        *,
        last_event_id: str | None,
        include_input: bool,
        call: Call,
    ) -> AsyncGenerator[Sequence[Event], None]:
        """Yield an interaction's events (see `Relay.stream`)."""
        query = {"stream": "true"}
        if last_event_id is not None:
            query["last_event_id"] = last_event_id
        if include_input:
            query["include_input"] = "true"
        answer = await self._ask(
            "GET", _path(remote_id), None, query, call, stream=True
        )
        async for batch in self._events(answer):
            yield batch

    async def cancel(self, remote_id: str, *, call: Call) -> Interaction:
        """Stop a running interaction (see `Relay.cancel`)."""
        path = f"{_path(remote_id)}/cancel"
        return await self._one(await self._ask("POST", path, None, {}, call))

    async def delete(self, remote_id: str, *, call: Call) -> None:
        """Delete an interaction (see `Relay.delete`)."""
        answer = await self._ask("DELETE", _path(remote_id), None, {}, call)
        await answer.finish()
        answer.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    async def _one(self, answer: Answer) -> Interaction:
        try:
            return self._reading.interaction(await answer.rest())
        finally:
            answer.close()

    async def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        query: Mapping[str, str],
        call: Call,
        *,
        stream: bool = False,
    ) -> Answer:
        accept = "text/event-stream" if stream else "application/json"
        headers = {"Accept": accept}
        if call.request_id:
            headers["x-request-id"] = call.request_id
        answer = await self._endpoint.ask(
            method, path, body, query=query, headers=headers
        )
        if ignored := answer.header(IGNORED):
            call.ignored.extend(ignored.split(", "))
        return answer

    async def _events(self, answer: Answer) -> AsyncGenerator[Sequence[Event], None]:
        if answer.content_type == "application/json":
            # The server does not stream: what it says is told as a replay would be.
            try:
                yield replay.replay(self._reading.interaction(await answer.rest()))
            finally:
                answer.close()
            return
        async for batch in self._reading.events(answer):
            yield batch

    def _body(self, request: Request, *, stream: bool) -> bytes:
        value = self._codec.encode(request)
        for name in MANAGED:
            if not request.HasField(name):
                value.pop(name, None)
        value.pop("stream", None)
        if stream:
            value["stream"] = True
        return orjson.dumps(value)


def _path(identifier: str) -> str:
    return f"{PATH}/{quote(identifier, safe='')}"
