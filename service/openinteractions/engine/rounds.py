"""The rounds of one interaction: calls to the model, and to tools in between.

Looks at the steps alone, so that whoever takes an interaction over finds out what is
next from what was stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from openinteractions.engine.ports import ServerTools
from openinteractions.v1 import interaction_service_pb2, step_pb2

Request = interaction_service_pb2.CreateInteractionRequest


class Rounds:
    """What is to be done next, as far as tools go."""

    def __init__(self, tools: ServerTools | None, request: Request) -> None:
        self._tools = tools
        self._request = request
        self._pending: list[step_pb2.Step] = []
        self.ask_model = True
        """Whether it is the model's turn, once no call of a tool is pending."""

    @property
    def pending(self) -> bool:
        """Whether there are calls that this server has to run."""
        return bool(self._pending)

    def look(self, steps: Sequence[step_pb2.Step]) -> None:
        """Find out what is next after these steps."""
        self._pending, self.ask_model = [], True
        if self._tools is None:
            return
        answered = {step.function_result.call_id for step in steps}
        for step in steps:
            if not step.HasField("function_call") or step.function_call.id in answered:
                continue
            if self._tools.runs(self._request, step):
                self._pending.append(step)
            else:
                self.ask_model = False  # before that, the caller has to answer

    async def run(self) -> step_pb2.Step:
        """Run the first call that is pending and return its result."""
        assert self._tools is not None  # noqa: S101 - something is pending
        result = await self._tools.run(self._request, self._pending[0])
        del self._pending[0]
        return result
