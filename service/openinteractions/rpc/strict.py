"""Handlers that take requests as bytes from outside and refuse bad ones.

The other face refuses in JSON what `checks` refuses here; bytes that are no message end
here too. The caller's key has been looked at before. What is not known here, in a
request that may be for another server, is for whoever finds out where it goes: the call
has the refusal.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from openinteractions.core.errors import RequestError
from openinteractions.rpc.call import Call, Feed, Handlers, Stream, Unary
from openinteractions.rpc.checks import Checks, UnknownMemberError

PASSED_ON = frozenset({"openinteractions.v1.CreateInteractionRequest"})
"""Requests that another server may take as they are."""

Read = Callable[[Call, bytes], Message]


def strict(handlers: Handlers, *, passing_on: bool = False) -> Handlers:
    """Return the handlers for serialized requests.

    With `passing_on` those that another server may take have what is not known here.
    """
    checks, passing = Checks(), Checks(passing=True)
    kinds = handlers.service.methods_by_name

    def read(name: str) -> Read:
        kind = kinds[name].input_type
        open_to_all = passing_on and kind.full_name in PASSED_ON
        return _reader(kind, checks, passing if open_to_all else None)

    return Handlers(
        handlers.service,
        {name: _unary(read(name), unary) for name, unary in handlers.unary.items()},
        {name: _stream(read(name), stream) for name, stream in handlers.stream.items()},
        {name: _feed(read(name), feed) for name, feed in handlers.feed.items()},
        handlers.keyless,
    )


def _reader(kind: Descriptor, checks: Checks, passing: Checks | None) -> Read:
    parse = GetMessageClass(kind).FromString
    checks.prepare(kind)

    def read(call: Call, serialized: bytes) -> Message:
        try:
            request = parse(serialized)
        except DecodeError:
            raise RequestError("The request is not a valid message.") from None
        try:
            checks.check(request)
        except UnknownMemberError as refusal:
            if passing is None:
                raise
            passing.check(request)
            if not call.note_refusal():
                call.refusal = refusal
        return request

    return read


def _unary(read: Read, handler: Unary) -> Unary:
    async def take(call: Call, request: bytes) -> Message:
        return await handler(call, read(call, request))

    return take


def _stream(read: Read, handler: Stream) -> Stream:
    def take(call: Call, request: bytes) -> AsyncIterator[Sequence[Message]]:
        return handler(call, read(call, request))

    return take


def _feed(read: Read, handler: Feed) -> Feed:
    async def read_all(
        call: Call, requests: AsyncIterator[bytes]
    ) -> AsyncIterator[Message]:
        async for request in requests:
            yield read(call, request)

    async def take(call: Call, requests: AsyncIterator[bytes]) -> Message:
        return await handler(call, read_all(call, requests))

    return take
