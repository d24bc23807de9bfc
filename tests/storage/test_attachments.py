"""Large media of interactions as objects, over every store of rows and of objects."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, cast

import pytest

from openinteractions.core.attached import INLINE_BYTES
from openinteractions.core.errors import (
    InternalError,
    NotFoundError,
    RequestError,
    UnavailableError,
)
from openinteractions.engine.attachments import Attachments, Orphans
from openinteractions.engine.file_ports import Objects
from openinteractions.engine.store_ports import (
    InteractionStore,
    Lease,
    Place,
    Record,
)
from openinteractions.storage.memory import MemoryStore
from openinteractions.storage.objects.directory import DirectoryObjects
from openinteractions.storage.objects.s3 import S3Objects
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from openinteractions.storage.sqlite import SqliteStore
from openinteractions.v1 import step_pb2
from tests import postgres
from tests.bucket import S3
from tests.storage.acceptance import COMPLETED, RUNNING, Acceptance
from tests.storage.object_acceptance import content
from tests.storage.records import Status, bounded, chain, page, record, turns

_numbers = itertools.count()

LARGE = INLINE_BYTES + 1
LIMIT = 3 * 1024 * 1024
LEASE = Lease("here", 60)
FAILED = Status.INTERACTION_STATUS_FAILED


class Faulty:
    """Objects that can be told to fail, and note what they are asked for."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.failing: set[str] = set()
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        if name in self.failing:
            raise UnavailableError("The object store cannot be reached.")
        return getattr(self._objects, name)


class Parts:
    """A store with attachments, and what it is made of."""

    def __init__(self, rows: InteractionStore, objects: Objects) -> None:
        self.rows = rows
        self.objects = Faulty(objects)
        self.store = cast(
            "InteractionStore",
            Attachments(rows, cast("Objects", self.objects), max_bytes=LIMIT),
        )

    async def begin(self, record: Record) -> None:
        """Store an interaction that runs."""
        await self.store.add(record, [], lease=LEASE)

    async def write(self, record: Record) -> bool:
        """Write it again, as who runs it."""
        return await self.store.update(record, 1)

    async def keys(self) -> set[str]:
        """The keys of all media, each as `interaction/number`."""
        return {stored.key async for stored in self.objects.list("interactions/")}

    async def sweep(self, *, later: float) -> None:
        """Look for orphans, that many seconds from now."""

        class Later:
            def now(self) -> float:
                return time.time() + later

        objects = cast("Objects", self.objects)
        await Orphans(store=self.rows, objects=objects, clock=Later()).turn()


