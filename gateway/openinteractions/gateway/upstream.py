"""The service as the gateway sees it: RPCs by name.

In one process the composition root hands over the servicer itself, wrapped; split, a
`channel.ChannelUpstream` dials it. Failures come as `google.rpc.Status` either way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from google.protobuf.message import Message
from google.rpc import status_pb2

LARGEST_MESSAGE = 100 * 1024 * 1024
"""Bytes of the largest message, by default."""


class StatusError(Exception):
    """An RPC failed.

    Its cause is what nobody foresaw, if it was that and happened in this process.

    Attributes:
        status: what the service said.
        headers: response headers that go with it, such as `retry-after`.
    """

    def __init__(
        self, status: status_pb2.Status, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status.message)
        self.status = status
        self.headers = dict(headers or {})


class Upstream(Protocol):
    """The RPCs of the service.

    `method` is the name of an RPC, such as `CreateInteraction`; `metadata` that of the
    request, with lower-case keys. `headers` is filled with those of the response before
    `unary` returns, and before the first batch of `stream`.
    """

    def admit(self, metadata: Mapping[str, str]) -> None:
        """Say that a caller may call, before anything else of its request is looked at.

        Raises:
            StatusError: it may not. An upstream that cannot tell here raises nothing,
                and refuses the call itself.
        """
        ...

    async def unary(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        """Call an RPC with one answer. Cancelling this cancels the RPC.

        Raises:
            StatusError: it failed.
        """
        ...

    def stream(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> AsyncIterator[Sequence[Message]]:
        """Call an RPC with many answers, in batches of what is there.

        Cancelling the iteration, or closing the iterator, says that the caller left.

        Raises:
            StatusError: it failed; also after some batches.
        """
        ...

    async def feed(
        self,
        method: str,
        requests: AsyncIterator[Message],
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        """Call an RPC that takes many messages and has one answer.

        `requests` is asked for a message when the service takes one, not ahead of it;
        it may be left before its end, when the service has its answer. If it raises,
        the RPC is cancelled: what the service has taken by then stays taken. Cancelling
        this cancels the RPC too.

        Raises:
            StatusError: it failed.
            Exception: what `requests` raised.
        """
        ...
