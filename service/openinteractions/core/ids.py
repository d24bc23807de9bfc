"""Identifiers: short, URL-path safe, and ordered by time where that helps the store.

Pure: the caller brings the time and the randomness.
"""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import urlsplit

_TIME_BYTES = 6
INTERACTION_ENTROPY_BYTES = 10
CALL_ENTROPY_BYTES = 4
FILE_ENTROPY_BYTES = 9
UPLOAD_ENTROPY_BYTES = 32

_CHECK_BYTES = 5
_FILE_BYTES = _TIME_BYTES + FILE_ENTROPY_BYTES + _CHECK_BYTES

_FORM = re.compile(rf"v1_[0-9a-f]{{{2 * (_TIME_BYTES + INTERACTION_ENTROPY_BYTES)}}}")

_FILE_FORM = re.compile(rf"[0-9a-v]{{{_FILE_BYTES * 8 // 5}}}")

_UPLOAD_FORM = re.compile(r"[\w-]{43}", re.ASCII)


def interaction_id(milliseconds: int, entropy: bytes) -> str:
    """Return a new interaction id.

    Ids compare as their times do (milliseconds since 1970), so that rows lie in the
    order in which they were created; within one millisecond the order is arbitrary.
    `entropy` has `INTERACTION_ENTROPY_BYTES` random bytes.
    """
    return f"v1_{milliseconds.to_bytes(_TIME_BYTES).hex()}{entropy.hex()}"


def call_id(entropy: bytes) -> str:
    """Return a new id of a function call, from `CALL_ENTROPY_BYTES` random bytes."""
    return entropy.hex()


def is_interaction_id(text: str) -> bool:
    """Say whether a text has the form of an id that this server issues."""
    return _FORM.fullmatch(text) is not None


def file_id(milliseconds: int, entropy: bytes) -> str:
    """Return a new file id, from `FILE_ENTROPY_BYTES` random bytes.

    Ids compare as their times do, like those of interactions. The last characters
    are a digest of the others, so that the ids of other services are not taken for
    ours.
    """
    body = milliseconds.to_bytes(_TIME_BYTES) + entropy
    return base64.b32hexencode(body + _check(body)).decode().lower()


def is_file_id(text: str) -> bool:
    """Say whether a text is a file id that a server of this kind has issued."""
    if _FILE_FORM.fullmatch(text) is None:
        return False
    decoded = base64.b32hexdecode(text.upper())
    return decoded[-_CHECK_BYTES:] == _check(decoded[:-_CHECK_BYTES])


def file_id_of(uri: str) -> str | None:
    """Return the id of the file of ours that a URI names, None when it names none.

    A URI is ours when its path ends with `/files/` and an id that was issued here,
    whatever its host: a server may be reached under several names.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    head, _, last = parts.path.rpartition("/")
    # The same address may come with what `downloadUri` has behind the id.
    last = last.removesuffix(":download")
    ours = parts.netloc and head.endswith("/files") and is_file_id(last)
    return last if ours else None


def _check(body: bytes) -> bytes:
    return hashlib.sha256(b"openinteractions file " + body).digest()[:_CHECK_BYTES]


def upload_id(entropy: bytes) -> str:
    """Return a new upload id, from `UPLOAD_ENTROPY_BYTES` random bytes.

    Nobody can guess it: it is the only credential of its upload.
    """
    return base64.urlsafe_b64encode(entropy).decode().rstrip("=")


def upload_key(text: str) -> str | None:
    """Return under which key an upload is stored, None for what is no upload id.

    The store has this digest only: who reads it cannot write to an upload.
    """
    if _UPLOAD_FORM.fullmatch(text) is None:
        return None
    return hashlib.sha256(b"openinteractions upload " + text.encode()).hexdigest()
