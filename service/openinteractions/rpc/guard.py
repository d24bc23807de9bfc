"""What happens around every call: request id, key, response headers.

Plain wrappers over handlers, the same for both faces (design §4). An error that the
domain does not know tells the caller nothing; it is the cause of the one that goes on,
for the log of the face.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from google.protobuf.message import Message

from openinteractions.core.errors import DomainError
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.call import (
    AccidentError,
    Call,
    Feed,
    Handlers,
    Stream,
    Unary,
)

REQUEST_ID = "x-request-id"
REQUEST_ID_BYTES = 16
IGNORED = "x-openinteractions-ignored"
RETRY_AFTER = "retry-after"

_ANYONE = Authentication(None)

_GOOD_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


def guard(handlers: Handlers, authentication: Authentication) -> Handlers:
    """Return the handlers with everything around them.

    They raise nothing but `DomainError`, and only with a request id in the headers.
    """

    def admission(name: str) -> Authentication:
        return _ANYONE if name in handlers.keyless else authentication

    return Handlers(
        handlers.service,
        {
            name: _unary(unary, admission(name))
            for name, unary in handlers.unary.items()
        },
        {
            name: _stream(stream, admission(name))
            for name, stream in handlers.stream.items()
        },
        # A handler that takes many messages fails as one that takes one does.
        {name: _unary(feed, admission(name)) for name, feed in handlers.feed.items()},
        handlers.keyless,
    )


def _unary(handler: Unary | Feed, authentication: Authentication) -> Unary:
    async def guarded(call: Call, request: Any) -> Message:
        try:
            _begin(call, authentication)
            response = await handler(call, request)
        except DomainError as error:
            _say_when(call, error)
            raise
        except Exception as error:
            raise AccidentError("Internal error.") from error
        _name_ignored(call)
        return response

    return guarded


def _stream(handler: Stream, authentication: Authentication) -> Stream:
    async def guarded(call: Call, request: Any) -> AsyncIterator[Sequence[Message]]:
        try:
            _begin(call, authentication)
            async with aclosing(handler(call, request)) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    _name_ignored(call)
                    yield batch
        except DomainError as error:
            _say_when(call, error)
            raise
        except Exception as error:
            raise AccidentError("Internal error.") from error

    return guarded


def _begin(call: Call, authentication: Authentication) -> None:
    sent = call.metadata.get(REQUEST_ID, "")
    good = _GOOD_REQUEST_ID.fullmatch(sent)
    call.request_id = sent if good else os.urandom(REQUEST_ID_BYTES).hex()
    call.headers[REQUEST_ID] = call.request_id
    call.owner = authentication.owner(call.metadata)


def _name_ignored(call: Call) -> None:
    if call.ignored:
        call.headers[IGNORED] = ", ".join(call.ignored)


def _say_when(call: Call, error: DomainError) -> None:
    if error.retry_after is not None:
        call.headers[RETRY_AFTER] = str(math.ceil(error.retry_after))
