"""What every `InteractionStore` does about who runs what; part of `acceptance`.

The store's own clock is not the test's: a lease is over at once, or not in this test.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import pytest

from openinteractions.core import ids, lifecycle
from openinteractions.core.errors import QueueFullError
from openinteractions.engine.store_ports import (
    Claimed,
    Holder,
    InteractionStore,
    Lease,
    Place,
    Record,
    Wish,
)
from tests.storage.records import Status, chain, page, record, turns

RUNNING = Status.INTERACTION_STATUS_IN_PROGRESS
QUEUED = Status.INTERACTION_STATUS_QUEUED
COMPLETED = Status.INTERACTION_STATUS_COMPLETED

LONG = 3600.0
P, Q = Lease("p", LONG), Lease("q", LONG)
GONE = Lease("gone", 0)


def place(caller: str = "ann", limit: int = 1000) -> Place:
    return Place(caller, limit)


def waits(id: str) -> Record:  # noqa: A002 - the resource's own word
    return record(id, status=QUEUED, says="")


async def enqueue(store: InteractionStore, *ids: str, caller: str = "ann") -> None:
    for new in ids:
        await store.add(waits(new), [], place=place(caller))


async def run(store: InteractionStore, *ids: str, lease: Lease = P) -> None:
    for new in ids:
        await store.add(record(new, status=RUNNING), [], lease=lease)


def names(claimed: Sequence[Claimed]) -> list[str]:
    return [one.record.interaction.id for one in claimed]


class Claims:
    """The suite; `store` is a fixture of the adapter's module, empty and bounded."""

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

    async def test_hundreds_are_claimed_at_once(self, store: InteractionStore) -> None:
        new = [f"a{number:03}" for number in range(400)]
        await asyncio.gather(*(enqueue(store, one) for one in new))

        assert sorted(names(await store.claim(P, 300))) != sorted(new)
        assert await store.queued() == 100
        await store.claim(P, 300)
        assert (await store.renew(P)).held == dict.fromkeys(new, 1)

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

    async def test_nothing_is_asked_of_what_has_ended(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a"), [], lease=P)
        await run(store, "b")
        await store.update(record("b"), 1)

        for one in ("a", "b", "unknown"):
            assert await store.ask(one, "ann", Wish.CANCEL) is None
            assert await store.holder(one, "ann") is None
        assert (await store.renew(P)).held == {}

    @pytest.mark.parametrize("status", sorted(lifecycle.ENDED), ids=Status.Name)
    async def test_what_has_ended_is_never_claimed(
        self, store: InteractionStore, status: Status
    ) -> None:
        await store.add(record("a", status=status), [], lease=GONE)
        await store.add(record("b", status=status), [], place=place(limit=0))
        await run(store, "c", lease=GONE)
        assert await store.update(record("c", status=status), 1) is True

        assert await store.claim(P, 9) == []
        for one in "abc":
            assert await store.claim_one(one, "ann", P) is None
            assert await store.get(one, "ann") == record(one, status=status)

    async def test_the_same_end_can_be_told_again(
        self, store: InteractionStore
    ) -> None:
        await run(store, "a")
        end = record("a", says="end")
        assert await store.update(end, 1) is True

        assert await store.update(end, 1) is True
        assert await store.update(record("a", says="other"), 1) is False
        assert await store.update(record("a", status=RUNNING, says="end"), 1) is False
        await store.delete("a", "ann")
        assert await store.update(end, 1) is False

    @pytest.mark.parametrize("attempts", ["", "1:0"])
    async def test_who_comes_to_the_same_end_without_a_claim_is_refused(
        self, store: InteractionStore, attempts: str
    ) -> None:
        await run(store, "a", lease=GONE)
        (claimed,) = await store.claim(P, 9)
        end = record("a", says="end")
        last = dataclasses.replace(end, attempts="1000:0")
        assert await store.update(last, claimed.epoch) is True

        mine = dataclasses.replace(end, attempts=attempts)
        assert await store.update(mine, claimed.epoch - 1) is False
        assert await store.update(last, claimed.epoch) is True
        assert await store.get("a", "ann") == last

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

    async def test_what_waits_cannot_be_written(self, store: InteractionStore) -> None:
        await enqueue(store, "a")

        assert await store.update(record("a"), 0) is False
        assert await store.update(record("a"), 1) is False
        assert await store.get("a", "ann") == waits("a")

    @pytest.mark.parametrize("state", ["waiting", "running", "lost"])
    async def test_what_is_deleted_is_nobody_s_any_more(
        self, store: InteractionStore, state: str
    ) -> None:
        await chain(store, "x", "y")
        if state == "waiting":
            await store.add(waits("a"), ["x", "y"], place=place())
        else:
            lease = P if state == "running" else GONE
            await store.add(record("a", status=RUNNING), ["x", "y"], lease=lease)
        await store.add(record("b"), ["x", "y", "a"])
        assert await store.delete("a", "ann") is True

        assert await store.holder("a", "ann") is None
        assert (await store.renew(P)).held == {}
        assert await store.claim(Q, 9) == []
        assert await store.queued() == 0
        assert await store.update(record("a"), 1) is False
        assert await turns(store, "b") == ["x", "y", "b"]
        # The name is free again, and nothing of the old one is left.
        await run(store, "a", lease=GONE)
        (claimed,) = await store.claim(Q, 9)
        assert (claimed.epoch, claimed.losses, claimed.wishes) == (2, 1, Wish.NONE)

    async def test_of_an_end_and_a_claim_one_wins(
        self, store: InteractionStore
    ) -> None:
        new = [f"a{number:02}" for number in range(20)]
        await run(store, *new, lease=GONE)
        claiming = asyncio.ensure_future(store.claim(P, 100))
        ended = await asyncio.gather(*(store.update(record(one), 1) for one in new))
        claimed = names(await claiming)

        assert sorted(claimed) == [
            one for one, won in zip(new, ended, strict=True) if not won
        ]
        for one, won in zip(new, ended, strict=True):
            kept = await store.get(one, "ann")
            assert kept is not None
            assert kept.interaction.status == (COMPLETED if won else RUNNING)

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

    async def test_the_oldest_that_nobody_runs_are_found(
        self, store: InteractionStore
    ) -> None:
        new = [ids.interaction_id(1000 * n, bytes(10)) for n in range(1, 7)]
        for name, owner in zip(new, ["ann", "bob"] * 3, strict=True):
            await store.add(record(name, owner=owner), [])
        late = [ids.interaction_id(1000 * n, bytes(9) + b"x") for n in (1, 2, 3)]
        await store.add(waits(late[0]), [], place=place())
        await store.add(record(late[1], status=RUNNING), [], lease=GONE)
        await store.add(record(late[2], status=RUNNING), [])

        assert list(await store.aged(0.5, 9)) == []
        assert list(await store.aged(3, 9)) == [(new[0], "ann"), (new[1], "bob")]
        assert list(await store.aged(100, 3)) == [
            (new[0], "ann"),
            (new[1], "bob"),
            (new[2], "ann"),
        ]
        # What another server makes may be over there, and nobody may ever look.
        found = {name for name, _ in await store.aged(100, 9)}
        assert found == {*new, late[2]}
        for name, owner in await store.aged(5.5, 9):
            assert await store.delete(name, owner) is True
        assert list(await store.aged(100, 9)) == [(new[5], "bob")]
