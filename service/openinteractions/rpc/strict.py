"""Handlers that take requests as bytes from outside and refuse bad ones.

The other face refuses in JSON what `checks` refuses here; bytes that are no message end
here too. The caller's key has been looked at before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing

from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from openinteractions.core.errors import RequestError
from openinteractions.rpc.call import Call, Handlers, Stream, Unary
from openinteractions.rpc.checks import Checks


def strict(handlers: Handlers) -> Handlers:
    """Return the handlers for serialized requests."""
    checks = Checks()

    def reader(name: str) -> Callable[[bytes], Message]:
        kind = handlers.service.methods_by_name[name].input_type
        parse = GetMessageClass(kind).FromString
        checks.prepare(kind)

        def read(serialized: bytes) -> Message:
            try:
                request = parse(serialized)
            except DecodeError:
                raise RequestError("The request is not a valid message.") from None
            checks.check(request)
            return request

        return read

    def strict_unary(name: str, handler: Unary) -> Unary:
        read = reader(name)

        async def take(call: Call, request: bytes) -> Message:
            return await handler(call, read(request))

        return take

    def strict_stream(name: str, handler: Stream) -> Stream:
        read = reader(name)

        async def take(call: Call, request: bytes) -> AsyncIterator[Sequence[Message]]:
            async with aclosing(handler(call, read(request))) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    yield batch

        return take

    return Handlers(
        handlers.service,
        {name: strict_unary(name, unary) for name, unary in handlers.unary.items()},
        {name: strict_stream(name, stream) for name, stream in handlers.stream.items()},
    )
