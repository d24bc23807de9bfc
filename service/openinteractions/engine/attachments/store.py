"""A store of interactions that keeps large media as objects, beside another store.

It is itself an `InteractionStore`, so nothing else knows of it; an interaction without
large media costs the look at its size. Objects are written before the row, and removed
before it: a row never has a reference to nothing, unless it is being deleted.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections import OrderedDict
from collections.abc import Collection, Coroutine, Iterable, Sequence
from typing import Any

from openinteractions.core import attached, lifecycle
from openinteractions.core.attached import Reference
from openinteractions.core.errors import DomainError, NotFoundError, RequestError
from openinteractions.core.media import Medium
from openinteractions.engine.attachments.keys import key, keys
from openinteractions.engine.file_ports import Objects
from openinteractions.engine.ports import InteractionStore, Record
from openinteractions.v1 import error_pb2, interaction_pb2

MAX_BYTES = 100 * 1024 * 1024

AT_ONCE = 4
"""How many media are written, or read, at the same time for one call."""

REMEMBERED = 1000
"""Of how many running interactions it is known which media are kept already."""

log = logging.getLogger(__name__)


class Attachments:
    """The store.

    Args:
        store: has the rows.
        objects: gets the media.
        max_bytes: how many bytes of media a conversation may have together.

    Raises:
        UnavailableError: from every method, when the objects cannot be reached.
    """

    def __init__(
        self, store: InteractionStore, objects: Objects, *, max_bytes: int = MAX_BYTES
    ) -> None:
        self._store = store
        self._objects = objects
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, frozenset[str]] = OrderedDict()

    async def add(
        self, record: Record, lineage: Sequence[str], *, deadline: float | None = None
    ) -> None:
        """Store a new interaction; see `InteractionStore.add`."""
        if not attached.may_have(record.request, record.interaction):
            await self._store.add(record, lineage, deadline=deadline)
            return
        record, written = await self._detach(record)
        try:
            await self._store.add(record, lineage, deadline=deadline)
        except DomainError:
            await self._take_back(record, written)
            raise
        self._remember(record)

    async def update(self, record: Record) -> bool:
        """Replace an interaction that runs; see `InteractionStore.update`."""
        if not attached.may_have(record.request, record.interaction):
            return await self._store.update(record)
        record, written = await self._detach(record)
        try:
            changed = await self._store.update(record)
        except DomainError:
            # It is tried again, and then they need not be written again.
            self._note(record.interaction.id, record.attached)
            raise
        if not changed:
            await self._take_back(record, written)
        self._remember(record)
        return changed

    async def renew(self, ids: Sequence[str], deadline: float) -> None:
        """Move the deadline of interactions; see `InteractionStore.renew`."""
        await self._store.renew(ids, deadline)

    async def expire(self, now: float, error: error_pb2.Error) -> Sequence[str]:
        """End what its process has left; see `InteractionStore.expire`."""
        return await self._store.expire(now, error)

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return those ids that are taken; see `InteractionStore.known`."""
        return await self._store.known(ids)

    async def get(
        self,
        id: str,  # noqa: A002 - the resource's own word
        owner: str,
        *,
        media: bool = True,
    ) -> Record | None:
        """Return an interaction; see `InteractionStore.get`.

        Raises:
            NotFoundError: the bytes of its media are lost.
        """
        record = await self._store.get(id, owner, media=media)
        if record is None or not record.attached or not media:
            return record
        try:
            return await self._attach(record)
        except NotFoundError:
            # It is being deleted, or was meanwhile.
            if await self._store.get(id, owner, media=False) is None:
                return None
            log.warning("interaction %s: bytes of its media are lost", id)
            raise NotFoundError(
                f"Interaction {id} cannot be read: bytes of its media are lost, or it "
                "is being deleted. It can be deleted."
            ) from None

    async def conversation(
        self,
        id: str,  # noqa: A002
        owner: str,
        *,
        media: bool = True,
    ) -> Sequence[Record]:
        """Return what led to an interaction; see `InteractionStore.conversation`.

        Thoughts come without the media that are kept apart.

        Raises:
            RequestError: the media have too many bytes, or bytes of them are lost.
        """
        turns = await self._store.conversation(id, owner, media=media)
        if not media or not any(turn.attached for turn in turns):
            return turns
        try:
            return await self._attach_all(turns)
        except NotFoundError:
            # One of them may have been deleted since they were read.
            turns = await self._store.conversation(id, owner, media=media)
        try:
            return await self._attach_all(turns)
        except NotFoundError as error:
            raise _of_earlier(error.message) from None

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove an interaction; see `InteractionStore.delete`.

        When it fails after media were removed, it can be repeated.
        """
        record = await self._store.get(id, owner, media=False)
        if record is None:
            return False
        if record.attached:
            await self._objects.delete(keys(id, record.attached))
        self._kept.pop(id, None)
        return await self._store.delete(id, owner)

    async def list(
        self, owner: str, *, limit: int, before: str | None
    ) -> Sequence[interaction_pb2.Interaction]:
        """Return a page of the owner's interactions; see `InteractionStore.list`."""
        return await self._store.list(owner, limit=limit, before=before)

    async def _detach(self, record: Record) -> tuple[Record, Collection[str]]:
        """Return an interaction as its row has it, and which media were written."""
        record, data = await asyncio.to_thread(_detached, record)
        interaction = record.interaction.id
        new = data.keys() - self._kept.get(interaction, frozenset())
        gate = asyncio.Semaphore(AT_ONCE)

        async def write(name: str) -> None:
            async with gate:
                await self._objects.put(key(interaction, name), data[name])

        await _all_of(write(name) for name in new)
        return record, new

    async def _take_back(self, record: Record, written: Collection[str]) -> None:
        """Remove what was written for a row that did not come about.

        What cannot be removed now is so by `Orphans`.
        """
        identifier = record.interaction.id
        try:
            row = await self._store.get(identifier, record.owner, media=False)
            unused = set(written) - set(row.attached if row else ())
            if unused:
                await self._objects.delete(keys(identifier, unused))
        except DomainError as error:
            log.warning("media of %s stay for now: %s", identifier, error.message)

    def _remember(self, record: Record) -> None:
        """Take note of what is kept for an interaction, as long as it runs."""
        interaction = record.interaction
        if lifecycle.has_ended(interaction.status):
            self._kept.pop(interaction.id, None)
        else:
            self._note(interaction.id, record.attached)

    def _note(self, interaction_id: str, names: Sequence[str]) -> None:
        self._kept[interaction_id] = frozenset(names)
        self._kept.move_to_end(interaction_id)
        while len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)

    async def _attach_all(self, turns: Sequence[Record]) -> Sequence[Record]:
        """Give the turns of a conversation back their bytes.

        Raises:
            NotFoundError: some are not there.
            RequestError: there are too many.
        """
        size = 0
        for turn in turns:
            if turn.attached:
                attached.drop_thoughts(turn.interaction.steps)
                attached.drop_thoughts(turn.request.input.steps.items)
                size += sum(found.size for _, found in _references(turn))
        if size > self._max_bytes:
            raise _of_earlier(
                f"The media of the conversation have more than {self._max_bytes} "
                "bytes together, which is the most that a model is sent."
            )
        return [await self._attach(turn) if turn.attached else turn for turn in turns]

    async def _attach(self, record: Record) -> Record:
        """Give an interaction its bytes back, in place.

        Raises:
            NotFoundError: some are not there.
        """
        places: dict[Reference, list[Medium]] = {}
        for medium, reference in _references(record):
            places.setdefault(reference, []).append(medium)
        gate = asyncio.Semaphore(AT_ONCE)

        async def read(reference: Reference) -> None:
            async with gate:
                data = await self._read(record.interaction.id, reference)
            for medium in places[reference]:
                medium.data = data

        await _all_of(read(reference) for reference in places)
        return dataclasses.replace(record, attached=())

    async def _read(self, interaction_id: str, reference: Reference) -> bytes:
        blocks = self._objects.read(key(interaction_id, reference.name))
        data = b"".join([block async for block in blocks])
        if len(data) != reference.size:
            raise NotFoundError("The bytes are not there as they were.")
        return data


def _detached(record: Record) -> tuple[Record, dict[str, bytes]]:
    data: dict[str, bytes] = {}
    request = attached.detached(record.request, data)
    interaction = attached.detached(record.interaction, data)
    if data:
        record = dataclasses.replace(
            record, request=request, interaction=interaction, attached=tuple(data)
        )
    return record, data


def _references(record: Record) -> list[tuple[Medium, Reference]]:
    return [
        *attached.references(record.request),
        *attached.references(record.interaction),
    ]


def _of_earlier(problem: str) -> RequestError:
    path = "previous_interaction_id"
    return RequestError(f"{path}: {problem}", field=path)


async def _all_of(tasks: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all to their end, then raise the first error."""
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
