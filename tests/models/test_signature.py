"""Signatures of thoughts carry what their dialect put in, and nothing else counts."""

from __future__ import annotations

import base64

import pytest

from openinteractions.models import signature


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


def test_a_signature_gives_back_what_its_dialect_put_in() -> None:
    made = signature.encode("chat", {"reasoning": "Hm. 東"})
    assert signature.decode(made, "chat") == {"reasoning": "Hm. 東"}


def test_a_signature_is_a_readable_versioned_message() -> None:
    made = signature.encode("chat", {"reasoning": "Hm."})
    assert base64.b64decode(made) == (
        b'{"version":1,"dialect":"chat","item":{"reasoning":"Hm."}}'
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("no base64!", id="no base64"),
        pytest.param("b3BhcXVl", id="someone else's"),
        pytest.param(encoded(b"\xff\xfe"), id="bytes"),
        pytest.param(encoded(b"[1]"), id="no object"),
        pytest.param(signature.encode("gemini", {"x": 1}), id="another dialect's"),
        pytest.param(
            encoded(b'{"version":2,"dialect":"chat","item":{}}'), id="a later version"
        ),
        pytest.param(
            encoded(b'{"version":1,"dialect":"chat","item":"x"}'), id="another item"
        ),
        pytest.param(encoded(b"[" * 100_000), id="deep"),
    ],
)
def test_a_signature_that_cannot_be_read_is_nothing(text: str) -> None:
    assert signature.decode(text, "chat") is None
