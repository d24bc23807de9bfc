"""A matched HTTP request to an RPC and its request message.

The message comes from the path, and from the body or the query. Bodies are brought into
the newest revision's form before they are decoded; what is then refused is named where
the client wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from openinteractions.gateway import revisions
from openinteractions.gateway.codec import Codec
from openinteractions.gateway.errors import (
    DecodeError,
    Origin,
    Reason,
    RefusedError,
    as_it_is,
    clip,
    misfit,
)
from openinteractions.gateway.parse import parse
from openinteractions.gateway.query import QueryBinder, flag
from openinteractions.gateway.routes import RAW, Route

UPGRADED = frozenset({"openinteractions.v1.CreateInteractionRequest"})
"""Requests that clients of older revisions send in other forms."""


PEER = "x-openinteractions-peer"
"""The metadata key with the address of who asks for background work; see `Call`."""

REFUSAL = "x-openinteractions-refusal"
"""The metadata key with why a request is refused, percent-encoded; see `Call`."""


@dataclass(frozen=True, slots=True)
class Call:
    """An RPC and what it is called with."""

    method: MethodDescriptor
    message: Message
    origin: Origin = as_it_is
    """Where the client wrote what the message has at a path."""
    refusal: str | None = None
    """Why the request is refused, unless it is for a server that takes what is not
    known here. It is in the message then."""

    @property
    def streams(self) -> bool:
        """Whether the answer is a stream of events."""
        return bool(self.method.server_streaming)

    @property
    def raw(self) -> bool:
        """Whether the answer is bytes as they are."""
        return bool(self.method.output_type.full_name == RAW)


class Binder:
    """Makes calls out of requests, for all routes of a gateway.

    Args:
        codec: has the types of all requests.
        routes: all routes.
        passing_on: whether the service may pass requests on to servers that take what
            is not known here. Then it has to refuse it where it does not.
    """

    def __init__(
        self, codec: Codec, routes: Iterable[Route], *, passing_on: bool = False
    ) -> None:
        self._codec = codec
        self._passing_on = passing_on
        self._queries = {
            method.input_type.full_name: QueryBinder(method.input_type)
            for route in routes
            for method in (route.method, route.stream)
            if method is not None
        }

    def bind(
        self,
        route: Route,
        variables: Mapping[str, str],
        parameters: Mapping[str, str],
        body: bytes,
    ) -> Call:
        """Return the call that a request stands for.

        Args:
            route: the route of its method and path.
            variables: of the path, decoded.
            parameters: of the query, decoded.
            body: the body; not read where the route has none.

        Raises:
            RefusedError: something in the request is wrong (invalid_request); the
                message names it.
        """
        try:
            if route.body:
                return self._from_body(route, variables, parse(body))
            return self._from_query(route, variables, parameters)
        except DecodeError as error:
            raise refused(error.message()) from None

    def _from_query(
        self, route: Route, variables: Mapping[str, str], parameters: Mapping[str, str]
    ) -> Call:
        method = route.method
        if route.switch is not None and route.switch in parameters:
            try:
                streams = flag(parameters[route.switch])
            except DecodeError as error:
                raise error.under(route.switch) from None
            method = _chosen(route, streams=streams)
        message = GetMessageClass(method.input_type)()
        self._queries[method.input_type.full_name].set(message, parameters)
        return _with_variables(Call(method, message), variables)

    def _from_body(
        self, route: Route, variables: Mapping[str, str], body: dict[str, Any]
    ) -> Call:
        method = route.method
        if route.switch is not None:
            streams = body.pop(route.switch, None)
            if streams is not None and type(streams) is not bool:
                raise misfit("a boolean").under(route.switch)
            method = _chosen(route, streams=bool(streams))
        message_class = GetMessageClass(method.input_type)
        if method.input_type.full_name in UPGRADED:
            call = Call(method, *self._upgraded(message_class, body))
        else:
            call = Call(method, self._codec.decode(message_class, body))
        return _with_variables(call, variables)

    def _upgraded(
        self, message_class: type[Message], body: dict[str, Any]
    ) -> tuple[Message, Origin, str | None]:
        try:
            upgraded = revisions.upgrade(body)
        except revisions.RevisionError as error:
            raise revision_refused(error) from None
        try:
            message = self._codec.decode(message_class, upgraded.body)
        except DecodeError as error:
            refusal = error.message(upgraded.origin(error.path))
        else:
            return message, upgraded.origin, None
        if not self._passing_on:
            raise refused(refusal)
        try:
            message = self._codec.decode(message_class, upgraded.body, strict=False)
        except DecodeError:
            raise refused(refusal) from None
        return message, upgraded.origin, refusal


def refused(message: str) -> RefusedError:
    """Return the refusal of a request in which something is wrong."""
    return RefusedError(Reason.ERROR_REASON_INVALID_REQUEST, message)


def revision_refused(error: revisions.RevisionError) -> RefusedError:
    """Return the refusal of a request that no revision can mean."""
    where = f"'{clip(error.path)}'" if error.path else "The request body"
    return refused(f"{where} {error.message}.")


def _chosen(route: Route, *, streams: bool) -> MethodDescriptor:
    return route.stream if streams and route.stream is not None else route.method


def _with_variables(call: Call, variables: Mapping[str, str]) -> Call:
    for name, value in variables.items():
        setattr(call.message, name, value)
    return call
