"""The server's side of one relayed turn: asking, and reading what it says.

Everything that has to do with a server that loses or breaks off things is here: an
interaction that it does not keep any more is made up for by the whole conversation, and
a stream that breaks off is taken up again where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from openinteractions.core import lifecycle, relayed
from openinteractions.core.attempts import FIRST, Attempts
from openinteractions.core.errors import BackendError
from openinteractions.engine.interrupt import Interrupt
from openinteractions.engine.relay_ports import Call, Relay
from openinteractions.engine.store_ports import Record, Remote
from openinteractions.v1 import event_pb2, interaction_pb2, interaction_service_pb2

Event = event_pb2.InteractionEvent
Interaction = interaction_pb2.Interaction
Request = interaction_service_pb2.CreateInteractionRequest
Stream = AsyncIterator[Sequence[Event]]

RECONNECT_SECONDS = (0.1, 0.5, 2.0)
"""The pauses before a broken stream is taken up again; as often without an event."""

LAST_SECONDS = 1.0
"""How long an `error` event waits for the `completed` one that may follow it."""

_REFUSALS = frozenset({"400", "404"})
"""Statuses with which servers answer when they do not know an interaction."""


@dataclass(slots=True, eq=False, kw_only=True)
class Turn:
    """What a server is asked, and for whom."""

    relay: Relay
    outgoing: Request
    """What goes to the server."""
    request: Request
    """What the caller sent."""
    interaction: Interaction
    """What is known beforehand: our id (absent when it is not stored), the echo."""
    owner: str
    call: Call
    lineage: Sequence[str] = ()
    remote: Remote
    """Where it is made; the id there comes with the answer."""
    rebuild: Callable[[], Awaitable[tuple[Request, Remote]]] | None = None
    """Makes a request with the whole conversation, where `outgoing` names an
    interaction that the server keeps, in case that it does not any more."""
    renamed: bool = False
    """Whether the server knows its model or agent by another name."""
    begun: bool = False
    """Whether its row is in the store."""
    attempts: Attempts = FIRST
    """Which attempts made its steps, as far as that is known."""

    @property
    def stored(self) -> bool:
        """Whether the interaction has an id."""
        return self.interaction.HasField("id")

    @property
    def own(self) -> relayed.Own:
        """What callers are to read instead of what the server says."""
        return relayed.Own(self.interaction, self.renamed)

    def note_id(self, remote: str) -> None:
        """Take note of the server's id, if it says one of what it is to keep."""
        if self.outgoing.HasField("store") and not self.outgoing.store:
            return  # some servers name what nobody can fetch from them
        if remote and self.stored and self.remote.id is None:
            self.remote = replace(self.remote, id=remote)

    def record(self, said: Interaction, *, now: float) -> Record:
        """Return the row, now that the server has said this of the interaction."""
        whole = relayed.overlay(self.interaction, said)
        if lifecycle.has_ended(whole.status) and not said.HasField("updated"):
            whole.updated.FromSeconds(int(now))
        if self.remote.whole:
            del whole.steps[:]
            whole.steps.extend(relayed.answered(said.steps))
            made = str(self.attempts)
            return Record(self.owner, self.request, whole, self.remote, attempts=made)
        bare = relayed.bare(self.request)
        return Record(self.owner, bare, relayed.head(whole), self.remote)


class Source:
    """Asks and reads; broken off by an `Interrupt`."""

    def __init__(
        self,
        turn: Turn,
        interrupt: Interrupt,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._turn = turn
        self._interrupt = interrupt
        self._sleep = sleep
        self._at: str | None = None
        self._failed = False

    async def create(self) -> Interaction:
        """Ask for the turn in one piece.

        Raises:
            BackendError: the server refused or failed.
            StoppedError: it was broken off.
        """
        return await self._interrupt.guard(self._create())

    async def events(self) -> Stream:
        """Yield the server's events, across connections that break off.

        Raises:
            BackendError: the server refused or failed.
            StoppedError: it was broken off.
        """
        stream = self._open()
        tries = 0
        try:
            while True:
                try:
                    batch = await self._interrupt.guard(self._next(stream))
                except BackendError as error:
                    again = await self._taken_up(error, tries)
                    if again is None:
                        raise
                    stream, tries = again, tries + 1
                    continue
                if batch is None:
                    return
                tries = 0
                self._note(batch)
                yield batch
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    def _note(self, batch: Sequence[Event]) -> None:
        for event in batch:
            self._turn.note_id(relayed.upstream_id(event))
            self._at = event.event_id or self._at
            self._failed = self._failed or event.HasField("error")

    async def _next(self, stream: Stream) -> Sequence[Event] | None:
        if not self._failed:
            return await anext(stream, None)
        try:
            async with asyncio.timeout(LAST_SECONDS):
                return await anext(stream, None)
        except (TimeoutError, BackendError):
            return None

    def _open(self) -> Stream:
        turn = self._turn
        if turn.begun and turn.remote.id is not None:
            return self._follow(turn.remote.id)
        return turn.relay.stream_create(turn.outgoing, call=turn.call)

    def _follow(self, remote: str) -> Stream:
        return self._turn.relay.stream(
            remote,
            last_event_id=self._at,
            include_input=False,
            call=self._turn.call,
        )

    async def _taken_up(self, error: BackendError, tries: int) -> Stream | None:
        """Return the stream with which it goes on after a failure, if it can."""
        turn = self._turn
        if turn.remote.id is None:
            if tries or not await self._rebuilt(error):
                return None
            return turn.relay.stream_create(turn.outgoing, call=turn.call)
        refused = "http_status" in error.metadata
        if refused or self._at is None or tries >= len(RECONNECT_SECONDS):
            return None
        await self._interrupt.guard(self._sleep(RECONNECT_SECONDS[tries]))
        return self._follow(turn.remote.id)

    async def _create(self) -> Interaction:
        turn = self._turn
        try:
            return await turn.relay.create(turn.outgoing, call=turn.call)
        except BackendError as error:
            if not await self._rebuilt(error):
                raise
        return await turn.relay.create(turn.outgoing, call=turn.call)

    async def _rebuilt(self, error: BackendError) -> bool:
        """Say whether a refused request is to be sent again, with all that led to it.

        That is so if the server has lost the interaction that it names.
        """
        turn = self._turn
        if turn.rebuild is None or not is_refusal(error):
            return False
        previous = turn.outgoing.previous_interaction_id
        try:
            await turn.relay.get(previous, include_input=False, call=turn.call)
        except BackendError as gone:
            if is_refusal(gone):
                turn.outgoing, turn.remote = await turn.rebuild()
                turn.rebuild = None
                return True
        return False


def is_refusal(error: BackendError) -> bool:
    """Say whether an error may mean that a server does not know an interaction."""
    return error.metadata.get("http_status") in _REFUSALS
