"""Several processes that serve as one: what they share."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, closing
from pathlib import Path

import grpc

from openinteractions.v1 import (
    interaction_pb2,
    interaction_service_pb2,
    interaction_service_pb2_grpc,
)
from tests.processes import children, lives
from tests.team import TWO, ask, created, eventually, serving, shares


def test_what_one_makes_the_other_has(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as team,
        closing(team.connection()) as one,
        closing(team.connection()) as two,
    ):
        assert team.line.endswith("; 2 workers\n")
        assert len(team.workers()) == 2
        first = created(one, "first")
        assert ask(two, "GET", "/readyz") == (200, {"status": "ready"})
        assert set(shares(team.workers(), team.port).values()) == {1}

        assert ask(two, "GET", f"/v1/interactions/{first}")[0] == 200
        second = created(two, "second", previous_interaction_id=first)
        status, found = ask(one, "GET", f"/v1/interactions/{second}")
        assert (status, found["previous_interaction_id"]) == (200, first)
        assert ask(one, "DELETE", f"/v1/interactions/{second}")[0] == 200
        assert ask(two, "GET", f"/v1/interactions/{second}")[0] == 404


def test_connections_are_shared_out_evenly(tmp_path: Path) -> None:
    with serving(tmp_path) as team, ExitStack() as stack:
        connections = [
            stack.enter_context(closing(team.connection())) for _ in range(16)
        ]
        for _ in range(4):
            for connection in connections:
                created(connection, "hello")
        assert sorted(shares(team.workers(), team.port).values()) == [8, 8]

        # Those of one worker end; the next ones go where there are fewer.
        for connection in connections[::2]:
            connection.close()
        eventually(lambda: len(shares(team.workers(), team.port)) == 1)
        more = [stack.enter_context(closing(team.connection())) for _ in range(8)]
        for connection in more:
            created(connection, "hello")
        assert sorted(shares(team.workers(), team.port).values()) == [8, 8]


def test_grpc_comes_in_at_one_port_for_all(tmp_path: Path) -> None:
    with serving(tmp_path) as team, ExitStack() as stack:
        stubs = []
        for _ in range(32):
            channel = grpc.insecure_channel(
                team.grpc, options=[("grpc.use_local_subchannel_pool", 1)]
            )
            stack.callback(channel.close)
            stubs.append(interaction_service_pb2_grpc.InteractionServiceStub(channel))
        made = stubs[0].CreateInteraction(
            interaction_service_pb2.CreateInteractionRequest(
                model="m", input=interaction_pb2.Input(text="hello")
            )
        )
        for stub in stubs:
            found = stub.GetInteraction(
                interaction_service_pb2.GetInteractionRequest(id=made.id)
            )
            assert found.id == made.id
        port = int(team.grpc.rpartition(":")[2])
        found_at = shares(team.workers(), port)
        assert found_at.total() == 32
        assert len(found_at) == 2


def test_the_embedded_model_runs_once_for_all(tmp_path: Path) -> None:
    embedded = TWO.replace('"scripted"', '"embedded"')
    with (
        serving(tmp_path, embedded) as team,
        closing(team.connection()) as one,
        closing(team.connection()) as two,
    ):
        for connection in (one, two, one):
            created(connection, "Hi", generation_config={"max_output_tokens": 2})
        workers = team.workers()
        (model,) = set(children(team.process.pid)) - set(workers)
        assert not any(map(children, workers))
        os.kill(model, signal.SIGKILL)
        eventually(lambda: not lives(model))
        created(two, "Hi", generation_config={"max_output_tokens": 2})
        (model,) = set(children(team.process.pid)) - set(workers)
        assert team.end(signal.SIGTERM) == 0
        eventually(lambda: not lives(model))
