"""The model with the envelope around it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from openinteractions.core.errors import NotSupportedError, UpstreamFailedError
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Text,
)
from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.models.constrained.bounds import MAX_DEPTH
from openinteractions.models.constrained.model import Constrained
from openinteractions.v1 import interaction_service_pb2, step_pb2

Request = interaction_service_pb2.CreateInteractionRequest

STOP = Finish(FinishReason.STOP)


class Said:
    """A model that says what it is given, batch by batch."""

    def __init__(self, *batches: Sequence[ModelEvent]) -> None:
        self._batches = batches
        self.asked: list[ModelRequest] = []
        self.closed = False
        self.accepts = Accepts(kinds=frozenset({"image"}))

    def check(self, request: Request) -> Sequence[str]:
        return ["labels"]

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        self.asked.append(request)
        return [event for batch in self._batches for event in batch]

    async def stream(
        self, request: ModelRequest
    ) -> AsyncIterator[Sequence[ModelEvent]]:
        self.asked.append(request)
        try:
            for batch in self._batches:
                yield batch
        finally:
            self.closed = True


def asked(*, tools: bool = True, **members: Any) -> ModelRequest:
    request = Request(model="m", **members)
    if tools:
        request.tools.add().function.name = "f"
    step = step_pb2.Step()
    step.user_input.content.add().text.text = "Hi."
    return ModelRequest(request, [step])


async def streamed(inner: Said, request: ModelRequest) -> list[Sequence[ModelEvent]]:
    model = Constrained(inner, endpoint="e")
    return [batch async for batch in model.stream(request)]


async def test_a_call_is_found_in_a_whole_answer() -> None:
    inner = Said([Text('{"name": "f", "arguments": {}}'), STOP])
    events = await Constrained(inner, endpoint="e").generate(asked())
    assert events == [
        CallFragment(0, "", "f", ""),
        CallFragment(0, "", "", "{}"),
        Finish(FinishReason.CALLS),
    ]
    assert not inner.asked[0].request.tools


async def test_no_batch_of_a_stream_is_empty() -> None:
    inner = Said([Text('{"answer')], [Text('": "Hi'), Text(".")], [Text('"}'), STOP])
    assert await streamed(inner, asked()) == [[Text("Hi"), Text(".")], [STOP]]
    assert inner.closed


async def test_without_functions_answers_pass_unchanged() -> None:
    batches: list[list[ModelEvent]] = [[Text("Hi")], [Text("."), STOP]]
    request = asked(tools=False)
    assert await streamed(Said(*batches), request) == batches
    whole = await Constrained(Said(*batches), endpoint="e").generate(request)
    assert whole == [Text("Hi"), Text("."), STOP]


async def test_what_came_before_a_failure_is_said() -> None:
    inner = Said([Text('{"answer": "Hi.",'), Text(";")])
    stream = Constrained(inner, endpoint="e").stream(asked())
    assert await anext(stream) == [Text("Hi.")]
    with pytest.raises(UpstreamFailedError, match='"e" answered something') as caught:
        await anext(stream)
    assert caught.value.metadata == {"endpoint": "e"}


async def test_a_server_that_does_not_follow_schemas_has_failed() -> None:
    with pytest.raises(UpstreamFailedError, match="JSON Schema"):
        await Constrained(Said([Text("Hi."), STOP]), endpoint="e").generate(asked())
    with pytest.raises(UpstreamFailedError, match="JSON Schema"):
        await streamed(Said([Text("Hi.")]), asked())


async def test_leaving_a_stream_leaves_the_models_stream() -> None:
    inner = Said([Text('{"answer": "Hi')], [Text('."}'), STOP])
    stream = Constrained(inner, endpoint="e").stream(asked())
    assert await anext(stream) == [Text("Hi")]
    await stream.aclose()  # type: ignore[attr-defined]
    assert inner.closed


def nested(levels: int) -> str:
    schema: dict[str, Any] = {}
    for _ in range(levels - 1):
        schema = {"items": schema}
    return json.dumps(schema)


def test_schemas_that_are_too_deep_are_refused_by_path() -> None:
    model = Constrained(Said(), endpoint="e")
    request = asked().request
    request.tools[0].function.parameters = nested(MAX_DEPTH)
    request.response_format.single.text.schema = nested(MAX_DEPTH)
    assert model.check(request) == ["labels"]
    request.tools[0].function.parameters = nested(MAX_DEPTH + 1)
    with pytest.raises(NotSupportedError) as caught:
        model.check(request)
    assert caught.value.field == "tools[0].parameters"
    request.response_format.single.text.schema = nested(MAX_DEPTH + 1)
    with pytest.raises(NotSupportedError) as caught:
        model.check(request)
    assert caught.value.field == "response_format"
