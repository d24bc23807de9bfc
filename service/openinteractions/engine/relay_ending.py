"""How a turn of another server ends here: as its events say, or where they were cut.

Says what is to be stored. What the server keeps and we could not read to its end is
not ended here: it goes on there, to be fetched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from openinteractions.core import relayed
from openinteractions.core.errors import (
    DomainError,
    UpstreamFailedError,
    to_error,
)
from openinteractions.core.marks import Taken
from openinteractions.engine import failing
from openinteractions.engine.relay_source import Turn
from openinteractions.v1 import event_pb2, interaction_pb2, step_pb2

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Status = interaction_pb2.InteractionStatus


class Ending:
    """The end of one turn, of which some events were taken."""

    def __init__(self, turn: Turn, taken: Taken) -> None:
        self._turn = turn
        self._taken = taken

    async def told(self) -> Interaction:
        """Return the interaction as its events have ended it.

        Raises:
            UpstreamFailedError: they do not say how.
        """
        said = Interaction()
        if self._taken.completed is not None:
            said.CopyFrom(self._taken.completed)
        elif self._taken.failed is not None:
            said.status = Status.INTERACTION_STATUS_FAILED
            said.errors.append(self._taken.failed.error)
        else:
            raise UpstreamFailedError("The model server did not say how it ended.")
        steps = self._taken.steps() or relayed.answered(said.steps)
        if self._taken.torn and self._turn.remote.id is not None:
            steps = await self._fetched() or steps
        del said.steps[:]
        said.steps.extend(steps)
        return said

    async def _fetched(self) -> Sequence[step_pb2.Step]:
        """Return the steps as the server has them, if it says."""
        turn = self._turn
        try:
            whole = await turn.relay.get(
                turn.remote.id or "", include_input=True, call=turn.call
            )
        except DomainError:
            return ()
        return relayed.output(whole.steps, whole.input)

    async def cancelled(self) -> tuple[Interaction, Event]:
        """Have the server stop; return the interaction, and the last event."""
        turn = self._turn
        if turn.remote.id is not None:
            with contextlib.suppress(DomainError):  # one that does not stop goes on
                await turn.relay.cancel(turn.remote.id, call=turn.call)
        said = Interaction(status=Status.INTERACTION_STATUS_CANCELLED)
        said.steps.extend(self._taken.steps())
        event = Event()
        event.completed.interaction.CopyFrom(relayed.overlay(turn.interaction, said))
        del event.completed.interaction.steps[:]
        return said, event

    def failed(self, error: Exception) -> tuple[Interaction, Event]:
        """Return the interaction, which could not be read on, and the last event.

        Raises:
            DomainError: the server has its end; here it has none.
        """
        there = self._turn.remote.id is not None
        if there and isinstance(error, DomainError):
            raise error
        told = failing.noted(error, self._turn.interaction.id)
        if there:
            raise told
        said = Interaction(status=Status.INTERACTION_STATUS_FAILED)
        said.errors.append(to_error(told))
        said.steps.extend(self._taken.steps())
        return said, relayed.error_event(told)
