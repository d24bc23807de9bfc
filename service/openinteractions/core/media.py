"""Media in streams: which pieces are one medium, and into which pieces one is cut.

Within a step, a piece continues the medium right before it when it is of the same kind,
neither has a `uri`, and it either has no `mime_type` or is a sound of the same format;
any other piece begins a new content. Every fold of a stream keeps to this rule, here
and at the gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from openinteractions.v1 import content_pb2, delta_pb2

Medium = (
    content_pb2.ImageContent
    | content_pb2.AudioContent
    | content_pb2.VideoContent
    | content_pb2.DocumentContent
)

KINDS = frozenset({"image", "audio", "video", "document"})
"""The kinds of contents that are media."""

CHUNK_BYTES = 192 * 1024
"""The most bytes of a piece. A multiple of three, so that the base64 texts of a
medium's pieces can be joined as well as their bytes can."""


def of(said: content_pb2.Content | delta_pb2.Delta) -> Medium | None:
    """Return the medium in a content or delta; None when it is something else."""
    kind = said.WhichOneof("kind")
    return getattr(said, kind) if kind in KINDS else None


def of_delta(delta: delta_pb2.Delta) -> content_pb2.Content:
    """Return the medium of a delta as a content."""
    piece = content_pb2.Content()
    kind = delta.WhichOneof("kind") or ""
    getattr(piece, kind).CopyFrom(getattr(delta, kind))
    return piece


def tell(piece: content_pb2.Content, delta: delta_pb2.Delta) -> None:
    """Make a delta say a medium."""
    kind = piece.WhichOneof("kind") or ""
    getattr(delta, kind).CopyFrom(getattr(piece, kind))


def tell_in_thought(piece: content_pb2.Content, delta: delta_pb2.Delta) -> None:
    """Make a delta say a medium as part of a thought."""
    delta.thought_summary.content.CopyFrom(piece)


Telling = Callable[[content_pb2.Content, delta_pb2.Delta], None]


def continues(before: Medium | None, piece: Medium) -> bool:
    """Say whether a piece has further bytes of the medium right before it."""
    if before is None or type(before) is not type(piece):
        return False
    if before.uri or piece.uri:
        return False
    if not piece.mime_type:
        return True
    return isinstance(piece, content_pb2.AudioContent) and _format(piece) == _format(
        before
    )


def joins(before: content_pb2.Content, piece: content_pb2.Content) -> bool:
    """Say whether a content, as the piece after another, is part of that one."""
    medium = of(piece)
    if medium is None:
        return before.HasField("text") and piece.HasField("text")
    return continues(of(before), medium)


def joined(parts: Sequence[content_pb2.Content]) -> content_pb2.Content:
    """Return the one content that pieces are; the first says what it is."""
    whole = content_pb2.Content()
    whole.CopyFrom(parts[0])
    if len(parts) == 1:
        return whole
    if (medium := of(whole)) is not None:
        medium.data = b"".join(data(part) for part in parts)
    else:
        whole.text.text = "".join(part.text.text for part in parts)
        for part in parts[1:]:
            whole.text.annotations.extend(part.text.annotations)
    return whole


def pieces(
    content: content_pb2.Content, seen: int = 0
) -> Iterator[content_pb2.Content]:
    """Yield a medium as it is streamed, in pieces of at most `CHUNK_BYTES`.

    A reader who has `seen` that much of it gets the rest: nothing yet is 0, its
    beginning and n of its bytes are n + 1.
    """
    medium = of(content)
    if medium is None:
        return
    inside, start = medium.data, seen - 1
    if not seen:
        piece = content_pb2.Content()
        piece.CopyFrom(content)
        if (first := of(piece)) is not None and len(inside) > CHUNK_BYTES:
            first.data = inside[:CHUNK_BYTES]
        yield piece
        start = CHUNK_BYTES
    for begin in range(start, len(inside), CHUNK_BYTES):
        yield further(content, inside[begin : begin + CHUNK_BYTES])


def further(begun: content_pb2.Content, more: bytes) -> content_pb2.Content:
    """Return the piece with further bytes of a medium.

    Those of sounds repeat the format, without which players of raw samples cannot
    tell what they get.
    """
    piece = content_pb2.Content()
    medium = of(begun)
    if isinstance(medium, content_pb2.AudioContent):
        for name in ("mime_type", "sample_rate", "channels"):
            if medium.HasField(name):
                setattr(piece.audio, name, getattr(medium, name))
    getattr(piece, begun.WhichOneof("kind") or "").data = more
    return piece


def data(content: content_pb2.Content) -> bytes:
    """Return the bytes of a medium; none of anything else."""
    medium = of(content)
    return b"" if medium is None else medium.data


def heading(content: content_pb2.Content) -> content_pb2.Content:
    """Return a medium without its bytes."""
    head = content_pb2.Content()
    kind = content.WhichOneof("kind") or ""
    medium, inner = getattr(content, kind), getattr(head, kind)
    inner.SetInParent()
    for field, value in medium.ListFields():
        if field.name != "data" and field.message_type is None:
            setattr(inner, field.name, value)
    return head


def size(content: content_pb2.Content) -> int:
    """Return how much of a step's payload a medium is (see `cursor.Cursor`)."""
    return 1 + len(data(content))


def _format(audio: Medium) -> tuple[str, int, int] | None:
    if not isinstance(audio, content_pb2.AudioContent):
        return None
    return audio.mime_type, audio.sample_rate, audio.channels
