"""What the tests of the core share: model turns, and the events that they become."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from openinteractions.core import bounds, cursor
from openinteractions.core.assembler import Assembler
from openinteractions.core.media import CHUNK_BYTES
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    Media,
    ModelEvent,
    Preview,
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.v1 import content_pb2, event_pb2, interaction_pb2, usage_pb2

ID = "v1_0000000000test000000000000"


def assembler(
    *, summaries: bool = True, stored: bool = True, taken: Iterable[str] = ()
) -> Assembler:
    """Return an assembler whose new call ids are call1, call2, …."""
    numbers = itertools.count(1)
    return Assembler(
        cursors=cursor.prefix(ID) if stored else None,
        summaries=summaries,
        taken=set(taken),
        new_call_id=lambda: f"call{next(numbers)}",
    )


def run(
    said: Sequence[ModelEvent], *, summaries: bool = True
) -> list[event_pb2.InteractionEvent]:
    """Return the whole stream of a turn that ends by itself."""
    machine = assembler(summaries=summaries)
    start = interaction_pb2.Interaction(
        id=ID,
        object="interaction",
        model="m",
        status=interaction_pb2.INTERACTION_STATUS_IN_PROGRESS,
    )
    events = bounds.created(start, ID, cursor.prefix(ID))
    for event in said:
        machine.feed(event)
    machine.finish()
    events += machine.drain()
    start.status = machine.status()
    if machine.usage is not None:
        start.usage.CopyFrom(machine.usage)
    return [*events, bounds.completed(start, cursor.prefix(ID))]


_words = st.text(max_size=8)
_arguments = st.sampled_from(['{"a":1}', "{}", '{"city":"Zürich 🏔","n":[1,2]}', ""])


@st.composite
def _call(draw: st.DrawFn, index: int) -> list[ModelEvent]:
    text = draw(_arguments)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    pieces = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
    name = draw(st.sampled_from(["f", "g"]))
    given = draw(st.sampled_from(["", f"id{index}"]))
    return [
        CallFragment(index, given if n == 0 else "", name if n == 0 else "", piece)
        for n, piece in enumerate(pieces)
    ]


FORMATS = [
    content_pb2.Content(image=content_pb2.ImageContent(mime_type="image/png")),
    content_pb2.Content(image=content_pb2.ImageContent(mime_type="image/jpeg")),
    content_pb2.Content(video=content_pb2.VideoContent(mime_type="video/mp4")),
    content_pb2.Content(document=content_pb2.DocumentContent()),
    content_pb2.Content(audio=content_pb2.AudioContent(mime_type="audio/wav")),
    content_pb2.Content(
        audio=content_pb2.AudioContent(
            mime_type="audio/l16", sample_rate=24000, channels=1
        )
    ),
]


@st.composite
def media(draw: st.DrawFn) -> list[ModelEvent]:
    """Draw a medium: an address, or bytes in pieces, some larger than a delta's."""
    begun = content_pb2.Content()
    begun.CopyFrom(draw(st.sampled_from(FORMATS)))
    kind = begun.WhichOneof("kind") or ""
    if draw(st.booleans()) and draw(st.booleans()):
        getattr(begun, kind).uri = "https://example.com/1"
        return [Media(begun, begins=True)]
    sizes = st.one_of(st.integers(0, 9), st.integers(CHUNK_BYTES, 2 * CHUNK_BYTES + 4))
    said: list[ModelEvent] = []
    for number, size in enumerate(draw(st.lists(sizes, min_size=1, max_size=3))):
        piece = content_pb2.Content()
        if not number:
            piece.CopyFrom(begun)
        getattr(piece, kind).data = bytes(n * 7 % 251 for n in range(size % 50)) * (
            size // max(size % 50, 1)
        )
        said.append(Media(piece, begins=not number))
    return said


@st.composite
def turns(draw: st.DrawFn) -> list[ModelEvent]:
    """Draw a model's turn: thoughts, text, media, calls (also interleaved), usage."""
    said: list[ModelEvent] = []
    for _ in range(draw(st.integers(0, 2))):
        said += [Thought(text) for text in draw(st.lists(_words, max_size=3))]
        if draw(st.integers(0, 3)) == 0:
            image = content_pb2.ImageContent(mime_type="image/png", data=b"123")
            said.append(Preview(content_pb2.Content(image=image)))
        if draw(st.booleans()):
            said.append(Signature("c2ln"))
    said += [Text(text) for text in draw(st.lists(_words, max_size=4))]
    for medium in draw(st.lists(media(), max_size=3)):
        said += medium
        said += [Text(text) for text in draw(st.lists(_words, max_size=2))]
    calls = [draw(_call(index)) for index in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        said += [event for call in calls for event in call]
    else:
        rounds = itertools.zip_longest(*calls)
        said += [event for turn in rounds for event in turn if event is not None]
    said.append(Spent(usage_pb2.Usage(total_tokens=draw(st.integers(0, 99)))))
    said.append(Finish(draw(st.sampled_from(list(FinishReason)))))
    return said
