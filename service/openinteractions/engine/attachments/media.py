"""The large media of interactions as objects: written, read back, removed.

Which of them there are is known from their row alone; here is only what can be had or
not. Objects are named by their content, so that a row that is written again and again
does not write its media again.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import OrderedDict
from collections.abc import Collection, Coroutine, Iterable, Sequence
from typing import Any

from openinteractions.core import attached
from openinteractions.core.attached import Reference
from openinteractions.core.errors import NotFoundError
from openinteractions.core.media import Medium
from openinteractions.engine.attachments.keys import key, keys
from openinteractions.engine.file_ports import Objects
from openinteractions.engine.store_ports import Record

AT_ONCE = 4
"""How many media are written, or read, at the same time for one interaction."""

REMEMBERED = 1000
"""Of how many running interactions it is known which media are there already."""


class Media:
    """The media. `UnavailableError` says that the objects cannot be reached."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._there: OrderedDict[str, frozenset[str]] = OrderedDict()

    async def detach(self, record: Record) -> tuple[Record, Collection[str]]:
        """Write large media; return the record as its row has it, and what was new."""
        record, data = await asyncio.to_thread(_detached, record)
        interaction = record.interaction.id
        new = data.keys() - self._there.get(interaction, frozenset())
        gate = asyncio.Semaphore(AT_ONCE)

        async def write(name: str) -> None:
            async with gate:
                await self._objects.put(key(interaction, name), data[name])

        await _all(write(name) for name in new)
        return record, new

    async def attach(self, record: Record) -> Record:
        """Give a record its media back, in place.

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
                medium.data = data  # which copies it: others have a turn after each
                await asyncio.sleep(0)

        await _all(read(reference) for reference in places)
        return dataclasses.replace(record, attached=())

    async def remove(self, interaction_id: str, names: Collection[str]) -> None:
        """Remove media of an interaction, as far as they are there."""
        self.forget(interaction_id)
        await self._objects.delete(keys(interaction_id, names))

    def remember(self, interaction_id: str, names: Sequence[str]) -> None:
        """Take note that media of an interaction are there."""
        self._there[interaction_id] = frozenset(names)
        self._there.move_to_end(interaction_id)
        while len(self._there) > REMEMBERED:
            self._there.popitem(last=False)

    def forget(self, interaction_id: str) -> None:
        """Drop the note: nothing will be written for it any more."""
        self._there.pop(interaction_id, None)

    async def _read(self, interaction_id: str, reference: Reference) -> bytes:
        blocks = self._objects.read(key(interaction_id, reference.name))
        data = b"".join([block async for block in blocks])
        await asyncio.sleep(0)
        if len(data) != reference.size:
            raise NotFoundError("The bytes are not there as they were.")
        return data


def shown(record: Record) -> int:
    """Drop what no model is shown; return how many bytes are to be read back."""
    attached.drop_thoughts(record.interaction.steps)
    attached.drop_thoughts(record.request.input.steps.items)
    return sum(found.size for _, found in _references(record))


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


async def _all(tasks: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all to their end, then raise the first error."""
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
