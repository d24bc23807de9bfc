"""Messages and their JSON, both ways, for the message types of a service.

Everything is compiled when the codec is made, so that a type without a JSON form stops
the start. No message type is treated on its own, and `json_format` is not used: it is
fifteen times as dear and cannot say what the API's JSON says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from openinteractions.gateway.decoder import Decoder
from openinteractions.gateway.encoder import Encoder
from openinteractions.gateway.options import descriptor

M = TypeVar("M", bound=Message)


class Codec:
    """Translates messages of the given types, and of all types within them.

    Args:
        decoded: the types that requests are.
        encoded: the types that responses and events are.
        lenient: whether requests are decoded with what is not known in them, too.
            Whatever is compiled by now may be used on any thread.

    Raises:
        SchemaError: one of them has no JSON form.
    """

    def __init__(
        self,
        *,
        decoded: Iterable[type[Message]] = (),
        encoded: Iterable[type[Message]] = (),
        lenient: bool = False,
    ) -> None:
        self._strict = Decoder(strict=True)
        self._lenient = Decoder(strict=False)
        self._encoder = Encoder()
        for message_class in decoded:
            self._strict.fill(descriptor(message_class))
            if lenient:
                self._lenient.fill(descriptor(message_class))
        for message_class in encoded:
            self._encoder.encode(descriptor(message_class))

    def decode(self, message_class: type[M], value: Any, *, strict: bool = True) -> M:
        """Return the message that a JSON value stands for.

        Args:
            message_class: its type.
            value: the JSON value, as orjson reads it.
            strict: whether members and words that are not known are refused. If not,
                they are kept, and `encode` writes them back.

        Raises:
            DecodeError: the value does not fit the type.
        """
        message = message_class()
        decoder = self._strict if strict else self._lenient
        decoder.fill(descriptor(message_class))(message, value)
        return message

    def encode(self, message: Message) -> Any:
        """Return the JSON value of a message, for orjson."""
        return self._encoder.encode(descriptor(message))(message)

    def encoder(self, message_type: Descriptor) -> Callable[[Any], Any]:
        """Return `encode` for messages of one type."""
        return self._encoder.encode(message_type)
