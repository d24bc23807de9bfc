"""Structured output: the schema reaches the model, the text is one document (§5.5)."""

from __future__ import annotations

import json
from typing import Any

from tests.sdk.python import shapes
from tests.sdk.python.case import Case
from tests.sdk.python.registry import behaviour

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "rank": {"type": "integer"}},
    "required": ["city"],
}
TYPED = {"type": "text", "mime_type": "application/json", "schema": SCHEMA}
DOCUMENT = {"city": "Paris", "rank": 1}


def reached(body: dict[str, Any]) -> Any:
    """Give the schema that reached the model."""
    wanted = body["response_format"]
    assert wanted["type"] == "json_schema", wanted
    return wanted["json_schema"]["schema"]


@behaviour("structured", "§5.5", "ask-12")
async def a_typed_schema_reaches_the_model(c: Case) -> None:
    assert reached(await c.echo(input="Hi", response_format=TYPED)) == SCHEMA


@behaviour("structured", "§5.5", "ask-12")
async def a_typed_schema_in_a_list_reaches_the_model(c: Case) -> None:
    body = {"response_format": [TYPED]}
    assert reached(await c.echo(input="Hi", extra_body=body)) == SCHEMA


@behaviour("structured", "§5.5", "ask-12", "ask-17")
async def a_bare_schema_reaches_the_model(c: Case) -> None:
    body = {"response_format": SCHEMA, "response_mime_type": "application/json"}
    assert reached(await c.echo(input="Hi", extra_body=body)) == SCHEMA


@behaviour("structured", "§5.5")
async def a_bare_schema_as_an_argument_gives_a_document(c: Case) -> None:
    made = await c.create(model=c.model("json"), input="Hi", response_format=SCHEMA)
    assert json.loads(shapes.text(made)) == DOCUMENT


@behaviour("structured", "§5.5")
async def a_typed_schema_gives_a_document(c: Case) -> None:
    made = await c.create(model=c.model("json"), input="Hi", response_format=TYPED)
    assert made.status == "completed"
    assert json.loads(shapes.text(made)) == DOCUMENT


@behaviour("structured", "§5.5", "§6.2")
async def a_streamed_document_is_whole(c: Case) -> None:
    heard = await c.stream(model=c.model("json"), input="Hi", response_format=TYPED)
    assert json.loads(heard.text) == DOCUMENT


@behaviour("structured", "ask-13", "functions")
async def a_schema_and_tools_go_together(c: Case) -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    model = c.model("call-json")
    made = await c.create(model=model, input="Hi", tools=[tool], response_format=TYPED)
    (call,) = shapes.calls(made)
    result = {"type": "function_result", "call_id": call.id, "result": "x"}
    done = await c.create(
        model=model,
        previous_interaction_id=made.id,
        input=[result],
        tools=[tool],
        response_format=TYPED,
    )
    assert json.loads(shapes.text(done)) == DOCUMENT


@behaviour("previous", "structured", "ask-23")
async def a_schema_is_not_inherited(c: Case) -> None:
    first = await c.create(model=c.model("json"), input="Hi", response_format=TYPED)
    body = await c.echo(input="Go on", previous_interaction_id=first.id)
    assert "response_format" not in body


@behaviour("§2.3", "§5.5")
async def camel_case_in_a_response_format_is_accepted(c: Case) -> None:
    typed = {"type": "text", "mimeType": "application/json", "schema": SCHEMA}
    body = await c.echo(input="Hi", extra_body={"response_format": typed})
    assert reached(body) == SCHEMA
