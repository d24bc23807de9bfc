"""`python -m tests.tooled URL`: the server, with tools of its own that a test answers.

Every function whose name begins with `server_` is the server's: a call of it goes to
the URL, and what comes back is its result.
"""

from __future__ import annotations

import sys

import aiohttp

from openinteractions import server
from openinteractions.config import load
from openinteractions.v1 import interaction_service_pb2, step_pb2

Request = interaction_service_pb2.CreateInteractionRequest


class Tools:
    """Tools behind a URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def runs(self, request: Request, call: step_pb2.Step) -> bool:
        """Say whether the server is to run a call."""
        del request
        return call.function_call.name.startswith("server_")

    async def run(self, request: Request, call: step_pb2.Step) -> step_pb2.Step:
        """Have a call answered."""
        del request
        said = call.function_call
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._url}/tool", data=said.arguments) as answer,
        ):
            text = await answer.text()
        step = step_pb2.Step()
        step.function_result.call_id, step.function_result.name = said.id, said.name
        step.function_result.result.text = text
        return step


if __name__ == "__main__":
    sys.exit(server.run(load(), tools=Tools(sys.argv[1])))
