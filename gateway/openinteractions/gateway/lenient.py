"""The JSON form of messages for talking to other servers of this same API.

What such a server says may be newer than what is known here: it is kept as it is, and
written back where the message is written (see `decoder`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from google.protobuf.message import Message

from openinteractions.gateway.codec import Codec
from openinteractions.gateway.errors import DecodeError

M = TypeVar("M", bound=Message)


class LenientCodec:
    """Translates messages of the given types, and of all types within them.

    Raises:
        SchemaError: one of them has no JSON form.
    """

    def __init__(self, types: Iterable[type[Message]]) -> None:
        self._codec = Codec(encoded=types)

    def encode(self, message: Message) -> Any:
        """Return the JSON value of a message, for orjson."""
        return self._codec.encode(message)

    def decode(self, message_class: type[M], value: Any) -> M:
        """Return the message that a JSON value stands for.

        Raises:
            ValueError: the value as a whole is not of the message's shape.
        """
        try:
            return self._codec.decode(message_class, value, strict=False)
        except DecodeError as error:
            raise ValueError(error.message()) from None
