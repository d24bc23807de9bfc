"""What every store of `Objects` does. Adapters' tests derive from this class."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

import pytest

from openinteractions.core.errors import DomainError, NotFoundError, PreconditionError
from openinteractions.engine.file_ports import BLOCK_BYTES, Objects, Partial

KEY = "files/a"
MIB = 1024 * 1024


async def each(blocks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


async def breaking(*blocks: bytes) -> AsyncIterator[bytes]:
    """Blocks after which the connection breaks."""
    for block in blocks:
        yield block
    raise ConnectionResetError


def content(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - not a secret


async def whole(objects: Objects, key: str = KEY) -> bytes:
    return b"".join([block async for block in objects.read(key)])


async def names(objects: Objects, prefix: str = "files/") -> set[str]:
    return {stored.key async for stored in objects.list(prefix)}


class Uploader:
    """Appends to one object as the engine does, keeping what is certain."""

    def __init__(self, objects: Objects, key: str = KEY) -> None:
        self.objects = objects
        self.key = key
        self.partial = Partial()
        self.epoch = 0

    async def append(self, *blocks: bytes) -> None:
        self.epoch += 1
        self.partial = await self.objects.append(
            self.key, self.partial, each(blocks), epoch=self.epoch
        )

    async def complete(self) -> None:
        self.epoch += 1
        await self.objects.complete(self.key, self.partial, epoch=self.epoch)


class ObjectAcceptance:
    """The suite; `objects` is a fixture of the adapter's module, empty."""

    async def test_a_whole_object_is_read_as_it_was_put(self, objects: Objects) -> None:
        await objects.put(KEY, b"hello")
        assert await whole(objects) == b"hello"
        await objects.put(KEY, b"")
        assert await whole(objects) == b""

    async def test_what_is_not_there_cannot_be_read(self, objects: Objects) -> None:
        with pytest.raises(NotFoundError):
            await whole(objects)

    async def test_a_part_can_be_read(self, objects: Objects) -> None:
        data = content(2 * MIB + 7)
        await objects.put(KEY, data)
        for start, length in ((0, 3), (5, None), (MIB - 1, 2), (7, MIB + 9), (0, 0)):
            end = None if length is None else start + length
            blocks = [b async for b in objects.read(KEY, start=start, length=length)]
            assert b"".join(blocks) == data[start:end]
            assert all(0 < len(block) <= BLOCK_BYTES for block in blocks)
        beyond = [block async for block in objects.read(KEY, start=len(data) + 1)]
        assert b"".join(beyond) == b""

    async def test_an_object_comes_of_many_appends_of_any_size(
        self, objects: Objects
    ) -> None:
        data = content(14 * MIB + 3)
        uploader = Uploader(objects)
        cuts = [0, 1, 100, 256 * 1024, 6 * MIB, 6 * MIB + 1, 11 * MIB, len(data)]
        for start, end in itertools.pairwise(cuts):
            await uploader.append(
                *(data[at : min(end, at + MIB)] for at in range(start, end, MIB))
            )
            assert uploader.partial.size == end
        await uploader.complete()

        assert await whole(objects) == data

    async def test_an_object_can_be_empty(self, objects: Objects) -> None:
        uploader = Uploader(objects)
        await uploader.complete()
        assert await whole(objects) == b""

    async def test_an_object_is_not_there_before_it_is_complete(
        self, objects: Objects
    ) -> None:
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        with pytest.raises(NotFoundError):
            await whole(objects)
        assert await names(objects) == {KEY}

    async def test_completing_can_be_repeated(self, objects: Objects) -> None:
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        await uploader.complete()
        await uploader.complete()
        assert await whole(objects) == b"abc"

    async def test_a_broken_append_is_resumed_from_what_was_certain(
        self, objects: Objects
    ) -> None:
        data = content(9 * MIB)
        uploader = Uploader(objects)
        await uploader.append(data[: 6 * MIB])
        with pytest.raises(ConnectionResetError):
            await objects.append(
                KEY, uploader.partial, breaking(b"x" * MIB, b"y" * MIB), epoch=50
            )
        uploader.epoch = 50
        await uploader.append(data[6 * MIB :])
        await uploader.complete()

        assert await whole(objects) == data

    async def test_bytes_after_the_last_certain_one_are_no_part_of_it(
        self, objects: Objects
    ) -> None:
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        # Durable, but the process ended before it could say so.
        await objects.append(KEY, uploader.partial, each([b"lost"]), epoch=20)
        uploader.epoch = 20
        await uploader.complete()

        assert await whole(objects) == b"abc"

    async def test_an_append_that_nobody_noted_is_repeated(
        self, objects: Objects
    ) -> None:
        await objects.append(KEY, Partial(), each([b"lost", b" bytes"]), epoch=1)
        uploader = Uploader(objects)
        uploader.epoch = 1
        await uploader.append(b"abc")
        await uploader.complete()

        assert await whole(objects) == b"abc"

    async def test_a_writer_of_an_older_epoch_does_no_damage(
        self, objects: Objects
    ) -> None:
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        old = uploader.partial
        uploader.epoch = 9
        await uploader.append(b"def")
        for late in (each([b"BAD!"]), breaking(b"BAD!")):
            with suppress(DomainError, ConnectionResetError):
                await objects.append(KEY, old, late, epoch=5)
        await uploader.append(b"ghi")
        await uploader.complete()

        assert await whole(objects) == b"abcdefghi"

    async def test_a_writer_that_still_writes_does_its_successor_no_damage(
        self, objects: Objects
    ) -> None:
        uploader = Uploader(objects)
        await uploader.append(b"abc")
        waits, goes_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"BAD!"
            waits.set()
            await goes_on.wait()
            yield b"WORSE!"

        async with asyncio.TaskGroup() as group:
            before = group.create_task(_any(objects, uploader.partial, slow(), 5))
            await waits.wait()
            after = group.create_task(_any(objects, uploader.partial, each([b"d"]), 6))
            goes_on.set()
        assert isinstance(after.result(), Partial)
        await before
        uploader.epoch, uploader.partial = 6, after.result()  # type: ignore[assignment]
        await uploader.append(b"ef")
        await uploader.complete()

        assert await whole(objects) == b"abcdef"

    async def test_a_cancelled_writer_lets_go(self, objects: Objects) -> None:
        waits = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield b"x"
            waits.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(_any(objects, Partial(), endless(), 1))
        await waits.wait()
        task.cancel()
        await asyncio.wait([task])
        uploader = Uploader(objects)
        uploader.epoch = 1
        await uploader.append(b"abc")
        await uploader.complete()

        assert await whole(objects) == b"abc"

    async def test_what_is_not_there_cannot_be_completed(
        self, objects: Objects
    ) -> None:
        with pytest.raises(PreconditionError):
            await objects.complete(KEY, Partial(5, "1"), epoch=2)

    async def test_deleting_removes_what_is_complete_and_what_is_not(
        self, objects: Objects
    ) -> None:
        await objects.put("files/whole", b"abc")
        await Uploader(objects, "files/part").append(b"abc")
        await objects.put("files/kept", b"abc")
        await objects.delete(["files/whole", "files/part", "files/never"])

        assert await names(objects) == {"files/kept"}
        with pytest.raises(NotFoundError):
            await whole(objects, "files/whole")

    async def test_an_object_may_be_deleted_while_it_is_read(
        self, objects: Objects
    ) -> None:
        data = content(3 * MIB)
        await objects.put(KEY, data)
        blocks = objects.read(KEY)
        first = await anext(blocks)
        await objects.delete([KEY])
        with pytest.raises(NotFoundError):
            await whole(objects)
        rest = b""
        # It may come to its end, or fail; it may not be another's bytes.
        try:
            rest = b"".join([block async for block in blocks])
        except DomainError:
            return
        assert first + rest == data

    async def test_the_list_has_what_lies_below_a_prefix_and_how_old_it_is(
        self, objects: Objects
    ) -> None:
        before = time.time()
        await objects.put("files/a", b"1")
        await objects.put("interactions/x/0", b"2")
        await objects.put("interactions/x/1", b"3")
        await Uploader(objects, "interactions/y/0").append(b"4")

        assert await names(objects) == {"files/a"}
        assert await names(objects, "interactions/") == {
            "interactions/x/0",
            "interactions/x/1",
            "interactions/y/0",
        }
        assert await names(objects, "interactions/x/") == {
            "interactions/x/0",
            "interactions/x/1",
        }
        assert await names(objects, "none/") == set()
        async for stored in objects.list("files/"):
            assert before - 5 < stored.modified < time.time() + 5

    @pytest.mark.parametrize(
        "key", ["", "/", "a/", "/a", "..", "a/../b", "a//b", ".parts/a", "a b", "a\0b"]
    )
    async def test_what_is_no_key_is_refused(self, objects: Objects, key: str) -> None:
        with pytest.raises(ValueError, match="no key"):
            await objects.put(key, b"")
        with pytest.raises(ValueError, match="no key"):
            await objects.delete([key])
        with pytest.raises(ValueError, match="no key"):
            await whole(objects, key)


async def _any(
    objects: Objects, partial: Partial, blocks: AsyncIterator[bytes], epoch: int
) -> Partial | DomainError:
    try:
        return await objects.append(KEY, partial, blocks, epoch=epoch)
    except DomainError as error:
        return error
