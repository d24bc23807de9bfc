"""Between gRPC's calls and ours: the outermost frame of the gRPC face.

Metadata becomes a `Call`; a `DomainError` becomes a status with its details in
the trailers, and one line in the log. A caller that leaves cancels the call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import Any, NoReturn

import grpc
import grpc.aio
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from openinteractions.core.errors import DomainError, NotReadError, shape
from openinteractions.rpc.call import (
    PEER,
    Call,
    Feed,
    Handlers,
    Stream,
    Unary,
    accident,
)
from openinteractions.rpc.stalls import Stalls, Taking
from openinteractions.rpc.status import to_status

log = logging.getLogger(__name__)

DETAILS = "grpc-status-details-bin"

LONGEST_MESSAGE_BYTES = 1000
"""Clients take 8 KiB of trailers; the message is in them up to three times, once with
three bytes for each that is not ASCII."""

SERVER_ERROR = 500

CODES = {code.value[0]: code for code in grpc.StatusCode}

Context = grpc.aio.ServicerContext[bytes, Message]


def generic_handler(
    handlers: Handlers, stalls: Stalls
) -> grpc.GenericRpcHandler[Any, Any]:
    """Return the service for a gRPC server; the handlers take serialized requests.

    Calls are dropped whose client takes nothing of a stream (see `stalls`).

    Raises:
        KeyError: an RPC has no handler.
    """
    service = handlers.service
    return grpc.method_handlers_generic_handler(
        service.full_name,
        {
            method.name: _method_handler(method, handlers, stalls)
            for method in service.methods
        },
    )


def _method_handler(
    method: MethodDescriptor, handlers: Handlers, stalls: Stalls
) -> grpc.RpcMethodHandler[bytes, Message]:
    # Without a deserializer the bytes come as they are: what is no message is then
    # the caller's mistake, and not an internal error.
    serializer: Any = GetMessageClass(method.output_type).SerializeToString
    if method.client_streaming:
        return grpc.stream_unary_rpc_method_handler(
            _unary(method.name, handlers.feed[method.name]),
            response_serializer=serializer,
        )
    if method.server_streaming:
        is_file = method.output_type.full_name == HttpBody.DESCRIPTOR.full_name
        seconds = stalls.patience.bytes if is_file else stalls.patience.events
        return grpc.unary_stream_rpc_method_handler(
            _stream(method.name, handlers.stream[method.name], stalls, seconds),
            response_serializer=serializer,
        )
    return grpc.unary_unary_rpc_method_handler(
        _unary(method.name, handlers.unary[method.name]),
        response_serializer=serializer,
    )


def _unary(
    name: str, handler: Unary | Feed
) -> Callable[[Any, Context], Awaitable[Message]]:
    """Return what serves an RPC with one answer; it takes one request, or many."""

    async def serve(request: Any, context: Context) -> Message:
        call = _call(name, context)
        try:
            response = await handler(call, request)
        except DomainError as error:
            await _fail(context, call, error)
        # Behind the answer, in the same operation: in front they would be another one.
        context.set_trailing_metadata(tuple(call.headers.items()))
        return response

    return serve


def _stream(
    name: str, handler: Stream, stalls: Stalls, seconds: float
) -> Callable[[bytes, Context], Awaitable[None]]:
    async def serve(request: bytes, context: Context) -> None:
        call, begun = _call(name, context), False
        batches = handler(call, request)
        taking = stalls.watch(seconds, partial(_drop, context, call, batches))
        try:
            async with aclosing(batches):  # type: ignore[type-var]
                async for batch in batches:
                    if not begun:
                        begun = True
                        await context.send_initial_metadata(tuple(call.headers.items()))
                    taking.batch, taking.left = batch, iter(batch)
                    for message in taking.left:
                        await context.write(message)
                    taking.left = None
                    if taking.dropping is not None:
                        break
        except DomainError as error:
            await _fail(context, call, error)
        except Exception:
            if taking.dropping is None:
                raise
        finally:
            stalls.forget(taking)
        await _end(context, call, taking, begun=begun)

    return serve


async def _end(context: Context, call: Call, taking: Taking, *, begun: bool) -> None:
    """End a stream as it is dropped, if it is; without a message, with its headers."""
    if taking.dropping is not None:
        await taking.dropping
    elif not begun:  # its reader has had everything before
        context.set_trailing_metadata(tuple(call.headers.items()))


async def _drop(
    context: Context, call: Call, batches: AsyncIterator[Sequence[Message]]
) -> None:
    """End a call amid a write: as if its caller had left, but with a status.

    The status comes behind the message that is being written. To break that off would
    lose track of it in gRPC.
    """
    with suppress(DomainError, RuntimeError):  # it may be ending just now
        await batches.aclose()  # type: ignore[attr-defined]
    error = NotReadError(
        "The client has taken nothing for too long. What is stored can be streamed on "
        "after the last event that came (last_event_id)."
    )
    try:
        await _fail(context, call, error)
    except grpc.aio.InternalError:  # the client has left meanwhile
        raise asyncio.CancelledError from None


def _call(name: str, context: Context) -> Call:
    metadata = {
        key: value
        for key, value in context.invocation_metadata() or ()
        if isinstance(value, str)
    }
    # The port of a peer is another one with each connection.
    metadata.setdefault(PEER, context.peer().rpartition(":")[0])
    return Call(name, metadata)


async def _fail(context: Context, call: Call, error: DomainError) -> NoReturn:
    _log(call, error)
    status = to_status(error, longest_bytes=LONGEST_MESSAGE_BYTES)
    details = (DETAILS, status.SerializeToString())
    await context.abort(
        CODES[status.code], status.message, (*call.headers.items(), details)
    )


def _log(call: Call, error: DomainError) -> None:
    """Log a failed call in one line, with what nobody foresaw behind it."""
    looks, surprise = shape(error.reason), accident(error)
    level = logging.WARNING if looks.http_status >= SERVER_ERROR else logging.INFO
    log.log(
        level if surprise is None else logging.ERROR,
        "%s %s failed: %s: %r",
        call.method,
        call.request_id,
        looks.code,
        error.message,
        exc_info=surprise,
    )
