"""What every `InteractionStore` does about who runs what; part of `acceptance`."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.engine.store_ports import (
    Claimed,
    Holder,
    InteractionStore,
    Lease,
    Wish,
)
from tests.storage.claims import (
    GONE,
    LONG,
    RUNNING,
    P,
    Q,
    enqueue,
    names,
    run,
)
from tests.storage.records import chain, record, turns


class Claims:
    """A part of the suite; `store` is a fixture of the adapter's module."""

    async def test_what_runs_under_a_lease_is_its_process_s(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a")

        assert await store.holder("a", "ann") == Holder("p", lost=False)
        assert await store.claim(Q, 10) == []
        assert await store.claim_one("a", "ann", Q) is None
        assert await store.get("a", "ann") == record("a", status=RUNNING)
        assert await store.update(record("a"), 1) is True
        assert await store.holder("a", "ann") is None

    async def test_what_was_lost_is_claimed_as_it_was_last_written(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a", lease=GONE)
        written = record("a", status=RUNNING, says="Hel")
        assert await store.update(written, 1) is True
        assert await store.holder("a", "ann") == Holder("gone", lost=True)

        claimed = await store.claim(P, 10)
        assert claimed == [Claimed(written, 2, Wish.NONE, 1)]
        assert await store.holder("a", "ann") == Holder("p", lost=False)
        assert await store.claim(Q, 10) == []
        assert await store.update(record("a", says="Hello"), 2) is True
        assert await store.get("a", "ann") == record("a", says="Hello")

    async def test_everything_is_claimed_exactly_once(
        self, store: InteractionStore
    ) -> None:
        waiting = [f"w{number:03}" for number in range(60)]
        lost = [f"l{number:03}" for number in range(40)]
        await enqueue(store, *waiting)
        await run(store, *lost, lease=GONE)

        async def work(process: str) -> list[str]:
            mine = []
            while found := names(await store.claim(Lease(process, LONG), 7)):
                mine += found
            return mine

        shares = await asyncio.gather(*(work(f"p{number}") for number in range(8)))
        every = [name for share in shares for name in share]
        assert sorted(every) == sorted(waiting + lost)
        for number, share in enumerate(shares):
            renewed = await store.renew(Lease(f"p{number}", LONG))
            assert sorted(renewed.held) == sorted(share)

    async def test_who_was_overtaken_cannot_write(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a", lease=GONE)
        await store.claim(P, 1)

        assert await store.update(record("a"), 1) is False
        assert await store.update(record("a", status=RUNNING), 1) is False
        assert (await store.renew(Lease("gone", LONG))).held == {}
        await store.release("gone", {"a": 1})
        await store.release("gone", {"a": 2})
        await store.release("p", {"a": 1})
        assert (await store.renew(P)).held == {"a": 2}
        assert await store.get("a", "ann") == record("a", status=RUNNING)

    async def test_a_process_can_overtake_itself(self, store: InteractionStore) -> None:
        await run(store, "a", lease=Lease("p", 0))
        assert names(await store.claim(P, 1)) == ["a"]

        assert (await store.renew(P)).held == {"a": 2}
        assert await store.update(record("a"), 1) is False
        assert await store.update(record("a"), 2) is True

    async def test_who_was_lost_but_not_overtaken_can_write(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a", lease=GONE)

        assert await store.update(record("a"), 1) is True
        assert await store.claim(P, 9) == []

    async def test_a_sign_of_life_is_for_all_of_a_process(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a", "b", lease=GONE)
        await run(store, "c", lease=Lease("other", 0))
        renewed = await store.renew(Lease("gone", LONG))
        assert renewed.held == {"a": 1, "b": 1}
        assert renewed.wishes == {}
        assert await store.holder("a", "ann") == Holder("gone", lost=False)

        assert names(await store.claim(P, 9)) == ["c"]
        assert (await store.renew(GONE)).held == {"a": 1, "b": 1}
        assert sorted(names(await store.claim(P, 9))) == ["a", "b"]

    async def test_a_sign_of_life_is_also_for_what_is_claimed_later(
        self, store: InteractionStore
    ) -> None:
        await store.renew(Lease("gone", LONG))
        await run(store, "a", lease=GONE)
        await enqueue(store, "b")
        assert names(await store.claim(GONE, 9)) == ["b"]

        assert await store.claim(P, 9) == []
        assert (await store.renew(GONE)).held == {"a": 1, "b": 1}
        # A longer lease holds all the same.
        await run(store, "c", lease=Lease("gone", LONG))
        assert sorted(names(await store.claim(P, 9))) == ["a", "b"]

    async def test_a_process_that_holds_nothing_can_live(
        self, store: InteractionStore
    ) -> None:
        for lease in (P, GONE, P):
            renewed = await store.renew(lease)
            assert (renewed.held, renewed.wishes) == ({}, {})
            assert await store.claim(Q, 9) == []

    async def test_losses_are_counted_until_something_is_written(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a", lease=GONE)
        for losses in range(1, 4):
            (claimed,) = await store.claim(Lease(f"p{losses}", 0), 1)
            assert (claimed.losses, claimed.epoch) == (losses, 1 + losses)
        assert await store.update(record("a", status=RUNNING, says="x"), 4) is True
        (claimed,) = await store.claim(P, 1)
        assert (claimed.losses, claimed.epoch) == (1, 5)
        await store.release("p", {"a": 5})
        (claimed,) = await store.claim(P, 1)
        assert (claimed.losses, claimed.epoch) == (1, 6)

    @pytest.mark.parametrize("state", ["waiting", "running", "lost"])
    async def test_a_wish_reaches_who_runs_it_next_or_now(
        self, store: InteractionStore, state: str
    ) -> None:
        if state == "waiting":
            await enqueue(store, "a")
        else:
            await run(store, "a", lease=P if state == "running" else GONE)
        holder = await store.ask("a", "ann", Wish.CANCEL)
        process = {"waiting": None, "running": "p", "lost": "gone"}[state]
        assert holder == Holder(process, lost=state == "lost")
        assert await store.ask("a", "bob", Wish.FOLLOW) is None

        if state != "running":
            (claimed,) = await store.claim(P, 1)
            assert claimed.wishes == Wish.CANCEL
        assert (await store.renew(P)).wishes == {"a": Wish.CANCEL}
        await store.ask("a", "ann", Wish.FOLLOW)
        both = {"a": Wish.CANCEL | Wish.FOLLOW}
        assert (await store.renew(P)).wishes == both
        assert (await store.renew(P)).wishes == both

    async def test_a_wish_survives_being_written_and_given_back(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a")
        await store.ask("a", "ann", Wish.FOLLOW)
        assert await store.update(record("a", status=RUNNING), 1) is True
        await store.release("p", {"a": 1})

        (claimed,) = await store.claim(Q, 1)
        assert claimed.wishes == Wish.FOLLOW

    async def test_one_is_claimed_if_it_can_be(self, store: InteractionStore) -> None:
        await run(store, "lost", lease=GONE)
        await run(store, "running")
        await enqueue(store, "waiting")
        await store.add(record("elsewhere", status=RUNNING), [])
        for one in ("running", "elsewhere", "unknown"):
            assert await store.claim_one(one, "ann", Q) is None
        for one in ("lost", "waiting"):
            assert await store.claim_one(one, "bob", Q) is None

        claimed = await store.claim_one("lost", "ann", Q)
        assert claimed == Claimed(record("lost", status=RUNNING), 2, Wish.NONE, 1)
        claimed = await store.claim_one("waiting", "ann", Q)
        assert claimed is not None
        assert claimed.epoch == 1
        assert claimed.record.interaction.status == RUNNING
        assert (await store.renew(Q)).held == {"lost": 2, "waiting": 1}
        assert await store.claim(P, 9) == []

    async def test_what_is_made_elsewhere_belongs_to_nobody(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a", status=RUNNING), [])

        assert await store.holder("a", "ann") == Holder(None, lost=False)
        assert await store.claim(P, 9) == []
        assert await store.queued() == 0
        assert await store.update(record("a", status=RUNNING, says="x"), 0) is True
        assert await store.update(record("a"), 0) is True
        assert await store.update(record("a", says="x"), 0) is False

    async def test_of_two_claims_of_one_one_wins(self, store: InteractionStore) -> None:
        await enqueue(store, "a")
        found = await asyncio.gather(
            store.claim_one("a", "ann", P),
            store.claim_one("a", "ann", Q),
            store.claim(Lease("r", LONG), 1),
        )

        assert sum(bool(one) for one in found) == 1

    async def test_a_run_that_was_claimed_can_be_continued(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a")
        await store.add(record("b", status=RUNNING), ["a"], lease=GONE)
        (claimed,) = await store.claim(P, 1)
        assert await turns(store, "b") == ["a", "b"]
        assert await store.update(record("b"), claimed.epoch) is True
        await store.add(record("c"), ["a", "b"])

        assert await turns(store, "c") == ["a", "b", "c"]
