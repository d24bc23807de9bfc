"""Requests to calls: what clients send is understood, whatever the form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from openinteractions.gateway.binding import Binder, Call
from openinteractions.gateway.codec import Codec
from openinteractions.gateway.errors import RefusedError
from openinteractions.gateway.query import parse_query
from openinteractions.gateway.routes import Routes
from tests.gateway.doubles import SERVICE
from tests.gateway.protos import compile_file

FIXTURES = Path(__file__).parents[1] / "fixtures" / "contract"
ROUTES = Routes([SERVICE])
BINDER = Binder(Codec(), ROUTES.all)


def bind(verb: str, target: str, body: bytes = b"") -> Call:
    path, _, query = target.partition("?")
    route, variables = ROUTES.find(verb, path)
    return BINDER.bind(route, variables, parse_query(query), body)


CREATE = "/v1/interactions"

BOUND = [
    ("POST", CREATE, '{"model":"m","input":"Hi"}', "CreateInteraction",
     'model: "m" input { text: "Hi" }'),
    ("POST", CREATE, '{"stream":false}', "CreateInteraction", ""),
    ("POST", CREATE, '{"stream":null}', "CreateInteraction", ""),
    ("POST", CREATE, '{"stream":true,"input":"Hi"}', "StreamCreateInteraction",
     'input { text: "Hi" }'),
    ("POST", CREATE + "?stream=true&alt=sse&key=k", "{}", "CreateInteraction", ""),
    ("POST", CREATE, '{"input":[{"role":"user","content":"Hi"}]}', "CreateInteraction",
     'input { steps { items { user_input { content { text { text: "Hi" } } } } } }'),
    ("GET", "/v1/interactions/a", "", "GetInteraction", 'id: "a"'),
    ("GET", "/v1/interactions/a", "[]", "GetInteraction", 'id: "a"'),
    ("GET", "/v1/interactions/a?stream=false&include_input=true&x=1", "",
     "GetInteraction", 'id: "a" include_input: true'),
    ("GET", "/v1/interactions/a?last_event_id=e", "", "GetInteraction", 'id: "a"'),
    ("GET", "/v1/interactions/a?stream=true&last_event_id=e%2B", "",
     "StreamInteraction", 'id: "a" last_event_id: "e+"'),
    ("GET", "/v1/interactions/a?id=b", "", "GetInteraction", 'id: "a"'),
    ("GET", "/v1/interactions?page_size=2", "", "ListInteractions", "page_size: 2"),
    ("POST", "/v1/interactions/a/cancel", "", "CancelInteraction", 'id: "a"'),
    ("DELETE", "/v1/interactions/a", "{}", "DeleteInteraction", 'id: "a"'),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "target", "body", "method", "message"), BOUND)
def test_a_request_is_a_call(
    verb: str, target: str, body: str, method: str, message: str
) -> None:
    call = bind(verb, target, body.encode())

    assert call.method.name == method
    assert call.streams == ("Stream" in method)
    assert call.message == text_format.Parse(message, type(call.message)())


REFUSED = [
    ("POST", CREATE, "", "The request body is not valid JSON: "),
    ("POST", CREATE, "[]", "Invalid input: the request body must be a JSON object."),
    ("POST", CREATE, '{"stream":"true"}',
     "Invalid input at 'stream': expected a boolean."),
    ("POST", CREATE, '{"stream":1}', "Invalid input at 'stream': expected a boolean."),
    ("POST", CREATE, '{"modle":"m"}', "Unknown parameter 'modle'."),
    ("POST", CREATE, '{"generation_config":{"top":1}}',
     "Unknown parameter 'generation_config.top'."),
    ("POST", CREATE + ":stream", '{"stream":true}', "Unknown parameter 'stream'."),
    ("POST", CREATE, '{"input":[{"role":"user","content":[{"type":"text","text":1}]}]}',
     "Invalid input at 'input[0].content[0].text': expected a string."),
    ("POST", CREATE,
     '{"input":[{"type":"thought"},{"type":"text"},{"type":"text","text":1}]}',
     "Invalid input at 'input[2].text': expected a string."),
    ("POST", CREATE, '{"input":[{"x":1}]}', "'input[0]"),
    ("GET", "/v1/interactions/a?stream=1", "",
     "Invalid input at 'stream': expected true or false."),
    ("GET", "/v1/interactions/a?include_input=1", "",
     "Invalid input at 'include_input': expected true or false."),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "target", "body", "message"), REFUSED)
def test_what_is_wrong_is_named_where_the_client_wrote_it(
    verb: str, target: str, body: str, message: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        bind(verb, target, body.encode())

    assert caught.value.message.startswith(message)


# What clients refuse themselves, or mean to be refused.
NOT_SENT = {
    "req_extras": "has members that nobody knows",
}


def requests() -> list[Any]:
    found = []
    for family in ("req", "legacy", "steps", "cont"):
        for path in sorted(FIXTURES.glob(f"{family}_*.json")):
            case = json.loads(path.read_text("utf-8"))
            call = case["call"]
            if call["op"] == "interactions.create" and case["name"] not in NOT_SENT:
                body = call["args"] | {"stream": call.get("stream", False)}
                found.append(pytest.param(body, id=case["name"]))
    assert len(found) > 50
    return found


# Arguments of the client library, which it keeps to itself.
ARGUMENTS = {"automatic_continuation", "extra_body", "extra_headers", "extra_query"}
ARGUMENTS |= {"timeout", "api_version"}


@pytest.mark.parametrize("body", requests())
def test_every_request_of_the_contract_is_understood(body: dict[str, Any]) -> None:
    sent = {name: value for name, value in body.items() if name not in ARGUMENTS}

    call = bind("POST", CREATE, json.dumps(sent).encode())

    assert call.streams is body["stream"]


def test_a_body_of_another_service_is_decoded_as_it_is() -> None:
    file = compile_file(
        """message A { string name = 1; string id = 2; }
        service S { rpc X(A) returns (A) {
        option (google.api.http) = {put: "/v1/as/{id}" body: "*"}; } }"""
    )
    routes = Routes([file.services_by_name["S"]])
    route, variables = routes.find("PUT", "/v1/as/7")
    binder = Binder(Codec(), routes.all)

    call: Any = binder.bind(route, variables, {}, b'{"name":"n"}')

    assert (call.message.name, call.message.id) == ("n", "7")
