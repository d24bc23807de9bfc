"""The service behind a gRPC channel, for a gateway in a process of its own.

A gateway in the service's own process has no use for this module, and none for gRPC.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import grpc.aio
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2
from grpc.aio import AioRpcError

from openinteractions.gateway.upstream import LARGEST_MESSAGE, StatusError

_DETAILS = "grpc-status-details-bin"

# Messages of a stream that are read ahead of a slow client, and bytes of them: those of
# a download are large. While a client takes so much nothing is read, and the service
# must not take that for a reader who has left.
_AHEAD = 256
_AHEAD_BYTES = 1024 * 1024


class ChannelUpstream:
    """The service behind a gRPC channel, for a gateway in a process of its own.

    The channel is insecure: it is meant for the same machine or a private network.

    Args:
        target: the address to dial.
        services: the services to call; their RPCs have distinct names.
        largest_message: bytes of the largest message, in either direction.
    """

    def __init__(
        self,
        target: str,
        services: Iterable[ServiceDescriptor],
        *,
        largest_message: int = LARGEST_MESSAGE,
    ) -> None:
        self._channel = grpc.aio.insecure_channel(
            target,
            options=[
                ("grpc.max_send_message_length", largest_message),
                ("grpc.max_receive_message_length", largest_message),
            ],
        )
        self._stubs: dict[str, Any] = {}
        for service in services:
            for method in service.methods:
                self._stubs[method.name] = _stub(self._channel, method)

    def admit(self, metadata: Mapping[str, str]) -> None:
        """Let everyone call: the service behind the channel knows the keys."""

    async def close(self) -> None:
        """Close the channel; calls that are running are cancelled."""
        await self._channel.close(None)

    async def unary(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        """Call an RPC with one answer; see `Upstream.unary`."""
        call = self._stubs[method](request, metadata=_sendable(metadata))
        try:
            response: Message = await call
            headers.update(await _headers(call))
        except AioRpcError as error:
            raise _status_error(error) from None
        finally:
            call.cancel()
        return response

    async def stream(
        self,
        method: str,
        request: Message,
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> AsyncIterator[Sequence[Message]]:
        """Call an RPC with many answers; see `Upstream.stream`."""
        call = self._stubs[method](request, metadata=_sendable(metadata))
        inbox = _Inbox()
        reader = asyncio.create_task(inbox.fill(call))
        try:
            headers.update(_readable(await call.initial_metadata()))
            while batch := await inbox.take():
                yield batch
            await reader
        except AioRpcError as error:
            raise _status_error(error) from None
        finally:
            call.cancel()
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def feed(
        self,
        method: str,
        requests: AsyncIterator[Message],
        metadata: Mapping[str, str],
        headers: dict[str, str],
    ) -> Message:
        """Call an RPC that takes many messages; see `Upstream.feed`."""
        call = _patient(self._stubs[method](metadata=_sendable(metadata)))
        feeding = asyncio.create_task(_send(call, requests))
        try:
            response: Message = await call
            headers.update(await _headers(call))
        except AioRpcError as error:
            raise _status_error(error) from None
        except asyncio.CancelledError:
            if feeding.done() and not feeding.cancelled():
                feeding.result()
            raise
        finally:
            call.cancel()
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
        return response


async def _send(
    call: grpc.aio.StreamUnaryCall[Any, Any], requests: AsyncIterator[Message]
) -> None:
    """Send messages, each when the last one is on its way."""
    try:
        async for message in requests:
            await call.write(message)
        await call.done_writing()
    except (asyncio.InvalidStateError, AioRpcError):
        return  # the service has its answer and takes no more
    except BaseException:
        call.cancel()
        raise


def _patient(call: Any) -> Any:
    """Let a new call end with the status of the service, whatever a write meets."""
    # grpc.aio has no public place for it; `test_a_refusal_is_a_status` holds this.
    call._cython_call = _Patient(call._cython_call)  # noqa: SLF001
    return call


class _Patient:
    """What grpc.aio asks of its core, without its haste after a failed write.

    A service may answer or refuse before it has read all messages. Then one that is
    just being sent fails, and grpc.aio ends the call as internal at once, though the
    status of the service arrives in the same moment.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def set_internal_error(self, reason: str) -> None:
        """Wait: a write fails only when the call has ended, and an end has a status."""


def _stub(channel: grpc.aio.Channel, method: MethodDescriptor) -> Any:
    """Return what calls an RPC."""
    dial: Any = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
    }[method.client_streaming, method.server_streaming]
    return dial(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )


class _Inbox:
    """What a stream has sent and nobody has taken yet.

    gRPC hands messages over one by one and does not say whether more are there, so a
    task of its own reads them while the last batch is being written.
    """

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._bytes = 0
        self._ended = False
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()

    async def fill(self, call: grpc.aio.UnaryStreamCall[Any, Any]) -> None:
        """Read until the stream ends; raise what it ends with."""
        try:
            async for message in call:
                self._messages.append(message)
                self._bytes += message.ByteSize()
                self._arrived.set()
                while len(self._messages) >= _AHEAD or self._bytes >= _AHEAD_BYTES:
                    self._room.clear()
                    await self._room.wait()
        finally:
            self._ended = True
            self._arrived.set()

    async def take(self) -> Sequence[Message]:
        """Return what is there, waiting for at least one; nothing at the end."""
        if not self._messages and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        messages, self._messages, self._bytes = self._messages, [], 0
        self._room.set()
        return messages


async def _headers(call: Any) -> dict[str, str]:
    """Return what goes along with the answer of a call, before it or behind it."""
    before, behind = await call.initial_metadata(), await call.trailing_metadata()
    return _readable(before) | _readable(behind)


def _status_error(error: AioRpcError) -> StatusError:
    trailers: Any = error.trailing_metadata()
    initial: Any = error.initial_metadata()
    headers = _readable(initial) | _readable(trailers)
    status = status_pb2.Status(
        code=error.code().value[0], message=error.details() or ""
    )
    details = next((value for name, value in trailers if name == _DETAILS), None)
    if isinstance(details, bytes):
        # Other than ours, code and message are what we have.
        with contextlib.suppress(DecodeError):
            status = status_pb2.Status.FromString(details)
    return StatusError(status, headers)


def _sendable(metadata: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    # gRPC refuses a call whose metadata are not printable ASCII. No key of ours is
    # anything else, so a value that is cannot be right and need not arrive.
    return tuple(
        (name, value)
        for name, value in metadata.items()
        if value.isascii() and value.isprintable()
    )


def _readable(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    return {name: value for name, value in metadata if isinstance(value, str)}
