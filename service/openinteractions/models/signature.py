"""Signatures of thoughts: base64 of a small versioned JSON message.

It names the dialect that made it and holds what that dialect wants sent back. It is
neither secret nor authenticated: whoever holds it may read it, and what it says is
as trustworthy as any other text of the caller. One that cannot be read is no error:
it is then left out of the conversation.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson

VERSION = 1


def encode(dialect: str, item: Mapping[str, Any]) -> str:
    """Return the signature of a thought that this dialect made."""
    message = {"version": VERSION, "dialect": dialect, "item": item}
    return base64.b64encode(orjson.dumps(message)).decode()


def decode(signature: str, dialect: str) -> dict[str, Any] | None:
    """Return what `encode` was given; None when it is not of this dialect."""
    try:
        message = orjson.loads(base64.b64decode(signature, validate=True))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(message, dict):
        return None
    item = message.get("item")
    made_here = message.get("version") == VERSION and message.get("dialect") == dialect
    return item if made_here and isinstance(item, dict) else None
