"""The store that forgets: interactions in a dictionary of this process.

It keeps serialized messages, as a database does, so that nothing stored changes
when a caller goes on working with a message that it has handed over or was given.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from openinteractions.core import lifecycle
from openinteractions.core.errors import InternalError
from openinteractions.engine.ports import Record, Remote
from openinteractions.storage.entries import fail, head
from openinteractions.v1 import (
    error_pb2,
    interaction_pb2,
    interaction_service_pb2,
)


@dataclass(slots=True)
class _Row:
    owner: str
    context_parent: str | None
    """What it continues among the interactions that still exist."""
    request: bytes
    interaction: bytes
    head: bytes
    deadline: float | None
    """Until when it counts as alive; None when it has ended."""
    remote: Remote | None
    attached: Sequence[str]


class MemoryStore:
    """An `InteractionStore` that is gone with the process."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    async def add(
        self, record: Record, lineage: Sequence[str], *, deadline: float | None = None
    ) -> None:
        """Store a new interaction; see `InteractionStore.add`."""
        new = record.interaction.id
        if new in self._rows:
            raise InternalError(f"The id {new} is taken.")
        parent = next(
            (turn for turn in reversed(lineage) if self._row(turn, record.owner)), None
        )
        runs = not lifecycle.has_ended(record.interaction.status)
        self._rows[new] = _Row(
            record.owner,
            parent,
            record.request.SerializeToString(),
            record.interaction.SerializeToString(),
            head(record.interaction).SerializeToString(),
            (deadline or 0.0) if runs else None,
            record.remote,
            tuple(record.attached),
        )

    async def update(self, record: Record) -> bool:
        """Replace an interaction that runs; see `InteractionStore.update`."""
        row = self._row(record.interaction.id, record.owner)
        if row is None or row.deadline is None:
            return False
        row.request = record.request.SerializeToString()
        row.remote = record.remote
        row.attached = tuple(record.attached)
        _replace(row, record.interaction)
        return True

    async def renew(self, ids: Sequence[str], deadline: float) -> None:
        """Move the deadline of interactions; see `InteractionStore.renew`."""
        for id in ids:  # noqa: A001 - the resource's own word
            row = self._rows.get(id)
            if row is not None and row.deadline is not None:
                row.deadline = deadline

    async def expire(self, now: float, error: error_pb2.Error) -> Sequence[str]:
        """End what its process has left; see `InteractionStore.expire`."""
        expired = []
        for id, row in self._rows.items():  # noqa: A001
            if row.deadline is not None and row.deadline <= now:
                interaction = _record(row).interaction
                fail(interaction, now, error)
                _replace(row, interaction)
                expired.append(id)
        return expired

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
        return True

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

    def _row(self, id: str, owner: str) -> _Row | None:  # noqa: A002
        row = self._rows.get(id)
        return row if row is not None and row.owner == owner else None


def _replace(row: _Row, interaction: interaction_pb2.Interaction) -> None:
    row.interaction = interaction.SerializeToString()
    row.head = head(interaction).SerializeToString()
    if lifecycle.has_ended(interaction.status):
        row.deadline = None


def _record(row: _Row) -> Record:
    return Record(
        row.owner,
        interaction_service_pb2.CreateInteractionRequest.FromString(row.request),
        interaction_pb2.Interaction.FromString(row.interaction),
        row.remote,
    )