@pytest.fixture
def kinds(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Which stores: of rows, and of objects. Starts the servers that they need."""
    kinds: tuple[str, str] = request.param
    for kind, server in (("postgres", "migrated"), ("bucket", "s3")):
        if kind in kinds:
            request.getfixturevalue(server)
    return kinds


@pytest.fixture
async def rows(
    kinds: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[InteractionStore]:
    if kinds[0] == "memory":
        yield MemoryStore()
        return
    store: SqliteStore | PostgresStore
    if kinds[0] == "sqlite":
        store = await SqliteStore.open(tmp_path / "rows.db")
    else:
        url: str = request.getfixturevalue("migrated")
        await postgres.clear(url)
        store = await PostgresStore.open(Server(url))
    yield store
    await store.close()


@pytest.fixture
async def objects(
    kinds: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Objects]:
    opened: DirectoryObjects | S3Objects
    if kinds[1] == "directory":
        opened = await DirectoryObjects.open(tmp_path / "objects")
    else:
        server: S3 = request.getfixturevalue("s3")
        opened = await S3Objects.open(server.place(f"media{next(_numbers)}/"))
    yield opened
    await opened.close()


@pytest.fixture
def parts(rows: InteractionStore, objects: Objects) -> Parts:
    return Parts(rows, objects)


def image(step: step_pb2.Step, data: bytes) -> None:
    step.user_input.content.add().image.data = data


def with_media(
    id: str,  # noqa: A002 - the resource's own word
    given: Iterable[bytes] = (),
    made: Iterable[bytes] = (),
    **how: Any,
) -> Record:
    """An interaction with images in its input and in its output."""
    found = record(id, **how)
    found.request.input.steps.items.add().user_input.content.add().text.text = "Look."
    for data in given:
        image(found.request.input.steps.items[0], data)
    for data in made:
        output = found.interaction.steps[0].model_output.content.add().image
        output.data, output.mime_type = data, "image/png"
    found.interaction.labels["team"] = "blue"
    found.interaction.response_modalities.append("image")
    return found


class TestWithoutMedia(Acceptance):
    """What has no large media is kept as ever."""

    @pytest.fixture
    def store(self, parts: Parts) -> InteractionStore:
        return bounded(parts.store)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test over all stores; each of them once with either."""
    both = [("memory", "directory"), ("sqlite", "directory")]
    if metafunc.cls is None:
        both = [
            ("memory", "directory"),
            ("sqlite", "bucket"),
            ("postgres", "directory"),
        ]
    metafunc.parametrize("kinds", both, indirect=True, ids="-".join)


def in_text(found: Record) -> None:
    found.request.input.text = "x" * 3_000_000


def in_content(found: Record) -> None:
    found.request.input.content.audio.data = content(LARGE)


def in_contents(found: Record) -> None:
    for index in range(3):
        inner = found.request.input.contents.items.add()
        inner.document.data = content(LARGE + index, seed=index)
        inner.document.mime_type = "application/pdf"


def in_result(found: Record) -> None:
    step = found.request.input.steps.items.add().function_result
    step.call_id = "c"
    step.result.contents.items.add().image.data = content(LARGE)


def in_thought(found: Record) -> None:
    step = found.interaction.steps.add().thought
    step.summary.add().text.text = "Maybe so."
    step.summary.add().image.data = content(LARGE)


def in_video(found: Record) -> None:
    video = found.request.input.content.video
    video.data, video.mime_type, video.name = content(LARGE), "video/mp4", ""
    video.processing.settings.fps = 0.0


def like_a_reference(found: Record) -> None:
    for data in (content(LARGE), b"\0openinteractions attached\0" + b"x" * 40):
        image(found.request.input.steps.items.add(), data)


def twice(found: Record) -> None:
    for _ in range(2):
        image(found.request.input.steps.items.add(), content(LARGE))


@pytest.mark.parametrize(
    ("change", "objects_made"),
    [
        (in_text, 0),
        (in_content, 1),
        (in_contents, 3),
        (in_result, 1),
        (in_thought, 1),
        (in_video, 1),
        (like_a_reference, 2),
        (twice, 1),
    ],
)
async def test_media_come_back_as_they_were_wherever_they_stand(
    parts: Parts, change: Callable[[Record], None], objects_made: int
) -> None:
    mine, expected = record("a"), record("a")
    change(mine)
    change(expected)
    await parts.store.add(mine, [])

    assert mine == expected
    assert await parts.store.get("a", "ann") == expected
    assert len(await parts.keys()) == objects_made
    row = await parts.rows.get("a", "ann")
    assert row is not None
    large = row.request.ByteSize() + row.interaction.ByteSize() > INLINE_BYTES
    assert large == (change is in_text)


async def test_small_media_stay_in_the_row(parts: Parts) -> None:
    small = with_media("a", [content(INLINE_BYTES - 2000)])
    small.request.input.steps.items[0].user_input.content.add().text.text = "x" * 9000
    await parts.store.add(small, [])

    assert await parts.rows.get("a", "ann") == small
    assert await parts.store.get("a", "ann") == small
    assert "put" not in parts.objects.asked


async def test_what_an_update_makes_is_kept_and_what_was_there_is_not_written_again(
    parts: Parts,
) -> None:
    given, made = content(LARGE), content(LARGE, seed=2)
    await parts.begin(with_media("a", [given], status=RUNNING))
    assert parts.objects.asked.count("put") == 1
    assert await parts.write(with_media("a", [given], [], status=RUNNING))
    assert parts.objects.asked.count("put") == 1
    assert await parts.write(with_media("a", [given], [made, made]))
    assert parts.objects.asked.count("put") == 2

    assert await parts.store.get("a", "ann") == with_media("a", [given], [made, made])
    assert len(await parts.keys()) == 2


async def test_a_conversation_has_its_media_but_not_those_of_thoughts(
    parts: Parts,
) -> None:
    first = with_media("a", [content(LARGE)])
    in_thought(first)
    await parts.store.add(first, [])
    await parts.store.add(with_media("b", [content(LARGE, seed=2)]), ["a"])
    del first.interaction.steps[1].thought.summary[1]

    found = list(await parts.store.conversation("b", "ann"))
    assert found == [first, with_media("b", [content(LARGE, seed=2)])]


async def test_a_conversation_with_more_media_than_a_model_is_sent_is_refused(
    parts: Parts,
) -> None:
    half = LIMIT // 2
    await parts.store.add(with_media("a", [content(half)]), [])
    await parts.store.add(with_media("b", [content(half, seed=2)]), ["a"])
    assert len(await parts.store.conversation("b", "ann")) == 2
    await parts.store.add(with_media("c", [content(LARGE)]), ["a", "b"])
    parts.objects.asked.clear()

    with pytest.raises(RequestError, match=str(LIMIT)) as caught:
        await parts.store.conversation("c", "ann")
    assert caught.value.field == "previous_interaction_id"
    assert "read" not in parts.objects.asked
    assert len(await parts.store.conversation("c", "ann", media=False)) == 3


async def test_a_long_conversation_is_whole(parts: Parts) -> None:
    ids = [f"turn{number:03}" for number in range(40)]
    for place, turn in enumerate(ids):
        mine = with_media(turn, [content(LARGE, seed=place)] if place % 2 else ())
        await parts.store.add(mine, ids[:place])

    found = await parts.store.conversation(ids[-1], "ann")
    assert [one.interaction.id for one in found] == ids
    for place, one in enumerate(found):
        contents = one.request.input.steps.items[0].user_input.content
        assert [c.image.data for c in contents[1:]] == (
            [content(LARGE, seed=place)] if place % 2 else []
        )


async def test_neither_a_list_nor_a_look_loads_media(parts: Parts) -> None:
    await parts.store.add(with_media("a", [content(LARGE)]), [])
    parts.objects.asked.clear()

    assert await page(parts.store) == ["a"]
    looked = await parts.store.get("a", "ann", media=False)
    assert looked is not None
    assert looked.interaction == with_media("a").interaction
    assert await turns(parts.store, "b") == []
    assert parts.objects.asked == []


async def test_media_go_with_their_interaction_and_with_no_other(parts: Parts) -> None:
    same = content(LARGE)
    for id in ("a", "b"):  # noqa: A001
        await parts.store.add(with_media(id, [same]), [])
    assert await parts.store.delete("a", "bob") is False
    assert len(await parts.keys()) == 2
    assert await parts.store.delete("a", "ann") is True
    assert await parts.store.delete("a", "ann") is False

    assert await parts.store.get("a", "ann") is None
    assert await parts.store.get("b", "ann") == with_media("b", [same])
    assert len(await parts.keys()) == 1


async def test_without_objects_nothing_is_stored(parts: Parts) -> None:
    parts.objects.failing = {"put"}
    with pytest.raises(UnavailableError):
        await parts.store.add(with_media("a", [content(LARGE)]), [])

    assert await parts.rows.get("a", "ann") is None
    await parts.store.add(record("b"), [])
    assert await page(parts.store) == ["b"]


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


async def test_media_of_a_process_that_died_before_its_row_are_swept(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(parts.rows, "add", die)
        with pytest.raises(asyncio.CancelledError):
            await parts.store.add(with_media("gone", [content(LARGE)]), [])
    await parts.store.add(with_media("kept", [content(LARGE)]), [])
    await parts.objects.put("files/f", b"not an interaction's")
    assert len(await parts.keys()) == 2
    await parts.sweep(later=3500)
    assert len(await parts.keys()) == 2
    await parts.sweep(later=3700)

    assert [key.split("/")[1] for key in await parts.keys()] == ["kept"]
    files = [stored.key async for stored in parts.objects.list("files/")]
    assert files == ["files/f"]


async def test_a_sweep_that_fails_is_said_and_goes_on_later(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    parts.objects.failing = {"list"}
    await parts.sweep(later=3700)

    assert "are not removed" in caplog.text


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
