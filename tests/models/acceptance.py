"""What every model adapter is held to, whatever its dialect.

A dialect's test module derives a class from `ModelAcceptance` and gives a `rig`, which
knows how to get each `Situation` from its model. What a dialect cannot do is skipped
there, by name.
"""

from __future__ import annotations

import asyncio
import base64
import enum
from collections.abc import Sequence
from contextlib import aclosing
from typing import NamedTuple, Protocol

import orjson
import pytest

from openinteractions.core import errors
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.engine.ports import Model, ModelRequest
from openinteractions.v1 import tool_pb2
from tests.clock import WAIT_SECONDS
from tests.models.asking import Step, asked, call, output, result, thought, user
from tests.models.events import flat, joined, text


class Situation(enum.Enum):
    """What a model is brought to do."""

    SPEAK = "answer in text of several pieces"
    THINK = "think in words, then answer"
    CALL = "call a function once"
    CALL_TWICE = "make two calls in one turn"
    ANSWER_RESULTS = "say the result of a call that the conversation has"
    RUN_OUT = "be stopped by the limit of tokens"
    REFUSE = "refuse the request"
    FAIL = "fail before any answer"
    BREAK = "fail after `so far` was answered"
    HANG = "answer nothing until the caller leaves"


class Act(NamedTuple):
    """How a situation is brought about."""

    model: Model
    name: str
    """The model's name in the request."""
    steps: Sequence[Step] = (user("Hello?"),)
    tools: Sequence[tool_pb2.Tool] = ()

    def request(self, *more: Step) -> ModelRequest:
        """Give the request, with further steps at the end of the conversation."""
        return asked(self.name, *self.steps, *more, tools=self.tools)


class Rig(Protocol):
    """Brings a dialect's model into situations."""

    def act(self, situation: Situation) -> Act:
        """Give what has to be asked of whom; skips what the dialect cannot do."""


async def generate(request: ModelRequest, model: Model) -> list[ModelEvent]:
    async with asyncio.timeout(WAIT_SECONDS):
        return list(await model.generate(request))


async def stream(request: ModelRequest, model: Model) -> list[list[ModelEvent]]:
    async with asyncio.timeout(WAIT_SECONDS):
        return [list(batch) async for batch in model.stream(request)]


async def both(act: Act, *more: Step) -> list[list[ModelEvent]]:
    """Give the events of a whole answer and those of a stream."""
    request = act.request(*more)
    streamed = await stream(request, act.model)
    return [await generate(request, act.model), flat(streamed)]


ANSWERS = [
    Situation.SPEAK,
    Situation.THINK,
    Situation.CALL,
    Situation.CALL_TWICE,
    Situation.ANSWER_RESULTS,
    Situation.RUN_OUT,
]


