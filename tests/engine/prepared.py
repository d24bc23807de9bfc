"""What the tests of media share: media, and requests that have them prepared."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from openinteractions.core.conversation import Conversation
from openinteractions.engine.media import Media
from openinteractions.engine.ports import Accepts
from openinteractions.tools.documents.reader import Documents
from openinteractions.v1 import content_pb2, interaction_pb2, step_pb2
from tests import media
from tests.clock import WAIT_SECONDS
from tests.engine.outside import Shelf, Web

Content = content_pb2.Content

PNG, WAV, MP3, MP4 = media.png(), media.wav(), media.mp3(), media.mp4()
PDF = media.pdf("One", "Two")
NOTHING = Accepts(kinds=frozenset(), remote=frozenset())
INLINE = Accepts(remote=frozenset())


def medium(kind: str, **members: object) -> Content:
    content = Content()
    inner = getattr(content, kind)
    inner.SetInParent()
    for name, value in members.items():
        setattr(inner, name, value)
    return content


def asking(*contents: Content) -> Conversation:
    """Return a conversation of one turn with these contents."""
    conversation = Conversation()
    conversation.add_input(
        interaction_pb2.Input(contents=content_pb2.ContentList(items=contents))
    )
    return conversation


async def prepare(
    conversation: Conversation,
    accepts: Accepts = INLINE,
    *,
    web: Web | None = None,
    owner: str = "me",
    ignored: list[str] | None = None,
    **settings: Any,
) -> Sequence[step_pb2.Step]:
    """Return the steps as a model gets them."""
    ready = Media(
        egress=web or Web(),
        files=Shelf(cat=(PNG, "image/png"), song=(MP3, ""), notes=(b"hi", "text/csv")),
        reader=Documents(),
        **settings,
    )
    async with asyncio.timeout(WAIT_SECONDS):
        return await ready.prepare(
            conversation.steps(),
            conversation.origins,
            accepts,
            owner,
            model="m",
            ignored=ignored,
        )


async def ready(content: Content, accepts: Accepts = INLINE, **more: Any) -> Content:
    """Return what becomes of one content."""
    [step] = await prepare(asking(content), accepts, **more)
    [found] = step.user_input.content
    return found
