"""What behaviours a dialect of model servers cannot show, and why.

The server is one; how it speaks with the model server decides little of what clients
see. Every behaviour is shown over every dialect but those listed here.
"""

from __future__ import annotations

from collections.abc import Mapping

_NO_STOP = "the API has no member for stop sequences, so they are refused"

CANNOT: Mapping[str, Mapping[str, str]] = {
    "chat": {},
    "responses": {
        "stop_sequences_reach_the_model": _NO_STOP,
        "instruction_and_configuration_are_not_inherited": _NO_STOP,
        "a_video_reaches_the_model": "the API has no member for videos",
    },
    "gemini": {
        "an_uploaded_pdf_is_read_with_its_name": (
            "bytes go along without the name of their file"
        ),
        "a_file_that_was_deleted_cannot_be_shown": (
            "the server behind was given the bytes, and remembers them"
        ),
    },
}
"""Dialect → name of the behaviour → reason."""

SDKS = ("3.3.0",)
"""The SDKs with which the dialects other than `chat` are tried."""

MODES = ("async",)
