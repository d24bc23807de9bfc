"""The service for a gateway in the same process: no channel, the same handlers.

Answers as a service behind a channel would, failures as `google.rpc.Status` included,
so that a gateway need not tell the two apart. The gateway logs those failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing

from google.protobuf.message import Message
from google.rpc import status_pb2

from openinteractions.core.errors import DomainError
from openinteractions.rpc.authentication import Authentication
from openinteractions.rpc.call import (
    REFUSAL,
    Call,
    Feed,
    Handlers,
    Stream,
    Unary,
    accident,
)
from openinteractions.rpc.guard import guard
from openinteractions.rpc.status import to_status

Failure = Callable[[status_pb2.Status, Mapping[str, str]], Exception]
"""Makes the exception that tells of a failed call, with its response headers.

Its cause is what nobody foresaw, if that is why the call failed."""


class LocalUpstream:
    """Calls handlers directly; requests are what the gateway's codec has let through.

    Where it would not have, the metadata say so (`call.REFUSAL`).

    `headers` is filled before a call returns or fails, and before the first batch of
    a stream.
    """

    def __init__(
        self,
        services: Sequence[Handlers],
        authentication: Authentication,
        *,
        failure: Failure,
    ) -> None:
        """Take the handlers of services whose RPCs have distinct names."""
        self._unary: dict[str, Unary] = {}
        self._stream: dict[str, Stream] = {}
        self._feed: dict[str, Feed] = {}
        for handlers in services:
            guarded = guard(handlers, authentication)
            self._unary |= guarded.unary
            self._stream |= guarded.stream
            self._feed |= guarded.feed
        self._authentication = authentication
        self._failure = failure

    def admit(self, metadata: Mapping[str, str]) -> None:
        """Refuse a caller without a good key, before its request is looked at.

        The calls themselves ask again: this is only so that they are not prepared.
        """
        try:
            self._authentication.owner(metadata)
        except DomainError as error:
            raise self._failure(to_status(error), {}) from None

    async def unary(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        """Call an RPC with one answer. Cancelling this cancels the call."""
        call = Call(method, metadata)
        if REFUSAL in metadata:
            call.note_refusal()
        try:
            return await self._unary[method](call, request)
        except DomainError as error:
            raise self._failure(to_status(error), call.headers) from accident(error)
        finally:
            headers.update(call.headers)

    async def stream(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> AsyncIterator[Sequence[Message]]:
        """Call an RPC with many answers. Closing the iterator says the caller left."""
        call = Call(method, metadata)
        if REFUSAL in metadata:
            call.note_refusal()
        try:
            batches = self._stream[method](call, request)
            async with aclosing(batches):  # type: ignore[type-var]
                async for batch in batches:
                    headers.update(call.headers)
                    yield batch
        except DomainError as error:
            raise self._failure(to_status(error), call.headers) from accident(error)
        finally:
            headers.update(call.headers)

    async def feed(
        self,
        method: str,
        requests: AsyncIterator[Message],
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        """Call an RPC that takes many messages. What `requests` raises cancels it."""
        call = Call(method, metadata)
        broken: list[Exception] = []

        async def watched() -> AsyncIterator[Message]:
            try:
                async for request in requests:
                    yield request
            except Exception as error:  # noqa: BLE001 - it goes on to the caller
                # As a channel would have it: the service sees that the caller left.
                broken.append(error)
                raise asyncio.CancelledError from None

        try:
            return await self._feed[method](call, watched())
        except DomainError as error:
            raise self._failure(to_status(error), call.headers) from accident(error)
        except asyncio.CancelledError:
            if broken:
                raise broken[0] from None
            raise
        finally:
            headers.update(call.headers)
