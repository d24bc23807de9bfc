"""What models say: the small closed vocabulary that every model adapter speaks.

Adapters never make API events; `core.assembler` turns these into them. A unary
answer and a stream are the same events, so nothing after the adapter knows which
of the two was asked for.

Order within one model turn: any number of `Thought`, `Preview`, `Signature`, `Text`,
`Media` and `CallFragment` in the order in which the model made them, `Spent` at most
once per report (the last one counts), and `Finish` exactly once, as the last but for
`Spent`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from openinteractions.v1 import content_pb2, usage_pb2


class Text(NamedTuple):
    """The next piece of the answer's text."""

    text: str


class Thought(NamedTuple):
    """The next piece of the model's reasoning, in words."""

    text: str


class Signature(NamedTuple):
    """What the endpoint needs to take up the thought before it again.

    Base64 text, opaque to everyone but the dialect that made it (design §8). It
    ends the thought that it follows; without one before it, it is a thought of its
    own.
    """

    signature: str


class Media(NamedTuple):
    """An image, a sound, a video or a document, or the next piece of one.

    `content` is of one of those kinds, with its bytes in `data` or its address in
    `uri`. With `begins` it is a new medium, and says all that is known about it;
    without, it has further bytes of the one right before it, and nothing but `data`
    is looked at. Pieces may be of any size.
    """

    content: content_pb2.Content
    begins: bool


class Preview(NamedTuple):
    """What an image looks like so far, whole; part of the model's reasoning."""

    content: content_pb2.Content


@dataclass(frozen=True, slots=True)
class CallFragment:
    """A piece of a function call.

    `index` tells the calls of one turn apart. The first fragment of a call has its
    `name`, and its `id` when the endpoint gave one; later ones leave both empty.
    `arguments` is the next piece of the arguments' JSON text.
    """

    index: int
    id: str
    name: str
    arguments: str


class Spent(NamedTuple):
    """What the turn has cost so far, in tokens; replaces earlier reports."""

    usage: usage_pb2.Usage


class FinishReason(enum.Enum):
    """Why a model stopped.

    One whose output was filtered has not: its adapter raises `ContentBlockedError`.
    """

    STOP = "stop"
    LENGTH = "length"
    CALLS = "calls"


class Finish(NamedTuple):
    """The model has stopped."""

    reason: FinishReason


ModelEvent = (
    Text | Thought | Preview | Signature | Media | CallFragment | Spent | Finish
)
