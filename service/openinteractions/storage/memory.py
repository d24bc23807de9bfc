"""The store that forgets: interactions in a dictionary of this process.

It keeps serialized messages, as a database does, so that nothing stored changes
when a caller goes on working with a message that it has handed over or was given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from openinteractions.core import lifecycle
from openinteractions.core.errors import InternalError
from openinteractions.core.ids import interaction_id
from openinteractions.engine.store_ports import (
    Aged,
    Claimed,
    Holder,
    Lease,
    Place,
    Record,
    Remote,
    Renewed,
    Wish,
)
from openinteractions.storage.entries import begun, head
from openinteractions.storage.memory_runs import Runs
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

Status = interaction_pb2.InteractionStatus


@dataclass(slots=True)
class _Row:
    owner: str
    context_parent: str | None
    """What it continues among the interactions that still exist."""
    request: bytes
    interaction: bytes
    head: bytes
    remote: Remote | None
    attached: Sequence[str]
    attempts: str


class MemoryStore:
    """An `InteractionStore` that is gone with the process."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._rows: dict[str, _Row] = {}
        self._runs = Runs(now)
        self._now = now

    async def add(
        self,
        record: Record,
        lineage: Sequence[str],
        *,
        lease: Lease | None = None,
        place: Place | None = None,
    ) -> None:
        """Store a new interaction; see `InteractionStore.add`."""
        new = record.interaction.id
        if new in self._rows:
            raise InternalError(f"The id {new} is taken.")
        if not lifecycle.has_ended(record.interaction.status):
            self._runs.begin(new, lease, place)
        parent = next(
            (turn for turn in reversed(lineage) if self._row(turn, record.owner)), None
        )
        self._rows[new] = _Row(
            record.owner,
            parent,
            record.request.SerializeToString(),
            record.interaction.SerializeToString(),
            head(record.interaction).SerializeToString(),
            record.remote,
            tuple(record.attached),
            record.attempts,
        )

    async def update(self, record: Record, epoch: int) -> bool:
        """Replace an interaction that runs; see `InteractionStore.update`."""
        interaction = record.interaction
        row = self._row(interaction.id, record.owner)
        if row is None:
            return False
        run, ended = self._runs.find(interaction.id), lifecycle.has_ended
        if run is None:
            there = row.interaction, row.attempts
            same = there == (interaction.SerializeToString(), record.attempts)
            return same and ended(interaction.status)
        if run.epoch != epoch or run.turn is not None:
            return False
        row.request = record.request.SerializeToString()
        row.interaction = interaction.SerializeToString()
        row.head = head(interaction).SerializeToString()
        row.remote = record.remote
        row.attached = tuple(record.attached)
        row.attempts = record.attempts
        run.losses = 0
        if ended(interaction.status):
            self._runs.end(interaction.id)
        return True

    async def renew(self, lease: Lease) -> Renewed:
        """Give a sign of life; see `InteractionStore.renew`."""
        return self._runs.renew(lease)

    async def claim(self, lease: Lease, limit: int) -> Sequence[Claimed]:
        """Claim what is lost or waits; see `InteractionStore.claim`."""
        ids = self._runs.claimable()[:limit]
        self._runs.take(ids, lease)
        return [self._claimed(id) for id in ids]  # noqa: A001

    async def claim_one(self, id: str, owner: str, lease: Lease) -> Claimed | None:  # noqa: A002 - the resource's own word
        """Claim one if that is possible; see `InteractionStore.claim_one`."""
        if self._row(id, owner) is None or id not in self._runs.claimable():
            return None
        self._runs.take([id], lease)
        return self._claimed(id)

    async def release(self, process: str, epochs: Mapping[str, int]) -> None:
        """Give back what was claimed; see `InteractionStore.release`."""
        self._runs.release(process, epochs)

    async def ask(self, id: str, owner: str, wish: Wish) -> Holder | None:  # noqa: A002
        """Note a wish; see `InteractionStore.ask`."""
        run = self._runs.find(id) if self._row(id, owner) else None
        if run is None:
            return None
        run.wishes |= wish
        return self._runs.holder(run)

    async def holder(self, id: str, owner: str) -> Holder | None:  # noqa: A002
        """Say who runs an interaction; see `InteractionStore.holder`."""
        return await self.ask(id, owner, Wish.NONE)

    async def queued(self) -> int:
        """Return how many wait; see `InteractionStore.queued`."""
        return self._runs.waiting()

    async def get(
        self,
        id: str,  # noqa: A002 - the resource's own word
        owner: str,
        *,
        media: bool = True,  # noqa: ARG002 - rows have what they were given
    ) -> Record | None:
        """Return an interaction; see `InteractionStore.get`."""
        row = self._row(id, owner)
        return None if row is None else _record(row)

    async def conversation(
        self,
        id: str,  # noqa: A002
        owner: str,
        *,
        media: bool = True,  # noqa: ARG002
    ) -> Sequence[Record]:
        """Return what led to an interaction; see `InteractionStore.conversation`."""
        turns = []
        row = self._row(id, owner)
        while row is not None:
            turns.append(_record(row))
            row = self._row(row.context_parent, owner) if row.context_parent else None
        turns.reverse()
        return turns

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return those ids that are taken; see `InteractionStore.known`."""
        return self._rows.keys() & ids

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove an interaction; see `InteractionStore.delete`."""
        row = self._row(id, owner)
        if row is None:
            return False
        for other in self._rows.values():
            if other.context_parent == id:
                other.context_parent = row.context_parent
        del self._rows[id]
        self._runs.end(id)
        return True

    async def aged(self, before: float, limit: int) -> Sequence[Aged]:
        """Return the oldest that nobody runs; see `InteractionStore.aged`."""
        bound = interaction_id(int(before * 1000), b"")
        old = (id for id in sorted(self._rows) if id < bound)  # noqa: A001
        free = (id for id in old if not self._runs.is_somebodys(id))  # noqa: A001
        return [Aged(id, self._rows[id].owner) for id in islice(free, limit)]  # noqa: A001

    async def list(
        self, owner: str, *, limit: int, before: str | None
    ) -> Sequence[interaction_pb2.Interaction]:
        """Return a page of the owner's interactions; see `InteractionStore.list`."""
        page = sorted(
            key
            for key, row in self._rows.items()
            if row.owner == owner and (before is None or key < before)
        )[-limit:]
        return [
            interaction_pb2.Interaction.FromString(self._rows[key].head)
            for key in reversed(page)
        ]

    async def close(self) -> None:
        """Forget everything."""
        self._rows.clear()
        self._runs.clear()

    def _claimed(self, id: str) -> Claimed:  # noqa: A002
        """Return what was just claimed."""
        row, run = self._rows[id], self._runs.find(id)
        assert run is not None  # noqa: S101 - it was taken
        if _record(row).interaction.status == Status.INTERACTION_STATUS_QUEUED:
            change = begun(self._now())
            row.interaction += change
            row.head += change
        return Claimed(_record(row), run.epoch, run.wishes, run.losses)

    def _row(self, id: str, owner: str) -> _Row | None:  # noqa: A002
        row = self._rows.get(id)
        return row if row is not None and row.owner == owner else None


def _record(row: _Row) -> Record:
    return Record(
        row.owner,
        interaction_service_pb2.CreateInteractionRequest.FromString(row.request),
        interaction_pb2.Interaction.FromString(row.interaction),
        row.remote,
        row.attached,
        row.attempts,
    )
