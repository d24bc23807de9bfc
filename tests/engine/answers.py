"""Requests and models that answer them, for tests of the use cases."""

from __future__ import annotations

from openinteractions.core.model_events import Finish, FinishReason, Spent, Text
from openinteractions.v1 import interaction_service_pb2, usage_pb2
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, Rig, ask

STOP = Finish(FinishReason.STOP)
USAGE = usage_pb2.Usage(total_tokens=3)


def answering(*texts: str) -> Puppet:
    """Return a model that answers with these texts, one turn each."""
    puppet = Puppet()
    for text in texts:
        puppet.say([Text(text), Spent(USAGE), STOP])
        puppet.say(None)
    return puppet


def previous(identifier: str) -> interaction_service_pb2.CreateInteractionRequest:
    return ask("again", previous_interaction_id=identifier)


async def running_stream(made: Rig) -> str:
    """Start a stream that waits for its model; return its id."""
    stream = made.interactions.stream_create(Caller(), ask())
    batch = await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    return batch[0].created.interaction.id
