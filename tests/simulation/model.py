"""The model's server and the tools of this server, as one world has them.

Both keep count of what is asked of them, and look at the shared rows when they are
asked: what has finished and was written is never to be asked for again, and what comes
next is never to be asked for before that was written.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Spent,
    Text,
    Thought,
)
from openinteractions.engine.ports import Accepts, ModelRequest
from openinteractions.v1 import interaction_service_pb2, step_pb2, usage_pb2
from tests.simulation.scripts import HERE, Round, Script

if TYPE_CHECKING:
    from tests.simulation.world import World

Request = interaction_service_pb2.CreateInteractionRequest
Step = step_pb2.Step


class Backend:
    """Everything outside that runs ask: a model, and tools."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.scripts: dict[str, Script] = {}
        self.asked: Counter[tuple[str, int]] = Counter()
        """How often each round of each script was asked for."""
        self.accepts = Accepts()

    def resolve(self, _: Request) -> Backend:
        """Return the only model there is."""
        return self

    def check(self, _: Request) -> Sequence[str]:
        """Ignore nothing, refuse nothing."""
        return ()

    async def generate(self, request: ModelRequest) -> Sequence[ModelEvent]:
        """Say everything at once, when it is all there."""
        return [event async for batch in self.stream(request) for event in batch]

    async def stream(
        self, request: ModelRequest
    ) -> AsyncIterator[Sequence[ModelEvent]]:
        """Say what the script has for this round."""
        script, number, answered = self._place(request)
        key = script.marker, number
        attempt = self.asked[key]
        self.asked[key] += 1
        self._world.note(f"model {script.marker} round {number} attempt {attempt}")
        self._world.judge.model_asked(script.marker, number, answered)
        said = script.rounds[number]
        failures = said.failures[attempt : attempt + 1]
        failure = failures[0] if failures else None
        for place, pause in enumerate(said.pauses):
            await asyncio.sleep(pause)
            if failure is not None and failure.place == place:
                raise failure.make()
            yield [_piece(said, place, f"<{number}.{attempt}.{place}>")]
        if failure is not None and failure.place == len(said.pauses):
            raise failure.make()
        yield _last(said, f"{script.marker}-{number}-{attempt}")

    def runs(self, _: Request, call: Step) -> bool:
        """Run what is named so."""
        return call.function_call.name.startswith(HERE)

    async def run(self, request: Request, call: Step) -> Step:
        """Run a tool."""
        marker, called = request.input.text, call.function_call.id
        self._world.note(f"tool {marker} {called}")
        self._world.judge.tool_asked(marker, called)
        number = int(called.split("-")[1])
        await asyncio.sleep(self.scripts[marker].rounds[number].tool_seconds)
        result = Step()
        result.function_result.call_id = called
        result.function_result.name = call.function_call.name
        result.function_result.result.text = f"result of {called}"
        return result

    def _place(self, request: ModelRequest) -> tuple[Script, int, list[str]]:
        """Return the script, its round, and the calls that are answered by then."""
        steps = list(request.steps)
        first = max(i for i, one in enumerate(steps) if one.HasField("user_input"))
        marker = steps[first].user_input.content[0].text.text
        script, since = self.scripts[marker], steps[first + 1 :]
        calls = [s.function_call.id for s in since if s.HasField("function_call")]
        results = [s.function_result.call_id for s in since]
        answered = [called for called in results if called]
        number, behind = 0, 0
        while behind < len(answered):
            behind += len(script.rounds[number].calls)
            number += 1
        self._world.judge.conversation(marker, steps[:first], calls, answered)
        return script, number, answered


def _piece(said: Round, place: int, token: str) -> ModelEvent:
    return Thought(token) if place < said.thoughts else Text(token)


def _last(said: Round, name: str) -> Sequence[ModelEvent]:
    events: list[ModelEvent] = []
    for index, function in enumerate(said.calls):
        called = f"{name}-{index}"
        events.append(CallFragment(index, called, function, '{"of":'))
        events.append(CallFragment(index, "", "", f'"{called}"}}'))
    if said.calls:
        reason = FinishReason.CALLS
    else:
        reason = FinishReason.LENGTH if said.length else FinishReason.STOP
    used = usage_pb2.Usage(total_output_tokens=len(said.pauses))
    return [*events, Spent(used), Finish(reason)]
