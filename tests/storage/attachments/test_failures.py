"""Media while rows or objects fail, are lost, or go away under a reader."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from openinteractions.core.errors import (
    InternalError,
    NotFoundError,
    RequestError,
    UnavailableError,
)
from openinteractions.engine.store_ports import Record
from tests.storage.acceptance import COMPLETED, RUNNING
from tests.storage.attachments.parts import LARGE, Parts, with_media
from tests.storage.object_acceptance import content
from tests.storage.records import chain, page, record, turns


async def test_an_end_that_could_not_be_stored_is_stored_when_it_is_tried_again(
    parts: Parts,
) -> None:
    given, made = content(LARGE), content(LARGE, seed=2)
    await parts.begin(with_media("a", [given], status=RUNNING))
    parts.objects.failing = {"put"}
    with pytest.raises(UnavailableError):
        await parts.write(with_media("a", [given], [made]))
    running = await parts.store.get("a", "ann")
    assert running == with_media("a", [given], status=RUNNING)
    parts.objects.failing = set()
    assert await parts.write(with_media("a", [given], [made])) is True

    assert await parts.store.get("a", "ann") == with_media("a", [given], [made])


async def test_a_row_that_is_refused_leaves_no_media(parts: Parts) -> None:
    await parts.store.add(with_media("a", [content(LARGE)]), [])
    with pytest.raises(InternalError):
        await parts.store.add(
            with_media("a", [content(LARGE), content(LARGE, seed=2)]), []
        )

    assert len(await parts.keys()) == 1
    assert await parts.store.get("a", "ann") == with_media("a", [content(LARGE)])


async def test_an_update_of_what_was_deleted_leaves_no_media(parts: Parts) -> None:
    await parts.begin(with_media("a", [content(LARGE)], status=RUNNING))
    await parts.store.delete("a", "ann")
    made = with_media("a", [content(LARGE)], [content(LARGE, seed=2)])

    assert await parts.write(made) is False
    assert await parts.keys() == set()


async def test_an_update_of_what_has_ended_leaves_its_media_alone(parts: Parts) -> None:
    ended = with_media("a", [content(LARGE)], status=COMPLETED)
    await parts.store.add(ended, [])
    late = with_media("a", [content(LARGE)], [content(LARGE, seed=2)])

    assert await parts.write(late) is False
    assert await parts.store.get("a", "ann") == ended
    assert len(await parts.keys()) == 1


async def test_a_delete_that_was_cut_is_repeated(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parts.store.add(with_media("a", [content(LARGE)]), [])
    parts.objects.failing = {"delete"}
    with pytest.raises(UnavailableError):
        await parts.store.delete("a", "ann")
    parts.objects.failing = set()
    assert await parts.store.get("a", "ann") == with_media("a", [content(LARGE)])

    async def cut(*_: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(parts.rows, "delete", cut)
        with pytest.raises(asyncio.CancelledError):
            await parts.store.delete("a", "ann")
    with pytest.raises(NotFoundError, match="can be deleted"):
        await parts.store.get("a", "ann")
    with pytest.raises(RequestError, match="lost"):
        await parts.store.conversation("a", "ann")
    assert await page(parts.store) == ["a"]
    assert await parts.store.delete("a", "ann") is True
    assert await parts.store.get("a", "ann") is None


async def test_lost_bytes_are_said(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    await chain(parts.store, "a")
    await parts.store.add(with_media("b", [content(LARGE)]), ["a"])
    await parts.objects.delete(await parts.keys())

    with pytest.raises(NotFoundError, match="b cannot be read: bytes of its media"):
        await parts.store.get("b", "ann")
    assert "interaction b: bytes of its media are lost" in caplog.text
    with pytest.raises(RequestError) as caught:
        await parts.store.conversation("b", "ann")
    assert caught.value.field == "previous_interaction_id"


async def test_an_object_that_was_cut_is_not_given_out(parts: Parts) -> None:
    await parts.store.add(with_media("a", [content(LARGE)]), [])
    (key,) = await parts.keys()
    await parts.objects.put(key, b"short")

    with pytest.raises(NotFoundError):
        await parts.store.get("a", "ann")


async def test_objects_out_of_reach_fail_a_get_that_needs_them_and_no_other(
    parts: Parts,
) -> None:
    await parts.store.add(with_media("a", [content(LARGE)]), [])
    await parts.store.add(record("b"), [])
    parts.objects.failing = {"read"}

    with pytest.raises(UnavailableError):
        await parts.store.get("a", "ann")
    assert await parts.store.get("b", "ann") == record("b")
    assert await page(parts.store) == ["b", "a"]


async def test_what_is_deleted_while_it_is_read_is_not_there(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parts.store.add(with_media("a", [content(LARGE)]), [])
    row = await parts.rows.get("a", "ann")
    await parts.store.delete("a", "ann")
    real, given = parts.rows.get, [row]

    async def get(*args: Any, **rest: Any) -> Record | None:
        return given.pop() if given else await real(*args, **rest)

    monkeypatch.setattr(parts.rows, "get", get)
    assert await parts.store.get("a", "ann") is None


async def test_a_turn_that_is_deleted_while_it_is_read_is_left_out(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parts.store.add(with_media("a", [content(LARGE)]), [])
    await parts.store.add(record("b"), ["a"])
    before = await parts.rows.conversation("b", "ann")
    await parts.store.delete("a", "ann")
    real, given = parts.rows.conversation, [before]

    async def conversation(*args: Any, **rest: Any) -> Any:
        return given.pop() if given else await real(*args, **rest)

    monkeypatch.setattr(parts.rows, "conversation", conversation)
    assert await turns(parts.store, "b") == ["b"]


async def test_many_at_once_do_not_disturb_each_other(parts: Parts) -> None:
    async def live(name: str) -> None:
        mine = with_media(name, [content(LARGE, seed=hash(name))], status=RUNNING)
        await parts.begin(mine)
        mine.interaction.status = COMPLETED
        assert await parts.write(mine) is True
        assert await parts.store.get(name, "ann") == mine
        assert await parts.store.delete(name, "ann") is True

    await asyncio.gather(*(live(f"i{number}") for number in range(20)))
    assert await parts.keys() == set()
