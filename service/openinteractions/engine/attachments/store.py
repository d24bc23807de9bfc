"""A store of interactions that keeps large media as objects, beside another store.

It is itself an `InteractionStore`, so nothing else knows of it; an interaction without
large media costs the look at its size. Objects are written before the row, and removed
before it: a row never has a reference to nothing, unless it is being deleted.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Collection, Coroutine, Sequence
from typing import Any

from openinteractions.core import lifecycle
from openinteractions.core.attached import INLINE_BYTES
from openinteractions.core.errors import (
    DomainError,
    InternalError,
    NotFoundError,
    RequestError,
    UnavailableError,
    to_error,
)
from openinteractions.engine.attachments.media import Media, shown
from openinteractions.engine.file_ports import Objects
from openinteractions.engine.store_ports import (
    Claimed,
    InteractionStore,
    Lease,
    Record,
)
from openinteractions.v1 import interaction_pb2

MAX_BYTES = 100 * 1024 * 1024

_FAILED = interaction_pb2.InteractionStatus.INTERACTION_STATUS_FAILED

log = logging.getLogger(__name__)


class Attachments:
    """The store; what it does not have it leaves to the other one.

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
        self._media = Media(objects)
        self._max_bytes = max_bytes

    def __getattr__(self, name: str) -> Any:
        """Leave to the other store whatever has nothing to do with media."""
        return getattr(self._store, name)

    # The next two are no coroutines themselves: nearly every call only passes through.

    def add(
        self, record: Record, lineage: Sequence[str], **how: Any
    ) -> Coroutine[Any, Any, None]:
        """Store a new interaction; see `InteractionStore.add`."""
        if record.request.ByteSize() + record.interaction.ByteSize() > INLINE_BYTES:
            return self._add(record, lineage, how)
        return self._store.add(record, lineage, **how)

    def update(self, record: Record, *how: Any) -> Coroutine[Any, Any, bool]:
        """Replace an interaction that runs; see `InteractionStore.update`."""
        if record.request.ByteSize() + record.interaction.ByteSize() > INLINE_BYTES:
            return self._update(record, how)
        return self._store.update(record, *how)

    async def _add(
        self, record: Record, lineage: Sequence[str], how: dict[str, Any]
    ) -> None:
        record, written = await self._media.detach(record)
        try:
            await self._store.add(record, lineage, **how)
        except DomainError:
            await self._take_back(record, written)
            raise
        self._remember(record)

    async def _update(self, record: Record, how: tuple[Any, ...]) -> bool:
        record, written = await self._media.detach(record)
        try:
            changed = await self._store.update(record, *how)
        except DomainError:
            # It is tried again, and then they need not be written again.
            self._media.remember(record.interaction.id, record.attached)
            raise
        if not changed:
            await self._take_back(record, written)
        self._remember(record)
        return changed

    async def get(
        self,
        id: str,  # noqa: A002 - the resource's own word
        owner: str,
        *,
        media: bool = True,
    ) -> Record | None:
        """Return an interaction; see `InteractionStore.get`."""
        record = await self._store.get(id, owner, media=media)
        if record is None or not record.attached or not media:
            return record
        try:
            return await self._media.attach(record)
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

        Thoughts come without the media that are kept as objects.
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
        except NotFoundError:
            log.warning("a conversation up to %s: bytes of its media are lost", id)
            raise _of_earlier("bytes of its media are lost.") from None

    async def claim(self, lease: Lease, limit: int) -> Sequence[Claimed]:
        """Claim interactions; see `InteractionStore.claim`.

        One whose media cannot be had now is given back; one whose media are lost fails.
        """
        claimed = await self._store.claim(lease, limit)
        if not any(one.record.attached for one in claimed):
            return claimed
        ready = [await self._ready(one, lease) for one in claimed]
        return [one for one in ready if one is not None]

    async def claim_one(self, id: str, owner: str, lease: Lease) -> Claimed | None:  # noqa: A002
        """Claim an interaction, as `claim` does; see `InteractionStore.claim_one`."""
        claimed = await self._store.claim_one(id, owner, lease)
        return claimed and await self._ready(claimed, lease)

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove an interaction; see `InteractionStore.delete`.

        When it fails after media were removed, it can be repeated.
        """
        record = await self._store.get(id, owner, media=False)
        if record is None:
            return False
        if record.attached:
            await self._media.remove(id, record.attached)
        return await self._store.delete(id, owner)

    async def _take_back(self, record: Record, written: Collection[str]) -> None:
        """Remove what was written for a row that did not come about.

        What cannot be removed now is so by `Orphans`.
        """
        identifier = record.interaction.id
        try:
            row = await self._store.get(identifier, record.owner, media=False)
            unused = set(written) - set(row.attached if row else ())
            if unused:
                await self._media.remove(identifier, unused)
        except DomainError as error:
            log.warning("media of %s stay for now: %s", identifier, error.message)

    def _remember(self, record: Record) -> None:
        """Take note of what an interaction has, as long as it runs."""
        interaction = record.interaction
        if lifecycle.has_ended(interaction.status):
            self._media.forget(interaction.id)
        else:
            self._media.remember(interaction.id, record.attached)

    async def _attach_all(self, turns: Sequence[Record]) -> Sequence[Record]:
        """Give the turns of a conversation their media back.

        Raises:
            NotFoundError: some are not there.
            RequestError: there are too many.
        """
        if sum(shown(turn) for turn in turns if turn.attached) > self._max_bytes:
            raise _of_earlier(
                f"the media of the conversation have more than {self._max_bytes} "
                "bytes together, which is the most that a model is sent."
            )
        return [
            await self._media.attach(turn) if turn.attached else turn for turn in turns
        ]

    async def _ready(self, claimed: Claimed, lease: Lease) -> Claimed | None:
        """Give a claimed interaction its media back; None: it cannot be run."""
        record = claimed.record
        if not record.attached:
            return claimed
        interaction = record.interaction
        self._media.remember(interaction.id, record.attached)
        try:
            whole = await self._media.attach(record)
        except UnavailableError:
            epochs = {interaction.id: claimed.epoch}
            await self._store.release(lease.process, epochs)
            return None
        except NotFoundError:
            log.warning("interaction %s: bytes of its media are lost", interaction.id)
            interaction.status = _FAILED
            lost = InternalError("Bytes of the media in its input are lost.")
            interaction.errors.append(to_error(lost))
            await self._store.update(record, claimed.epoch)
            return None
        return dataclasses.replace(claimed, record=whole)


def _of_earlier(problem: str) -> RequestError:
    path = "previous_interaction_id"
    return RequestError(f"{path}: {problem}", field=path)
