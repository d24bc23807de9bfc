"""The media of the published guides, made by code: what their programs open and fetch.

Those that are fetched stand at the model server's `/media/`, under the same names.
"""

from __future__ import annotations

import hashlib

from tests import media
from tests.backend import made
from tests.backend.doors import MEDIA as REMOTE

MEDIA = {
    "car.png": media.png(0, 0, 255),
    "sample.jpg": made.image("", kind="jpeg"),
    "speech.wav": media.wav(),
    "video.mp4": media.mp4(),
    "sample.pdf": media.pdf("A sample.", "Its end."),
    **{name: REMOTE[name][0] for name in ("sample.mp3", "cats-and-dogs.jpg")},
}
"""Every medium by its name."""


def digest(name: str) -> str:
    """Give the SHA-256 digest of a medium, as the script `media` tells it."""
    return hashlib.sha256(MEDIA[name]).hexdigest()
