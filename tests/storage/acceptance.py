"""What every `InteractionStore` does. Adapters' tests derive from this class."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from openinteractions.core import lifecycle
from openinteractions.core.errors import InternalError
from openinteractions.engine.store_ports import InteractionStore, Lease, Remote
from openinteractions.v1.interaction_pb2 import Interaction
from tests.storage.claim_acceptance import Claims
from tests.storage.conversation_acceptance import Conversations
from tests.storage.end_acceptance import Ends
from tests.storage.queue_acceptance import Queue
from tests.storage.records import Status, chain, page, record, turns

RUNNING = Status.INTERACTION_STATUS_IN_PROGRESS
COMPLETED = Status.INTERACTION_STATUS_COMPLETED

ELSEWHERE = 0
"""The epoch of what no process runs."""


class Acceptance(Claims, Queue, Ends, Conversations):
    """The suite; `store` is a fixture of the adapter's module, empty and bounded."""

    async def test_what_was_added_is_returned_whole(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a"), [])

        assert await store.get("a", "ann") == record("a")

    async def test_an_unknown_id_is_not_there(self, store: InteractionStore) -> None:
        await store.add(record("a"), [])

        assert await store.get("b", "ann") is None
        assert await store.get("", "ann") is None
        assert list(await store.conversation("b", "ann")) == []
        assert await store.delete("b", "ann") is False
        assert await store.update(record("b", status=RUNNING), ELSEWHERE) is False

    async def test_another_owner_sees_and_changes_nothing(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a", status=RUNNING), [])

        for other in ("bob", "", "ANN"):
            assert await store.get("a", other) is None
            assert list(await store.conversation("a", other)) == []
            assert await page(store, other) == []
            assert await store.delete("a", other) is False
            assert await store.update(record("a", owner=other), ELSEWHERE) is False
        assert await store.get("a", "ann") == record("a", status=RUNNING)

    async def test_without_authentication_the_owner_is_empty(
        self, store: InteractionStore
    ) -> None:
        await chain(store, "a", "b", owner="")

        assert await store.get("a", "") == record("a", owner="")
        assert await turns(store, "b", "") == ["a", "b"]
        assert await page(store, "") == ["b", "a"]

    async def test_a_taken_id_is_refused_and_its_interaction_kept(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a", says="first"), [])

        for owner in ("ann", "bob"):
            with pytest.raises(InternalError):
                await store.add(record("a", owner=owner, says="second"), [])
        assert await store.get("a", "ann") == record("a", says="first")

    async def test_what_was_handed_over_does_not_change_any_more(
        self, store: InteractionStore
    ) -> None:
        mine = record("a")
        adding = asyncio.ensure_future(store.add(mine, []))
        await asyncio.sleep(0)
        await adding
        mine.interaction.steps[0].model_output.content[0].text.text = "changed"
        theirs = await store.get("a", "ann")
        assert theirs is not None
        theirs.interaction.Clear()

        assert await store.get("a", "ann") == record("a")

    async def test_text_of_any_kind_is_kept(self, store: InteractionStore) -> None:
        odd = "a\0b 'quoted\" ;-- 🙂 \u2028 \x7f"
        await store.add(record("odd", owner=odd, says=odd), [])

        assert await store.get("odd", odd) == record("odd", owner=odd, says=odd)

    async def test_which_attempts_there_were_is_kept(
        self, store: InteractionStore
    ) -> None:
        begun = record("a", status=RUNNING)
        await store.add(begun, [], lease=Lease("gone", 0))
        retried = dataclasses.replace(begun, attempts="1000:0 1001:2")
        assert await store.update(retried, 1) is True
        assert await store.get("a", "ann") == retried

        (claimed,) = await store.claim(Lease("p", 60), 1)
        assert claimed.record == retried
        ended = dataclasses.replace(record("a"), attempts="1000:0 2000:2")
        assert await store.update(ended, 2) is True
        assert await store.get("a", "ann") == ended

    @pytest.mark.parametrize("remote", [None, Remote("elsewhere", "x", whole=True)])
    async def test_what_a_request_says_at_length_is_kept(
        self, store: InteractionStore, remote: Remote | None
    ) -> None:
        begun = dataclasses.replace(record("a", status=RUNNING), remote=remote)
        for message in (begun.request, begun.interaction):
            message.system_instruction = "Be brief. " * 100
            message.tools.add().function.name = "f"
            message.tools.add().function.name = "g"
            message.response_format.SetInParent()
            message.generation_config.temperature = 0.5
        await store.add(begun, [], lease=Lease("gone", 0))
        assert await store.get("a", "ann") == begun

        (claimed,) = await store.claim(Lease("p", 60), 1)
        assert claimed.record == begun
        ended = dataclasses.replace(begun, interaction=Interaction())
        ended.interaction.CopyFrom(begun.interaction)
        ended.interaction.status = COMPLETED
        assert await store.update(ended, claimed.epoch) is True
        assert await store.update(ended, claimed.epoch) is True
        assert await store.get("a", "ann") == ended
        (turn,) = await store.conversation("a", "ann")
        assert turn.request.input == ended.request.input
        assert turn.interaction.steps == ended.interaction.steps
        assert turn.interaction.status == COMPLETED
        # What another server made may be written again.
        assert remote is None or turn == ended

    async def test_large_interactions_are_kept(self, store: InteractionStore) -> None:
        large = record("a", says="x" * 3_000_000)
        await store.add(large, [])

        assert await store.get("a", "ann") == large
        assert list(await store.conversation("a", "ann")) == [large]

    async def test_an_update_replaces_a_running_interaction(
        self, store: InteractionStore
    ) -> None:
        queued = record("a", status=Status.INTERACTION_STATUS_QUEUED, says="")
        await store.add(queued, [])
        assert (
            await store.update(record("a", status=RUNNING, says="Hel"), ELSEWHERE)
            is True
        )
        assert await store.get("a", "ann") == record("a", status=RUNNING, says="Hel")
        assert await store.update(record("a", says="Hello"), ELSEWHERE) is True

        assert await store.get("a", "ann") == record("a", says="Hello")

    @pytest.mark.parametrize("status", sorted(lifecycle.ENDED), ids=Status.Name)
    async def test_an_interaction_that_has_ended_does_not_change(
        self, store: InteractionStore, status: Status
    ) -> None:
        await store.add(record("a", status=RUNNING), [])
        assert (
            await store.update(record("a", status=status, says="end"), ELSEWHERE)
            is True
        )
        for later in (RUNNING, COMPLETED, status):
            changed = await store.update(
                record("a", status=later, says="later"), ELSEWHERE
            )
            assert changed is False

        assert await store.get("a", "ann") == record("a", status=status, says="end")

    async def test_an_update_after_a_delete_brings_nothing_back(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a", status=RUNNING), [])
        assert await store.delete("a", "ann") is True
        assert await store.update(record("a"), ELSEWHERE) is False

        assert await store.get("a", "ann") is None
        assert await page(store) == []

    async def test_an_update_keeps_what_the_interaction_continues(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a"), [])
        await store.add(record("b", status=RUNNING, continues="a"), ["a"])
        await store.update(record("b", continues="a"), ELSEWHERE)

        assert await turns(store, "b") == ["a", "b"]

    async def test_a_list_is_newest_first(self, store: InteractionStore) -> None:
        for new in ("c", "a", "b"):
            await store.add(record(new), [])
        await store.add(record("d", owner="bob"), [])

        assert await page(store) == ["c", "b", "a"]
        assert await page(store, "bob") == ["d"]
        assert await page(store, "eve") == []

    async def test_a_list_has_no_steps_and_no_long_members(
        self, store: InteractionStore
    ) -> None:
        short = record("a", status=RUNNING).interaction
        del short.steps[:]
        short.labels["team"] = "blue"
        short.usage.total_tokens = 7
        short.response_modalities.append("text")
        long = record("a", status=RUNNING)
        long.interaction.MergeFrom(short)
        long.interaction.system_instruction = "Be brief."
        long.interaction.tools.add().function.name = "f"
        long.interaction.response_format.single.text.mime_type = "application/json"
        long.interaction.input.text = "Hi"
        await store.add(long, [])
        assert list(await store.list("ann", limit=1, before=None)) == [short]

        long.interaction.status = short.status = COMPLETED
        assert await store.update(long, ELSEWHERE) is True
        assert list(await store.list("ann", limit=1, before=None)) == [short]
        assert await store.get("a", "ann") == long

    async def test_pages_follow_each_other(self, store: InteractionStore) -> None:
        for new in "abcde":
            await store.add(record(new), [])

        assert await page(store, limit=2) == ["e", "d"]
        assert await page(store, limit=2, before="d") == ["c", "b"]
        assert await page(store, limit=2, before="b") == ["a"]
        assert await page(store, limit=2, before="a") == []

    async def test_pages_go_on_after_an_entry_that_was_deleted(
        self, store: InteractionStore
    ) -> None:
        for new in "abcde":
            await store.add(record(new), [])
        assert await page(store, limit=2) == ["e", "d"]
        await store.delete("d", "ann")
        await store.delete("b", "ann")
        await store.add(record("f"), [])

        assert await page(store, limit=2, before="d") == ["c", "a"]

    async def test_a_list_has_running_and_ended_interactions(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a", status=RUNNING), [])
        await store.add(record("b"), ["a"])

        assert await page(store) == ["b", "a"]

    async def test_concurrent_calls_do_not_disturb_each_other(
        self, store: InteractionStore
    ) -> None:
        async def live(name: str) -> None:
            ids = [f"{name}{number}" for number in range(5)]
            await chain(store, *ids, owner=name)
            assert await turns(store, ids[-1], name) == ids
            assert await store.delete(ids[2], name) is True
            assert await turns(store, ids[-1], name) == ids[:2] + ids[3:]
            assert await page(store, name) == list(reversed(ids[:2] + ids[3:]))

        await asyncio.gather(*(live(f"owner{number:02}") for number in range(40)))

    async def test_of_two_that_end_an_interaction_one_wins(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a", status=RUNNING), [])
        cancelled = Status.INTERACTION_STATUS_CANCELLED
        won = await asyncio.gather(
            store.update(record("a", status=COMPLETED), ELSEWHERE),
            store.update(record("a", status=cancelled), ELSEWHERE),
        )

        assert sorted(won) == [False, True]
        kept = await store.get("a", "ann")
        assert kept is not None
        assert kept.interaction.status == (COMPLETED if won[0] else cancelled)

    async def test_of_two_that_delete_an_interaction_one_finds_it(
        self, store: InteractionStore
    ) -> None:
        await store.add(record("a"), [])
        found = await asyncio.gather(store.delete("a", "ann"), store.delete("a", "ann"))

        assert sorted(found) == [False, True]
