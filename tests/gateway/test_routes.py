"""Methods and paths to RPCs, and what cannot be a route."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor import ServiceDescriptor

from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.routes import Routes
from openinteractions.gateway.template import RouteError
from openinteractions.v1 import interaction_service_pb2
from tests.gateway.protos import compile_file

SERVICE = interaction_service_pb2.DESCRIPTOR.services_by_name["InteractionService"]
ROUTES = Routes([SERVICE])

FOUND = [
    ("POST", "/v1/interactions", "CreateInteraction", {}),
    ("POST", "/v1beta/v1/interactions/", "CreateInteraction", {}),
    ("POST", "/v1/interactions:stream", "StreamCreateInteraction", {}),
    ("GET", "/v1/interactions", "ListInteractions", {}),
    ("GET", "/v1/interactions/a", "GetInteraction", {"id": "a"}),
    ("GET", "/v1/interactions/a%2Fb%20c", "GetInteraction", {"id": "a/b c"}),
    ("GET", "/v1/interactions/a:b", "GetInteraction", {"id": "a:b"}),
    ("GET", "/v1/interactions/:stream", "GetInteraction", {"id": ":stream"}),
    ("GET", "/v1/interactions/a:stream", "StreamInteraction", {"id": "a"}),
    ("DELETE", "/v1/interactions/a", "DeleteInteraction", {"id": "a"}),
    ("POST", "/v1/interactions/a/cancel", "CancelInteraction", {"id": "a"}),
    (
        "POST",
        "/v1beta1/projects/p/locations/l/interactions/a/cancel",
        "CancelInteraction",
        {"id": "a"},
    ),
]


@pytest.mark.parametrize(("verb", "path", "method", "variables"), FOUND)
def test_a_method_and_a_path_are_an_rpc(
    verb: str, path: str, method: str, variables: dict[str, str]
) -> None:
    route, found = ROUTES.find(verb, path)

    assert (route.method.name, found) == (method, variables)
    assert ROUTES.find(verb, path) == (route, found)


NOWHERE = ["/", "/v1", "/v1/things", "/interactions", "/v1/interactions/a/b"]
NOWHERE += [
    "/v1/interactions/a/cancel/b",
    "/v1/interactions/%FF",
    "/v1/x/interactions/",
]
NOWHERE += ["/v1/interactions/%FF/cancel", "/v1/interactions:other"]


@pytest.mark.parametrize("path", NOWHERE)
def test_another_path_is_not_found(path: str) -> None:
    with pytest.raises(RefusedError) as caught:
        ROUTES.find("GET", path)

    assert caught.value.reason == Reason.ERROR_REASON_NOT_FOUND


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("PUT", "/v1/interactions", "GET, POST"),
        ("HEAD", "/v1/interactions/a", "DELETE, GET"),
        ("OPTIONS", "/v1/interactions/a/cancel", "POST"),
    ],
)
def test_another_method_is_told_those_that_are_there(
    verb: str, path: str, allowed: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        ROUTES.find(verb, path)

    assert caught.value.reason == Reason.ERROR_REASON_METHOD_NOT_ALLOWED
    assert caught.value.headers == {"Allow": allowed}


def test_a_route_knows_its_stream_and_what_switches_to_it() -> None:
    route, _ = ROUTES.find("POST", "/v1/interactions")

    assert route.body
    assert route.switch == "stream"
    assert route.stream is not None
    assert route.stream.name == "StreamCreateInteraction"


MESSAGES = """
message A { string id = 1; int32 number = 2; bool live = 3; }
message B {}
"""
BOUND = 'rpc Bound(B) returns (B) { option (google.api.http) = {get: "/v1/b"}; }'
GET_A = 'option (google.api.http) = {get: "/v1/a/{id}"};'
LIVE = 'option (json.v1.stream_variant) = {when: "live" method: "Live"};'
FLOW = 'option (json.v1.stream_variant) = {when: "stream" method: "Live"};'
POST_LIVE = 'option (google.api.http) = {post: "/v1/a/{id}:live"};'


def compiled(rpcs: str) -> ServiceDescriptor:
    file = compile_file(f"{MESSAGES} service S {{ {rpcs} }}")
    service: ServiceDescriptor = file.services_by_name["S"]
    return service


BROKEN = [
    (
        'rpc X(A) returns (B) { option (google.api.http) = {custom: {kind: "*"}}; }',
        "needs one binding",
    ),
    (
        """rpc X(A) returns (B) { option (google.api.http) = {
        get: "/v1/a" additional_bindings {get: "/v1/b"}}; }""",
        "needs one binding",
    ),
    (
        """rpc X(A) returns (B) { option (google.api.http) = {
        post: "/v1/a" body: "id"}; }""",
        "the whole message or nothing",
    ),
    (
        """rpc X(A) returns (B) { option (google.api.http) = {
        get: "/v1/a" response_body: "x"}; }""",
        "the whole message or nothing",
    ),
    (f"rpc X(stream A) returns (B) {{ {GET_A} }}", "cannot stream requests"),
    (f"rpc X(A) returns (google.api.HttpBody) {{ {GET_A} }}", "bytes are got"),
    (
        """rpc X(A) returns (stream google.api.HttpBody) { option (google.api.http) = {
        post: "/v1/a"}; }""",
        "bytes are got",
    ),
    (
        'rpc X(A) returns (B) { option (google.api.http) = {get: "/v1/a/*"}; }',
        "not supported",
    ),
    (
        'rpc X(A) returns (B) { option (google.api.http) = {get: "/v1/a/{name}"}; }',
        "'name' is no string of its request",
    ),
    (
        'rpc X(A) returns (B) { option (google.api.http) = {get: "/v1/a/{number}"}; }',
        "'number' is no string of its request",
    ),
    (
        f"rpc X(A) returns (B) {{ {GET_A} }} rpc Y(A) returns (B) {{ {GET_A} }}",
        "are both GET /v1/a/{id}",
    ),
    (f"rpc X(A) returns (B) {{ {GET_A} {FLOW} }}", "'Live' is no stream of it"),
    (
        f"""rpc X(A) returns (B) {{ {GET_A} {FLOW} }}
        rpc Live(A) returns (B) {{ {POST_LIVE} }}""",
        "'Live' is no stream of it",
    ),
    (
        f"""rpc X(A) returns (stream B) {{ {GET_A} {FLOW} }}
        rpc Live(A) returns (stream B) {{ {POST_LIVE} }}""",
        "'Live' is no stream of it",
    ),
    (
        f"""rpc X(A) returns (B) {{ {GET_A} {LIVE} }}
        rpc Live(A) returns (stream B) {{ {POST_LIVE} }}""",
        "'live' would hide a member",
    ),
    (
        f"""rpc X(A) returns (B) {{ {GET_A} {FLOW} }} rpc Live(B) returns (stream B)
        {{ option (google.api.http) = {{post: "/v1/a"}}; }}""",
        "'id' is no string of its request",
    ),
]


def test_an_rpc_without_a_binding_has_no_route() -> None:
    rpcs = f"rpc X(A) returns (B); rpc Y(stream A) returns (B); {BOUND}"
    routes = Routes([compiled(rpcs)])

    assert [route.method.name for route in routes.all] == ["Bound"]


def test_the_head_of_bytes_is_had_like_the_bytes() -> None:
    routes = Routes(
        [compiled(f"rpc X(A) returns (stream google.api.HttpBody) {{ {GET_A} }}")]
    )

    assert routes.find("HEAD", "/v1/a/1") == routes.find("GET", "/v1/a/1")
    assert routes.all[0].raw


@pytest.mark.parametrize(("rpcs", "problem"), BROKEN)
def test_what_cannot_be_served_stops_the_start(rpcs: str, problem: str) -> None:
    service = compiled(rpcs)

    with pytest.raises(RouteError) as caught:
        Routes([service])
    assert problem in str(caught.value)