class ModelAcceptance:
    """The suite."""

    @pytest.mark.parametrize("situation", ANSWERS)
    async def test_a_turn_finishes_once_and_last(
        self, rig: Rig, situation: Situation
    ) -> None:
        for events in await both(rig.act(situation)):
            finishes = [at for at, e in enumerate(events) if isinstance(e, Finish)]
            assert len(finishes) == 1
            after = events[finishes[0] + 1 :]
            assert all(isinstance(event, Spent) for event in after)

    @pytest.mark.parametrize("situation", ANSWERS)
    async def test_no_batch_and_no_text_is_empty(
        self, rig: Rig, situation: Situation
    ) -> None:
        act = rig.act(situation)
        batches = await stream(act.request(), act.model)
        assert all(batches)
        for event in flat(batches):
            assert not isinstance(event, Text | Thought) or event.text

    async def test_text_is_told_in_pieces_and_whole(self, rig: Rig) -> None:
        whole, streamed = await both(rig.act(Situation.SPEAK))
        assert Finish(FinishReason.STOP) in whole
        assert Finish(FinishReason.STOP) in streamed
        assert text(whole)
        assert len([e for e in streamed if isinstance(e, Text)]) > 1

    @pytest.mark.parametrize("situation", ANSWERS)
    async def test_tokens_are_counted(self, rig: Rig, situation: Situation) -> None:
        for events in await both(rig.act(situation)):
            usage = [event for event in events if isinstance(event, Spent)][-1].usage
            assert usage.total_tokens == (
                usage.total_input_tokens
                + usage.total_output_tokens
                + usage.total_thought_tokens
                + usage.total_tool_use_tokens
            )
            counted = sum(m.tokens for m in usage.input_tokens_by_modality)
            assert counted == usage.total_input_tokens
            counted = sum(m.tokens for m in usage.output_tokens_by_modality)
            assert counted == usage.total_output_tokens

    async def test_a_thought_is_signed_and_the_signature_is_accepted(
        self, rig: Rig
    ) -> None:
        act = rig.act(Situation.THINK)
        for events in await both(act):
            turn = joined(events)
            assert isinstance(turn[0], Thought)
            assert isinstance(turn[1], Signature)
            assert base64.b64decode(turn[1].signature, validate=True)
            again = [thought(turn[1].signature), output(text(turn)), user("Go on.")]
            assert Finish(FinishReason.STOP) in flat(await both(act, *again))

    @pytest.mark.parametrize(
        ("situation", "count"), [(Situation.CALL, 1), (Situation.CALL_TWICE, 2)]
    )
    async def test_calls_begin_with_a_name_and_grow_to_an_object(
        self, rig: Rig, situation: Situation, count: int
    ) -> None:
        act = rig.act(situation)
        names = {tool.function.name for tool in act.tools}
        for events in await both(act):
            begun: set[int] = set()
            for event in events:
                if isinstance(event, CallFragment):
                    assert bool(event.name) is (event.index not in begun)
                    assert not (event.id and event.index in begun)
                    begun.add(event.index)
            calls = [e for e in joined(events) if isinstance(e, CallFragment)]
            assert len(calls) == count
            assert {made.name for made in calls} <= names
            for made in calls:
                assert isinstance(orjson.loads(made.arguments or "{}"), dict)
            assert Finish(FinishReason.CALLS) in events

    async def test_results_are_understood(self, rig: Rig) -> None:
        for events in await both(rig.act(Situation.ANSWER_RESULTS)):
            assert text(events)
            assert Finish(FinishReason.STOP) in events

    async def test_calls_without_a_result_do_not_stop_the_conversation(
        self, rig: Rig
    ) -> None:
        act = rig.act(Situation.SPEAK)
        asking = Act(act.model, act.name, (user("a"), call("x"), call("y")), act.tools)
        more = [result("y", text="22"), *act.steps]
        for events in await both(asking, *more):
            assert [event for event in events if isinstance(event, Finish)]

    async def test_running_out_of_tokens_is_told(self, rig: Rig) -> None:
        for events in await both(rig.act(Situation.RUN_OUT)):
            assert Finish(FinishReason.LENGTH) in events

    @pytest.mark.parametrize("situation", [Situation.REFUSE, Situation.FAIL])
    async def test_a_failure_names_the_endpoint(
        self, rig: Rig, situation: Situation
    ) -> None:
        act = rig.act(situation)
        refused = situation is Situation.REFUSE
        for asking in (
            generate(act.request(), act.model),
            stream(act.request(), act.model),
        ):
            with pytest.raises(errors.BackendError) as raised:
                await asking
            assert raised.value.metadata["endpoint"]
            assert isinstance(raised.value, errors.UpstreamRefusedError) is refused

    async def test_what_came_before_a_failure_is_told(self, rig: Rig) -> None:
        act = rig.act(Situation.BREAK)
        events: list[ModelEvent] = []

        async def collect() -> None:
            async with asyncio.timeout(WAIT_SECONDS):
                async for batch in act.model.stream(act.request()):
                    events.extend(batch)

        with pytest.raises(errors.BackendError):
            await collect()
        assert text(events) == "so far"

    @pytest.mark.parametrize("streamed", [False, True])
    async def test_a_caller_can_leave(self, rig: Rig, streamed: bool) -> None:
        act = rig.act(Situation.HANG)
        asking = (
            stream(act.request(), act.model)
            if streamed
            else generate(act.request(), act.model)
        )
        task = asyncio.ensure_future(asking)
        done, _ = await asyncio.wait([task], timeout=0.05)
        assert not done
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_a_stream_can_be_closed_at_any_event(self, rig: Rig) -> None:
        act = rig.act(Situation.SPEAK)
        whole = len(await stream(act.request(), act.model))
        for count in range(whole + 1):
            async with asyncio.timeout(WAIT_SECONDS):
                batches = act.model.stream(act.request())
                async with aclosing(batches):  # type: ignore[type-var]
                    for _ in range(count):
                        await anext(batches)

    async def test_requests_do_not_disturb_each_other(self, rig: Rig) -> None:
        act = rig.act(Situation.SPEAK)
        alone = joined(await generate(act.request(), act.model))
        together = await asyncio.gather(
            *(generate(act.request(), act.model) for _ in range(5))
        )
        assert [joined(events) for events in together] == [alone] * 5

    def test_hints_are_ignored_and_named(self, rig: Rig) -> None:
        act = rig.act(Situation.SPEAK)
        request = act.request().request
        request.service_tier = "flex"
        request.labels["a"] = "b"
        request.safety_settings.add(type="harassment", threshold="off")
        ignored = act.model.check(request)
        assert {"service_tier", "labels", "safety_settings"} <= set(ignored)

    def test_what_cannot_be_followed_is_refused_by_path(self, rig: Rig) -> None:
        act = rig.act(Situation.SPEAK)
        request = act.request().request
        request.cached_content = "c"
        with pytest.raises(errors.NotSupportedError) as raised:
            act.model.check(request)
        assert raised.value.field == "cached_content"
