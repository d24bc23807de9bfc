"""The OpenAPI document is valid, and says what is served."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from openinteractions.gateway.openapi import document
from openinteractions.gateway.routes import Routes
from tests.gateway.doubles import SERVICE
from tests.gateway.protos import compile_file
from tests.gateway.uploads import FILES as FILE_SERVICE

MADE = document(Routes([SERVICE]).all, server="https://ai.example.com")


def test_the_document_is_valid() -> None:
    validate(MADE)


def test_every_operation_is_there_once() -> None:
    operations = {
        (verb, path): operation["operationId"]
        for path, item in MADE["paths"].items()
        for verb, operation in item.items()
    }

    assert operations == {
        ("post", "/v1/interactions"): "createInteraction",
        ("get", "/v1/interactions"): "listInteractions",
        ("get", "/v1/interactions/{id}"): "getInteraction",
        ("delete", "/v1/interactions/{id}"): "deleteInteraction",
        ("post", "/v1/interactions/{id}/cancel"): "cancelInteraction",
    }


def test_create_has_both_media_types_and_its_switch() -> None:
    create = MADE["paths"]["/v1/interactions"]["post"]

    assert set(create["responses"]["200"]["content"]) == {
        "application/json",
        "text/event-stream",
    }
    body = create["requestBody"]["content"]["application/json"]["schema"]
    assert body["allOf"][1]["properties"] == {"stream": {"type": "boolean"}}


def test_get_has_the_query_of_both_its_forms() -> None:
    get = MADE["paths"]["/v1/interactions/{id}"]["get"]

    assert [(one["name"], one["in"]) for one in get["parameters"]] == [
        ("id", "path"),
        ("include_input", "query"),
        ("last_event_id", "query"),
        ("stream", "query"),
    ]


def valid(component: str, value: Any) -> bool:
    schema = {
        "$ref": f"#/components/schemas/{component}",
        "components": MADE["components"],
    }
    return jsonschema.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("component", "value", "fits"),
    [
        ("Content", {"type": "text", "text": "a", "new": 1}, True),
        ("Content", {"type": "text", "text": 1}, False),
        ("Content", {"type": "smell"}, False),
        ("Content", {"text": "a"}, False),
        ("Input", "Hi", True),
        ("Input", [{"type": "user_input", "content": []}], True),
        ("Input", 1, False),
        ("ResponseFormat", {"type": "object"}, True),
        ("ToolResult", 1.5, True),
        ("CreateInteractionRequest", {"model": "m", "input": "Hi"}, True),
        ("CreateInteractionRequest", {"model": "m"}, False),
        ("CreateInteractionRequest", {"input": "Hi", "labels": {"a": 1}}, False),
        (
            "Interaction",
            {"status": "completed", "created": "2026-06-01T10:00:00Z"},
            True,
        ),
        ("EnvironmentSpec", {"type": "remote", "env": {"A": {"value": "b"}}}, True),
        ("EnvironmentSpec", {"type": "remote", "env": {"A": 1}}, False),
        ("Interaction", {"status": "odd"}, False),
        ("InteractionEvent", {"event_type": "step.stop", "event_id": "e"}, True),
        ("ErrorResponse", {"error": {"message": "No.", "code": "not_found"}}, True),
        ("ErrorResponse", {"error": "No."}, False),
    ],
)
def test_the_schemas_say_what_the_codec_does(
    component: str, value: Any, *, fits: bool
) -> None:
    assert valid(component, value) is fits


def test_members_of_one_direction_are_marked() -> None:
    schemas = MADE["components"]["schemas"]

    assert schemas["McpServerTool"]["properties"]["headers"] == {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "writeOnly": True,
    }
    assert schemas["Interaction"]["properties"]["id"]["readOnly"] is True


def test_a_type_within_itself_is_described() -> None:
    file = compile_file(
        """message A { repeated A children = 1; } service S { rpc X(A) returns (A) {
        option (google.api.http) = {post: "/v1/as" body: "*"}; } }"""
    )
    made = document(Routes([file.services_by_name["S"]]).all, server="/")

    validate(made)
    reference = {"$ref": "#/components/schemas/A"}
    assert made["components"]["schemas"]["A"]["properties"] == {
        "children": {"type": "array", "items": reference}
    }


def test_a_value_need_not_have_an_object() -> None:
    file = compile_file(
        """message L { repeated string items = 1; } message V { oneof value {
        option (json.v1.by_shape) = true; string text = 1; L list = 2; } }
        message A { V value = 1; } service S { rpc X(A) returns (A) {
        option (google.api.http) = {post: "/v1/as" body: "*"}; } }"""
    )
    made = document(Routes([file.services_by_name["S"]]).all, server="/")

    text = {"type": "string"}
    assert made["components"]["schemas"]["V"] == {
        "anyOf": [text, {"type": "array", "items": text}]
    }


FILES = document(Routes([SERVICE, FILE_SERVICE]).all, server="/")


def test_the_document_with_files_is_valid() -> None:
    validate(FILES)


def test_bytes_and_errors_of_files_are_told() -> None:
    download = FILES["paths"]["/v1/files/{id}:download"]["get"]["responses"]

    assert set(download["200"]["content"]) == {"*/*"}
    assert download["4XX"] == {"$ref": "#/components/responses/Status"}
    schema = FILES["components"]["schemas"]["StatusResponse"]
    status = {"code": 404, "message": "It is gone.", "status": "NOT_FOUND"}
    jsonschema.validate({"error": status}, schema)
    assert [
        one["name"] for one in FILES["paths"]["/v1/files"]["get"]["parameters"]
    ] == [
        "pageSize",
        "pageToken",
    ]
