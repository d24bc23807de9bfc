"""Handlers that take requests as bytes from outside and refuse bad ones.

The other face refuses in JSON what `checks` refuses here; bytes that are no message end
here too. The caller's key has been looked at before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from openinteractions.core.errors import RequestError
from openinteractions.rpc.call import Call, Feed, Handlers, Stream, Unary
from openinteractions.rpc.checks import Checks


def strict(handlers: Handlers) -> Handlers:
    """Return the handlers for serialized requests."""
    checks = Checks()
    kinds = handlers.service.methods_by_name

    def read(name: str) -> Callable[[bytes], Message]:
        return _reader(kinds[name].input_type, checks)

    return Handlers(
        handlers.service,
        {name: _unary(read(name), unary) for name, unary in handlers.unary.items()},
        {name: _stream(read(name), stream) for name, stream in handlers.stream.items()},
        {name: _feed(read(name), feed) for name, feed in handlers.feed.items()},
        handlers.keyless,
    )


def _reader(kind: Descriptor, checks: Checks) -> Callable[[bytes], Message]:
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


def _unary(read: Callable[[bytes], Message], handler: Unary) -> Unary:
    async def take(call: Call, request: bytes) -> Message:
        return await handler(call, read(request))

    return take


def _stream(read: Callable[[bytes], Message], handler: Stream) -> Stream:
    def take(call: Call, request: bytes) -> AsyncIterator[Sequence[Message]]:
        return handler(call, read(request))

    return take


def _feed(read: Callable[[bytes], Message], handler: Feed) -> Feed:
    async def read_all(requests: AsyncIterator[bytes]) -> AsyncIterator[Message]:
        async for request in requests:
            yield read(request)

    async def take(call: Call, requests: AsyncIterator[bytes]) -> Message:
        return await handler(call, read_all(requests))

    return take
