"""What a claimed interaction has of its media."""

from __future__ import annotations

from openinteractions.engine.store_ports import Place
from tests.storage.acceptance import COMPLETED, RUNNING
from tests.storage.attachments.parts import LARGE, LEASE, Parts, with_media
from tests.storage.object_acceptance import content
from tests.storage.records import Status

FAILED = Status.INTERACTION_STATUS_FAILED


async def test_what_is_claimed_has_its_media(parts: Parts) -> None:
    given = content(LARGE)
    await parts.store.add(
        with_media("a", [given], status=RUNNING), [], place=Place("ann", 10)
    )
    (claimed,) = await parts.store.claim(LEASE, 10)
    assert claimed.record == with_media("a", [given], status=RUNNING)
    claimed.record.interaction.status = COMPLETED
    assert await parts.store.update(claimed.record, claimed.epoch) is True

    assert await parts.store.get("a", "ann") == with_media("a", [given])
    assert parts.objects.asked.count("put") == 1


async def test_what_cannot_be_read_now_is_given_back_and_claimed_later(
    parts: Parts,
) -> None:
    running = with_media("a", [content(LARGE)], status=RUNNING)
    await parts.store.add(running, [], place=Place("ann", 10))
    parts.objects.failing = {"read"}
    assert await parts.store.claim(LEASE, 10) == []
    assert await parts.store.claim_one("a", "ann", LEASE) is None
    parts.objects.failing = set()
    claimed = await parts.store.claim_one("a", "ann", LEASE)

    assert claimed is not None
    assert claimed.record == with_media("a", [content(LARGE)], status=RUNNING)


async def test_what_has_lost_its_media_fails_when_it_is_claimed(parts: Parts) -> None:
    running = with_media("a", [content(LARGE)], status=RUNNING)
    await parts.store.add(running, [], place=Place("ann", 10))
    await parts.objects.delete(await parts.keys())

    assert await parts.store.claim(LEASE, 10) == []
    (entry,) = await parts.store.list("ann", limit=1, before=None)
    assert entry.status == FAILED
    assert "media" in entry.errors[0].message
