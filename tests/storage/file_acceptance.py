"""What every `FileStore` does. Adapters' tests derive from this class."""

from __future__ import annotations

import asyncio

import pytest

from openinteractions.core.errors import InternalError
from openinteractions.engine.file_ports import (
    FileRecord,
    FileStore,
    Partial,
    Upload,
)
from openinteractions.v1 import file_pb2, file_service_pb2

State = file_service_pb2.UploadState
ACTIVE = State.UPLOAD_STATE_ACTIVE
FINAL = State.UPLOAD_STATE_FINAL
CANCELLED = State.UPLOAD_STATE_CANCELLED

NOW = 1_900_000_000.0
"""Whatever the other functions make has not expired then."""


def file(id: str, owner: str = "ann", *, expires: float = NOW + 10) -> FileRecord:  # noqa: A002 - the resource's own word
    made = file_pb2.File(name=f"files/{id}", display_name=f"of {owner}", size_bytes=3)
    made.expiration_time.FromMilliseconds(round(expires * 1000))
    return FileRecord(owner, made)


def upload(key: str, *, expires: float = NOW + 10) -> Upload:
    made = file_pb2.File(name=f"files/f{key}", display_name="mine", size_bytes=0)
    return Upload(key=key, owner="ann", file=made, expires=expires)


async def page(
    store: FileStore, owner: str = "ann", *, limit: int = 10, before: str | None = None
) -> list[str]:
    found = await store.list(owner, limit=limit, before=before, now=NOW)
    return [record.id for record in found]


async def finished(store: FileStore, key: str) -> None:
    await store.begin(upload(key))
    claimed = await store.claim(key)
    assert claimed is not None
    assert await store.finish(key, claimed.epoch, file(f"f{key}"))


