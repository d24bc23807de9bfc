"""Tools of the server run between calls to the model, in and out of the background."""

from __future__ import annotations

import pytest

from openinteractions.core.fold import fold
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    Spent,
    Text,
)
from openinteractions.v1 import interaction_pb2, usage_pb2
from tests.engine.alone import alone, background
from tests.engine.cluster import Tools
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, ask, drain

Status = interaction_pb2.InteractionStatus
STOP = Finish(FinishReason.STOP)
CALLS = Finish(FinishReason.CALLS)
COMPLETED = Status.INTERACTION_STATUS_COMPLETED


def calling(name: str, number: int, arguments: str = "{}") -> CallFragment:
    """Return a whole call of a function."""
    return CallFragment(number, f"{name}_{number}", name, arguments)


async def test_tools_of_the_server_run_between_calls_to_the_model() -> None:
    tools = Tools()
    tools.gate.set()
    puppet = Puppet(
        [calling("server_a", 0, '{"n":1}'), calling("server_b", 1), CALLS], None
    )
    puppet.say([Text("done"), Spent(usage_pb2.Usage(total_tokens=5)), STOP])
    puppet.say(None)
    _, member = alone(puppet, tools=tools)
    events = await drain(member.interactions.stream_create(Caller(), background()))
    stored = await member.get(events[0].created.interaction.id)
    del stored.steps[0]
    assert [step.WhichOneof("kind") for step in stored.steps] == [
        "function_call",
        "function_call",
        "function_result",
        "function_result",
        "model_output",
    ]
    assert stored.status == COMPLETED
    assert fold(events) == stored
    asked = [step.WhichOneof("kind") for step in puppet.asked[1].steps]
    assert asked == ["user_input", *["function_call"] * 2, *["function_result"] * 2]
    assert len(tools.ran) == 2


@pytest.mark.parametrize("kind", ["unary", "stream", "not stored"])
async def test_tools_of_the_server_run_in_the_foreground_too(kind: str) -> None:
    tools = Tools()
    tools.gate.set()
    puppet = Puppet([calling("server_a", 0), CALLS], None, [Text("done"), STOP], None)
    _, member = alone(puppet, tools=tools)
    request = ask(store=kind != "not stored")
    if kind == "stream":
        told = fold(await drain(member.interactions.stream_create(Caller(), request)))
    else:
        told = await member.interactions.create(Caller(), request)
    assert told.status == COMPLETED
    assert [step.WhichOneof("kind") for step in told.steps] == [
        "function_call",
        "function_result",
        "model_output",
    ]


async def test_calls_of_the_caller_end_the_turn_after_those_of_the_server() -> None:
    tools = Tools()
    tools.gate.set()
    puppet = Puppet([calling("server_a", 0), calling("own", 1), CALLS], None)
    _, member = alone(puppet, tools=tools)
    created = await member.interactions.create(Caller(), background())
    ended = await member.finished(created.id)
    assert ended.status == Status.INTERACTION_STATUS_REQUIRES_ACTION
    assert len(puppet.asked) == 1
    assert len(tools.ran) == 1
