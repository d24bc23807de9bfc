"""How a request is refused before the service has seen it.

A `DecodeError` knows where in the JSON it happened: it collects the path while it
unwinds, so that nothing keeps track of paths while all is well. A `RefusedError` is any
failure found by the gateway; `status` writes it as it writes the service's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from openinteractions.v1 import error_reason_pb2

Reason = error_reason_pb2.ErrorReason

_LONGEST = 100


Origin = Callable[[str], str]
"""Takes the path of a member and returns that of the one it was made from."""


def as_it_is(path: str) -> str:
    """Return the path: nothing has moved."""
    return path


class RefusedError(Exception):
    """The gateway refuses a request.

    Attributes:
        reason: the `ErrorReason` value, which fixes the HTTP status and the error word.
        message: what is wrong, for a person.
        headers: further headers of the response.
    """

    def __init__(
        self,
        reason: error_reason_pb2.ErrorReason,
        message: str,
        *,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.headers = headers or {}


class DecodeError(Exception):
    """A JSON value does not fit its message.

    Args:
        say: makes the message out of the path of the member at fault, which is empty
            for the whole value.
    """

    def __init__(self, say: Callable[[str], str]) -> None:
        super().__init__()
        self._say = say
        self._segments: list[str | int] = []

    def under(self, segment: str | int) -> DecodeError:
        """Say that it happened within this member or element; return the error."""
        self._segments.append(segment)
        return self

    @property
    def path(self) -> str:
        """The path of the member at fault, such as `input[0].content[0].text`."""
        path = ""
        for segment in reversed(self._segments):
            if isinstance(segment, int):
                path += f"[{segment}]"
            else:
                path += f".{clip(segment)}" if path else clip(segment)
        return path

    def message(self, path: str | None = None) -> str:
        """Return what is wrong; `path` stands for another place than `self.path`."""
        return self._say(self.path if path is None else path)

    def __str__(self) -> str:
        return self.message()


def clip(text: str) -> str:
    """Return a text of a client, short enough to be quoted in a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def misfit(expected: str) -> DecodeError:
    """Return the error for a value of the wrong type or form."""
    return DecodeError(
        lambda path: (
            f"Invalid input at '{path}': expected {expected}."
            if path
            else f"Invalid input: expected {expected}."
        )
    )


def unknown_member() -> DecodeError:
    """Return the error for a member that no field claims."""
    return DecodeError(lambda path: f"Unknown parameter '{path}'.")


def missing_member() -> DecodeError:
    """Return the error for a member that has to be there."""
    return DecodeError(lambda path: f"Missing parameter '{path}'.")


def named_twice(name: str) -> DecodeError:
    """Return the error for a member that is there under another name as well."""
    return DecodeError(
        lambda path: f"'{path}' is another name of '{name}', which is given too."
    )


def unknown_word(word: str, known: Iterable[str]) -> DecodeError:
    """Return the error for a word outside a closed vocabulary."""
    words = ", ".join(f"'{choice}'" for choice in known)
    return DecodeError(
        lambda path: (
            f"The value '{clip(word)}' is not supported for '{path}'. "
            f"Supported values: {words}."
        )
    )