class FileAcceptance:
    """The suite; `files` is a fixture of the adapter's module, empty."""

    async def test_a_file_is_returned_whole_to_its_owner_and_to_nobody_else(
        self, files: FileStore
    ) -> None:
        await files.add(file("a"))

        assert await files.get("a", "ann") == file("a")
        for other in ("bob", "", "ANN"):
            assert await files.get("a", other) is None
            assert await files.delete("a", other) is False
            assert await page(files, other) == []
        assert await files.get("a", "ann") == file("a")

    async def test_a_taken_id_is_refused(self, files: FileStore) -> None:
        await files.add(file("a"))
        await files.begin(upload("k"))

        with pytest.raises(InternalError):
            await files.add(file("a", "bob"))
        with pytest.raises(InternalError):
            await files.begin(upload("k"))
        assert await files.get("a", "ann") == file("a")

    async def test_what_was_handed_over_or_given_does_not_change_any_more(
        self, files: FileStore
    ) -> None:
        mine, begun = file("a"), upload("k")
        await files.add(mine)
        await files.begin(begun)
        mine.file.display_name = begun.file.display_name = "changed"
        given = await files.get("a", "ann")
        found = await files.find("k")
        assert given is not None
        assert found is not None
        given.file.display_name = found.file.display_name = "changed"

        assert await files.get("a", "ann") == file("a")
        assert await files.find("k") == upload("k")

    async def test_pages_go_from_the_newest_to_the_oldest(
        self, files: FileStore
    ) -> None:
        for id in ("b", "d", "a", "c"):  # noqa: A001
            await files.add(file(id))
        await files.add(file("e", "bob"))

        assert await page(files) == ["d", "c", "b", "a"]
        assert await page(files, limit=3) == ["d", "c", "b"]
        assert await page(files, before="b") == ["a"]
        assert await page(files, before="a") == []
        await files.delete("c", "ann")
        assert await page(files, before="c", limit=1) == ["b"]

    async def test_the_list_leaves_out_what_has_expired(self, files: FileStore) -> None:
        await files.add(file("a", expires=NOW))
        await files.add(file("b", expires=NOW + 1))

        assert await page(files) == ["b"]

    async def test_a_deleted_file_is_gone_and_its_upload_with_it(
        self, files: FileStore
    ) -> None:
        await finished(files, "k")

        assert await files.delete("fk", "ann") is True
        assert await files.delete("fk", "ann") is False
        assert await files.get("fk", "ann") is None
        assert await files.find("k") is None
        assert await page(files) == []

    async def test_an_unknown_upload_is_not_there(self, files: FileStore) -> None:
        await files.begin(upload("k"))

        assert await files.find("other") is None
        assert await files.claim("other") is None
        assert await files.cancel("other") is None
        assert await files.advance("other", 1, Partial(1)) is False
        assert await files.finish("other", 1, file("a")) is False
        assert await page(files) == []

    async def test_only_the_last_writer_gets_on(self, files: FileStore) -> None:
        await files.begin(upload("k"))
        first = await files.claim("k")
        assert first is not None
        assert await files.advance("k", first.epoch, Partial(5, "five"))
        second = await files.claim("k")
        assert second is not None

        assert second.partial == Partial(5, "five")
        assert second.epoch > first.epoch
        assert await files.advance("k", first.epoch, Partial(9, "nine")) is False
        assert await files.finish("k", first.epoch, file("fk")) is False
        assert await files.get("fk", "ann") is None
        assert await files.find("k") == second
        assert await files.advance("k", second.epoch, Partial(7, "seven"))

    async def test_of_writers_at_the_same_time_one_gets_on(
        self, files: FileStore
    ) -> None:
        await files.begin(upload("k"))
        claims = await asyncio.gather(*(files.claim("k") for _ in range(8)))
        epochs = [claim.epoch for claim in claims if claim is not None]
        results = await asyncio.gather(
            *(files.advance("k", epoch, Partial(epoch, "")) for epoch in epochs)
        )

        assert len(set(epochs)) == 8
        assert sum(results) == 1
        found = await files.find("k")
        assert found is not None
        assert found.partial.size == max(epochs)

    async def test_the_file_is_there_exactly_when_the_upload_is_final(
        self, files: FileStore
    ) -> None:
        await files.begin(upload("k"))
        claimed = await files.claim("k")
        assert claimed is not None
        await files.advance("k", claimed.epoch, Partial(3, "p"))
        assert await files.get("fk", "ann") is None
        assert await files.finish("k", claimed.epoch, file("fk"))

        found = await files.find("k")
        assert found is not None
        assert (found.state, found.partial) == (FINAL, Partial(3, "p"))
        assert await files.get("fk", "ann") == file("fk")

    @pytest.mark.parametrize("state", [FINAL, CANCELLED])
    async def test_an_upload_that_has_ended_stays_as_it_is(
        self, files: FileStore, state: file_service_pb2.UploadState
    ) -> None:
        await files.begin(upload("k"))
        claimed = await files.claim("k")
        assert claimed is not None
        if state == FINAL:
            await files.finish("k", claimed.epoch, file("fk"))
        else:
            await files.cancel("k")
        ended = await files.find("k")
        assert ended is not None

        assert ended.state == state
        assert await files.claim("k") == ended
        assert await files.cancel("k") == ended
        assert await files.advance("k", ended.epoch, Partial(9)) is False
        assert await files.finish("k", ended.epoch, file("other")) is False
        assert await files.find("k") == ended
        assert await files.get("other", "ann") is None

    async def test_a_file_that_cannot_be_stored_leaves_its_upload_as_it_was(
        self, files: FileStore
    ) -> None:
        await files.begin(upload("k"))
        claimed = await files.claim("k")
        assert claimed is not None
        await files.add(file("fk"))

        with pytest.raises(InternalError):
            await files.finish("k", claimed.epoch, file("fk"))
        assert await files.find("k") == claimed

    async def test_what_has_expired_is_removed_and_says_whose_bytes_are_left(
        self, files: FileStore
    ) -> None:
        await files.add(file("old", expires=NOW))
        await files.add(file("new", expires=NOW + 1))
        await files.begin(upload("old", expires=NOW))
        await files.begin(upload("new", expires=NOW + 1))
        await files.begin(upload("given-up", expires=NOW))
        await files.cancel("given-up")
        await files.begin(upload("done", expires=NOW))
        done = await files.claim("done")
        assert done is not None
        await files.finish("done", done.epoch, file("fdone"))

        assert sorted(await files.expire(NOW)) == ["fold", "old"]
        assert list(await files.expire(NOW)) == []
        for gone in ("old", "given-up", "done"):
            assert await files.find(gone) is None
        assert await files.find("new") == upload("new", expires=NOW + 1)
        assert await page(files) == ["new", "fdone"]

    async def test_everything_that_has_expired_is_removed_in_the_end(
        self, files: FileStore
    ) -> None:
        many = {f"{number:04}" for number in range(250)}
        for id in many:  # noqa: A001
            await files.add(file(id, expires=NOW))
        removed: list[str] = []
        while ids := await files.expire(NOW):
            removed += ids

        assert sorted(removed) == sorted(many)

    async def test_it_knows_which_bytes_belong_to_something(
        self, files: FileStore
    ) -> None:
        await files.add(file("a"))
        await files.begin(upload("active"))
        await files.begin(upload("given-up"))
        await files.cancel("given-up")
        asked = ["a", "b", "factive", "fgiven-up", "active"]

        assert sorted(await files.known(asked)) == ["a", "factive"]
        assert list(await files.known([])) == []
