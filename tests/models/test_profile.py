"""What media a model takes, by its profile and its dialect."""

from __future__ import annotations

import pytest

from openinteractions.config import settings
from openinteractions.config.profile import Profile as Facts
from openinteractions.core.media import KINDS
from openinteractions.engine.ports import Accepts
from openinteractions.models.chat.model import Chat
from openinteractions.models.constrained.model import Constrained
from openinteractions.models.embedded.model import EmbeddedHost
from openinteractions.models.profile import from_settings
from openinteractions.models.scripted.model import Scripted
from openinteractions.models.transport.endpoint import Endpoint

SOUND = frozenset({"audio/wav", "audio/mp3"})
CHAT = Accepts(
    remote=frozenset({"image", "video"}),
    audio=SOUND,
    text_formats=False,
    video_processing=False,
)


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(None, CHAT, id="no profile"),
        pytest.param(Facts(), CHAT, id="an empty profile"),
        pytest.param(
            Facts(vision=False, audio=False, video=False, files=False),
            Accepts(
                kinds=kinds(),
                remote=kinds(),
                audio=SOUND,
                text_formats=False,
                video_processing=False,
            ),
            id="no media",
        ),
        pytest.param(
            Facts(audio=["audio/x-wav", "Audio/FLAC"]),
            Accepts(
                remote=kinds("image", "video"),
                audio=kinds("audio/wav", "audio/flac"),
                text_formats=False,
                video_processing=False,
            ),
            id="types of sound",
        ),
        pytest.param(
            Facts(files=["application/pdf", "text/csv"], video=False),
            Accepts(
                kinds=kinds("image", "audio", "document"),
                remote=kinds("image"),
                audio=SOUND,
                documents=kinds("application/pdf", "text/csv"),
                text_formats=False,
                video_processing=False,
            ),
            id="types of documents",
        ),
        pytest.param(
            Facts(remote_urls=False),
            Accepts(
                remote=kinds(), audio=SOUND, text_formats=False, video_processing=False
            ),
            id="no URLs",
        ),
        pytest.param(
            Facts(remote_urls=["video", "document"]),
            Accepts(
                remote=kinds("video"),
                audio=SOUND,
                text_formats=False,
                video_processing=False,
            ),
            id="URLs of some kinds",
        ),
        pytest.param(
            Facts(files=[], audio=[]),
            Accepts(
                kinds=kinds("image", "video"),
                remote=kinds("image", "video"),
                audio=kinds(),
                documents=kinds(),
                text_formats=False,
                video_processing=False,
            ),
            id="empty lists",
        ),
    ],
)
async def test_a_profile_says_what_media_a_chat_model_takes(
    facts: Facts | None, expected: Accepts
) -> None:
    endpoint = Endpoint("e", base_url="http://127.0.0.1:1/v1", api_key=None)
    chat = Chat(endpoint, profile=from_settings(facts))

    assert chat.accepts == expected
    assert Constrained(chat, endpoint="e").accepts == expected
    await endpoint.close()


def test_the_embedded_model_takes_no_media() -> None:
    host = EmbeddedHost("local", settings.Endpoint(dialect="embedded"))
    accepts = host.model(settings.Model(endpoint="local")).accepts

    assert not accepts.kinds
    assert not accepts.remote


def test_the_scripted_model_takes_all_media() -> None:
    assert Scripted().accepts == Accepts()
    assert Accepts().kinds == KINDS
