"""What every `InteractionStore` does with turns that continue each other."""

from __future__ import annotations

import asyncio

from openinteractions.engine.store_ports import InteractionStore
from tests.storage.records import chain, record, turns


class Conversations:
    """A part of the suite; `store` is a fixture of the adapter's module."""

    async def test_a_conversation_comes_oldest_first(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a", "b", "c")

        assert [
            turn.interaction.previous_interaction_id
            for turn in await store.conversation("c", "ann")
        ] == ["", "a", "b"]
        assert await turns(store, "c") == ["a", "b", "c"]
        assert await turns(store, "b") == ["a", "b"]
        assert await turns(store, "a") == ["a"]

    async def test_order_of_a_conversation_is_not_that_of_ids(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "z", "a", "m", "b")

        assert await turns(store, "b") == ["z", "a", "m", "b"]

    async def test_a_conversation_has_branches(self, store: InteractionStore) -> None:
        await chain(store, "a", "b", "c")
        await store.add(record("b2", continues="a"), ["a"])
        await store.add(record("c2", continues="b2"), ["a", "b2"])
        await store.add(record("c3", continues="b2"), ["a", "b2"])

        assert await turns(store, "c") == ["a", "b", "c"]
        assert await turns(store, "c2") == ["a", "b2", "c2"]
        assert await turns(store, "c3") == ["a", "b2", "c3"]

    async def test_a_conversation_of_1000_turns_is_whole(
        self, store: InteractionStore
    ) -> None:
        ids = [f"turn{number:04}" for number in range(1000)]
        await asyncio.gather(
            *(
                store.add(record(turn), ids[max(0, place - 1) : place])
                for place, turn in enumerate(ids)
            )
        )

        assert await turns(store, ids[-1]) == ids
        assert await store.delete(ids[500], "ann") is True
        assert await turns(store, ids[-1]) == ids[:500] + ids[501:]

    async def test_deleting_within_a_conversation_leaves_the_others(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a", "b", "c", "d")
        assert await store.delete("b", "ann") is True

        assert await store.get("b", "ann") is None
        assert await turns(store, "b") == []
        assert await turns(store, "d") == ["a", "c", "d"]
        c = await store.get("c", "ann")
        assert c is not None
        assert c.interaction.previous_interaction_id == "b"

    async def test_deleting_neighbours_in_any_order_leaves_the_others(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a", "b", "c", "d", "e")
        for turn in ("c", "b", "d"):
            assert await store.delete(turn, "ann") is True

        assert await turns(store, "e") == ["a", "e"]

    async def test_deleting_the_first_turn_leaves_the_others(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a", "b", "c")
        await store.add(record("b2", continues="a"), ["a"])
        assert await store.delete("a", "ann") is True

        assert await turns(store, "c") == ["b", "c"]
        assert await turns(store, "b2") == ["b2"]

    async def test_deleting_the_last_turn_leaves_the_others(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a", "b")
        assert await store.delete("b", "ann") is True

        assert await turns(store, "a") == ["a"]

    async def test_deleting_a_fork_relinks_every_branch(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a", "b", "c")
        await store.add(record("d", continues="b"), ["a", "b"])
        assert await store.delete("b", "ann") is True

        assert await turns(store, "c") == ["a", "c"]
        assert await turns(store, "d") == ["a", "d"]

    async def test_deleting_twice_finds_nothing_the_second_time(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a"), [])

        assert await store.delete("a", "ann") is True
        assert await store.delete("a", "ann") is False

    async def test_what_is_continued_may_be_deleted_meanwhile(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a", "b", "c")
        lineage = await turns(store, "c")
        await store.delete("c", "ann")
        await store.delete("b", "ann")
        await store.add(record("d", continues="c"), lineage)
        assert await turns(store, "d") == ["a", "d"]

        await store.delete("a", "ann")
        await store.add(record("e", continues="c"), lineage)
        assert await turns(store, "e") == ["e"]

    async def test_another_owners_turns_are_never_continued(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a"), [])
        await store.add(record("b", owner="bob"), ["a"])

        assert await turns(store, "b", "bob") == ["b"]
