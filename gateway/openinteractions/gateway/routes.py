"""Which RPC a method and a path stand for.

Compiled from `google.api.http` on the RPCs of the services. What this cannot express is
a `RouteError`, and so are two RPCs on one path; both come when the gateway is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor

from openinteractions.gateway import options
from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.paths import decode_segment, resource_path
from openinteractions.gateway.template import RouteError, Template, parse_template
from openinteractions.json.v1.annotations_pb2 import StreamVariant

RAW = "google.api.HttpBody"
"""The type of message whose stream is a body, piece by piece."""

_MOST_KNOWN = 1000


@dataclass(frozen=True, slots=True)
class Route:
    """One RPC and how HTTP reaches it."""

    method: MethodDescriptor
    verb: str
    template: Template
    body: bool
    """Whether the request message is in the body; otherwise it is in the query."""

    switch: str | None = None
    """The boolean that selects `stream`, if there is one."""

    stream: MethodDescriptor | None = None
    """The server-streaming twin."""

    @property
    def raw(self) -> bool:
        """Whether the answer is bytes as they are."""
        return bool(self.method.output_type.full_name == RAW)


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    variable: _Node | None = None
    routes: dict[str, dict[str, Route]] = field(default_factory=dict)
    """By verb behind the colon, then by HTTP method."""


class Routes:
    """The routes of some services. An RPC without a binding has none.

    Raises:
        RouteError: an RPC has no binding that can be served, or two have the same.
    """

    def __init__(self, services: Iterable[ServiceDescriptor]) -> None:
        self._root = _Node()
        # What `find` said to paths without variables; clients use few of them.
        self._known: dict[tuple[str, str], Route] = {}
        self.all: list[Route] = []
        for service in services:
            for method in service.methods:
                route = _route(method)
                if route is not None:
                    self._add(route)
                    self.all.append(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.template.segments:
            if part is not None:
                node = node.literals.setdefault(part, _Node())
            else:
                node.variable = node.variable or _Node()
                node = node.variable
        by_method = node.routes.setdefault(route.template.verb, {})
        other = by_method.setdefault(route.verb, route)
        if other is not route:
            raise RouteError(
                f"{route.method.full_name} and {other.method.full_name} are both "
                f"{route.verb} {route.template}"
            )

    def find(self, verb: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Return the route for a method and a path, and the path's variables.

        Raises:
            RefusedError: there is no such path (not_found), or it has no such method
                (method_not_allowed, with `Allow`).
        """
        known = self._known.get((verb, path))
        if known is not None:
            return known, {}
        segments = resource_path(path, self._root.literals)
        found = segments and _find(self._root, segments, [])
        if not found:
            raise RefusedError(Reason.ERROR_REASON_NOT_FOUND, "There is nothing here.")
        by_method, values = found
        route = by_method.get(verb)
        if route is None and verb == "HEAD":
            route = _raw(by_method.get("GET"))
        if route is None:
            raise RefusedError(
                Reason.ERROR_REASON_METHOD_NOT_ALLOWED,
                f"This path has no method {verb}.",
                headers={"Allow": ", ".join(sorted(by_method))},
            )
        if not values and len(self._known) < _MOST_KNOWN:
            self._known[verb, path] = route
        return route, dict(zip(route.template.variables, values, strict=True))


def _find(
    node: _Node, segments: list[str], values: list[str]
) -> tuple[dict[str, Route], list[str]] | None:
    for segment in segments[:-1]:
        step = _step(node, segment, values)
        if step is None:
            return None
        node, values = step
    last, _, verb = segments[-1].rpartition(":")
    for name, behind in ((last, verb), (segments[-1], "")):
        step = _step(node, name, values) if name else None
        if step is not None and behind in step[0].routes:
            return step[0].routes[behind], step[1]
    return None


def _step(
    node: _Node, segment: str, values: list[str]
) -> tuple[_Node, list[str]] | None:
    literal = node.literals.get(segment)
    if literal is not None:
        return literal, values
    value = decode_segment(segment)
    if node.variable is None or value is None:
        return None
    return node.variable, [*values, value]


def _raw(route: Route | None) -> Route | None:
    return route if route is not None and route.raw else None


def _route(method: MethodDescriptor) -> Route | None:
    if not options.has_http_rule(method):
        return None
    rule = options.http_rule(method)
    verb = rule.WhichOneof("pattern")
    if verb is None or verb == "custom" or rule.additional_bindings:
        raise RouteError(f"{method.full_name}: needs one binding to one HTTP method")
    if rule.body not in {"", "*"} or rule.response_body:
        raise RouteError(f"{method.full_name}: a body is the whole message or nothing")
    if method.client_streaming:
        raise RouteError(f"{method.full_name}: HTTP cannot stream requests")
    if method.output_type.full_name == RAW and not (
        verb == "get" and method.server_streaming
    ):
        raise RouteError(f"{method.full_name}: bytes are got, and as a stream")
    template = parse_template(getattr(rule, verb))
    _check_variables(method, method.input_type, template)
    variant = options.stream_variant(method)
    if not variant.method:
        return Route(method, verb.upper(), template, rule.body == "*")
    return Route(
        method,
        verb.upper(),
        template,
        rule.body == "*",
        switch=variant.when,
        stream=_twin(method, variant, template),
    )


def _check_variables(
    method: MethodDescriptor, message: Descriptor, template: Template
) -> None:
    for name in template.variables:
        variable = message.fields_by_name.get(name)
        if variable is None or variable.type != variable.TYPE_STRING:
            raise RouteError(
                f"{method.full_name}: {name!r} is no string of its request"
            )


def _twin(
    method: MethodDescriptor, variant: StreamVariant, template: Template
) -> MethodDescriptor:
    twin = method.containing_service.methods_by_name.get(variant.method)
    if twin is None or not twin.server_streaming or method.server_streaming:
        raise RouteError(f"{method.full_name}: {variant.method!r} is no stream of it")
    if not variant.when or variant.when in method.input_type.fields_by_name:
        raise RouteError(f"{method.full_name}: {variant.when!r} would hide a member")
    _check_variables(twin, twin.input_type, template)
    return twin
