"""Large media of interactions as objects: what is kept, and who gets it back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from openinteractions.core.attached import INLINE_BYTES
from openinteractions.core.errors import RequestError, UnavailableError
from openinteractions.engine.store_ports import InteractionStore, Record
from tests.storage.acceptance import RUNNING, Acceptance
from tests.storage.attachments.parts import LARGE, LIMIT, Parts, image, with_media
from tests.storage.object_acceptance import content
from tests.storage.records import bounded, page, record, turns


class TestWithoutMedia(Acceptance):
    """What has no large media is kept as ever."""

    @pytest.fixture
    def store(self, parts: Parts) -> InteractionStore:
        return bounded(parts.store)


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
