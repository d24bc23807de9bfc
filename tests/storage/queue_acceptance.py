"""What every `InteractionStore` does with what waits; part of `acceptance`."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.errors import QueueFullError
from openinteractions.engine.store_ports import (
    Holder,
    InteractionStore,
    Wish,
)
from tests.storage.claims import (
    GONE,
    QUEUED,
    RUNNING,
    P,
    Q,
    enqueue,
    names,
    place,
    run,
    waits,
)
from tests.storage.records import page, record


class Queue:
    """A part of the suite; `store` is a fixture of the adapter's module."""

    async def test_what_waits_begins_when_it_is_claimed(
        self, store: InteractionStore
    ) -> None:
        odd = record("a", status=QUEUED, says="\0é" * 300)
        await store.add(odd, [], place=place())
        assert await store.holder("a", "ann") == Holder(None, lost=False)
        kept = await store.get("a", "ann")
        assert kept == odd

        (claimed,) = await store.claim(P, 10)
        begun = claimed.record.interaction
        assert (claimed.epoch, claimed.wishes, claimed.losses) == (1, Wish.NONE, 0)
        assert begun.updated.seconds > 0
        odd.interaction.status = RUNNING
        odd.interaction.updated.CopyFrom(begun.updated)
        assert claimed.record == odd
        assert await store.get("a", "ann") == odd
        (entry,) = await store.list("ann", limit=9, before=None)
        assert entry.status == RUNNING
        assert entry.updated == begun.updated
        assert await store.update(record("a"), 1) is True

    async def test_hundreds_are_claimed_at_once(self, store: InteractionStore) -> None:
        new = [f"a{number:03}" for number in range(400)]
        await asyncio.gather(*(enqueue(store, one) for one in new))

        assert sorted(names(await store.claim(P, 300))) != sorted(new)
        assert await store.queued() == 100
        await store.claim(P, 300)
        assert (await store.renew(P)).held == dict.fromkeys(new, 1)

    async def test_what_is_given_back_waits_before_all_others(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a", "b", "c")
        await enqueue(store, "d")
        await store.release("p", {"a": 1, "b": 1, "unknown": 1})

        assert await store.holder("a", "ann") == Holder(None, lost=False)
        assert await store.queued() == 3
        assert await store.update(record("a"), 1) is False
        assert (await store.renew(P)).held == {"c": 1}
        assert await store.get("a", "ann") == record("a", status=RUNNING)
        first, second, third = await store.claim(Q, 9)
        assert names([first, second, third]) == ["a", "b", "d"]
        assert (first.epoch, first.losses) == (2, 0)
        assert (third.epoch, third.losses) == (1, 0)

    async def test_the_lost_come_before_the_waiting(
        self, store: InteractionStore
    ) -> None:
        await enqueue(store, "a", "b")
        await run(store, "c", "d", lease=GONE)

        assert await store.claim(P, 0) == []
        assert sorted(names(await store.claim(P, 3))) == ["a", "c", "d"]
        assert names(await store.claim(P, 3)) == ["b"]

    @pytest.mark.parametrize(
        ("arrivals", "order"),
        [
            ("a1 a2 a3", "a1 a2 a3"),
            ("a1 a2 a3 b1", "a1 a2 b1 a3"),
            ("a1 b1 c1 a2 b2 c2", "a1 b1 c1 a2 b2 c2"),
            ("a1 a2 a3 b1 b2 b3", "a1 a2 b1 a3 b2 b3"),
            # Whoever has waited long is overtaken once at most.
            ("a1 a2 a3 . . b1 c1 d1", "a1 a2 a3 b1 c1 d1"),
            ("a1 a2 a3 . b1 . b2 . b3", "a1 a2 a3 b1 b2 b3"),
            # A flood, and then one caller after the other.
            ("a1 a2 a3 a4 a5 . . b1 c1 . d1", "a1 a2 a3 a4 b1 c1 a5 d1"),
            ("a1 . a2 . a3", "a1 a2 a3"),
        ],
    )
    async def test_turns_go_around_among_callers(
        self, store: InteractionStore, arrivals: str, order: str
    ) -> None:
        begun: list[str] = []
        for arrival in arrivals.split():
            if arrival == ".":
                begun += names(await store.claim(P, 1))
            else:
                await enqueue(store, arrival, caller=arrival[0])
        while claimed := await store.claim(P, 1):
            begun += names(claimed)

        assert begun == order.split()

    async def test_neither_a_flood_nor_a_trickle_starves(
        self, store: InteractionStore
    ) -> None:
        await enqueue(store, *(f"f{n:03}" for n in range(100)), caller="flood")
        begun: list[str] = []
        for number in range(50):
            await enqueue(store, f"t{number:03}", caller="trickle")
            begun += names(await store.claim(P, 2))

        flood = [name for name in begun if name[0] == "f"]
        trickle = [name for name in begun if name[0] == "t"]
        assert flood == sorted(flood)
        assert trickle == sorted(trickle)
        assert len(flood) >= 45
        assert len(trickle) >= 45

    async def test_a_queue_takes_what_it_is_allowed_to(
        self, store: InteractionStore
    ) -> None:
        for new in ("a", "b"):
            await store.add(waits(new), [], place=place(limit=2))
        with pytest.raises(QueueFullError):
            await store.add(waits("c"), [], place=place("bob", limit=2))
        assert await store.get("c", "ann") is None
        assert await store.queued() == 2
        await run(store, "d")

        assert names(await store.claim(P, 1)) == ["a"]
        await store.add(waits("c"), [], place=place(limit=2))
        assert await store.delete("b", "ann") is True
        await store.add(waits("b"), [], place=place(limit=2))
        assert await store.queued() == 2

    async def test_a_full_queue_is_no_matter_to_those_beside_it(
        self, store: InteractionStore
    ) -> None:
        outcomes = await asyncio.gather(
            *(store.add(waits(f"a{n}"), [], place=place(limit=3)) for n in range(9)),
            *(store.add(record(f"b{n}"), []) for n in range(9)),
            return_exceptions=True,
        )

        refused = [type(outcome) for outcome in outcomes if outcome is not None]
        assert refused == [QueueFullError] * 6
        assert await store.queued() == 3
        assert len(await page(store)) == 12

    async def test_what_waits_cannot_be_written(self, store: InteractionStore) -> None:
        await enqueue(store, "a")

        assert await store.update(record("a"), 0) is False
        assert await store.update(record("a"), 1) is False
        assert await store.get("a", "ann") == waits("a")
