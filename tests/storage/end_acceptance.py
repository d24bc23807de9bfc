"""What every `InteractionStore` does with what ends; part of `acceptance`."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from openinteractions.core import ids, lifecycle
from openinteractions.engine.store_ports import (
    InteractionStore,
    Wish,
)
from tests.storage.claims import (
    COMPLETED,
    GONE,
    RUNNING,
    P,
    Q,
    names,
    place,
    run,
    waits,
)
from tests.storage.records import Status, chain, record, turns


class Ends:
    """A part of the suite; `store` is a fixture of the adapter's module."""

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
