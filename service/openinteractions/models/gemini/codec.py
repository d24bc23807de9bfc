"""How messages become JSON and back, as this dialect needs it.

The API's JSON form is compiled from the protos elsewhere; whoever puts the server
together hands it over.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


class Codec(Protocol):
    """The JSON form of the API's messages."""

    def encode(self, message: Message) -> Any:
        """Return the JSON value of a message, for orjson."""

    def decode(self, message_class: type[M], value: Any) -> M:
        """Return the message that a JSON value stands for.

        Whatever is not known here is kept, so that `encode` writes it back.

        Raises:
            ValueError: the value is of the wrong shape as a whole.
        """
