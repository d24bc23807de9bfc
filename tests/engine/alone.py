"""A process that is alone, and requests for its background."""

from __future__ import annotations

from openinteractions.engine.background import Limits
from openinteractions.v1 import interaction_service_pb2
from tests.engine.cluster import Cluster, Member, Tools, cluster
from tests.engine.puppet import Puppet
from tests.engine.rig import ask

Request = interaction_service_pb2.CreateInteractionRequest


def background(text: str = "hi", **members: object) -> Request:
    """Return a request for the background."""
    return ask(text, background=True, **members)


def alone(
    puppet: Puppet | None = None,
    limits: Limits | None = None,
    tools: Tools | None = None,
) -> tuple[Cluster, Member]:
    """Return a process that is alone."""
    made = cluster(limits=limits, tools=tools)
    return made, made.join(puppet)
