"""What a model without functions is asked instead."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format

from openinteractions.models.constrained.request import Asked
from tests.models.constrained.rewriting import (
    ANSWER,
    ASK,
    CALL,
    RESULT,
    F,
    G,
    accepts,
    asked,
    call,
    function,
    result,
    schema,
    schema_format,
    user,
)


def model(text: str) -> dict[str, Any]:
    return {"model_output": {"content": [{"text": {"text": text}}]}}


CALLED = '{"name": "f", "arguments": {"a":1}}'


def told(found: Asked) -> list[tuple[str, str]]:
    """Who said what, with neighbours joined."""
    lines: list[tuple[str, str]] = []
    for step in found.request.steps:
        kind = step.WhichOneof("kind")
        assert kind in ("user_input", "model_output")
        text = "".join(c.text.text for c in getattr(step, kind).content)
        if lines and kind == lines[-1][0] == "model_output":
            text = lines.pop()[1] + text
        lines.append((kind, text))
    return lines


@pytest.mark.parametrize(
    ("choice", "accepted"),
    [
        pytest.param(None, [F, G, ANSWER], id="nothing said"),
        pytest.param({"mode": "auto"}, [F, G, ANSWER], id="auto"),
        pytest.param({"mode": "validated"}, [F, G, ANSWER], id="validated"),
        pytest.param({"mode": "any"}, [F, G], id="any"),
        pytest.param(
            {"config": {"allowed_tools": {"mode": "any", "tools": ["g"]}}},
            [G],
            id="any of the allowed ones",
        ),
        pytest.param(
            {"config": {"allowed_tools": {"mode": "auto", "tools": ["f"]}}},
            [F, ANSWER],
            id="auto of the allowed ones",
        ),
    ],
)
def test_the_choice_of_tools_shapes_the_envelope(
    choice: dict[str, Any] | None, accepted: list[Any]
) -> None:
    config: Any = (
        {} if choice is None else {"generation_config": {"tool_choice": choice}}
    )
    found = asked(tools=[function(), function("g", None)], **config)
    assert found.enveloped
    assert found.answer_is_text
    assert [value for value in (F, G, ANSWER) if accepts(found, value)] == accepted
    assert not found.request.request.generation_config.HasField("tool_choice")
    assert not found.request.request.tools


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"name": "other", "arguments": {}}, id="another name"),
        pytest.param({"name": "f"}, id="no arguments"),
        pytest.param({"name": "f", "arguments": {"city": 1}}, id="wrong arguments"),
        pytest.param({"answer": 1}, id="no text"),
        pytest.param({"answer": "Hi.", "name": "f"}, id="both"),
    ],
)
def test_the_envelope_accepts_nothing_else(value: Any) -> None:
    assert not accepts(asked(tools=[function()]), value)


def test_the_functions_are_described_in_the_system_instruction() -> None:
    found = asked(tools=[function()], system_instruction="Be brief.")
    assert found.request.request.system_instruction == (
        "Be brief.\n\n"
        "You can call functions. Reply with one JSON object.\n"
        'To call a function: {"name": "<function>", "arguments": {...}}\n'
        'To answer the user: {"answer": "<text>"}\n'
        "\n"
        "Functions:\n"
        '{"name": "f", "description": "Does.", "parameters": '
        '{"type": "object", "properties": {"city": {"type": "string"}}}}'
    )


def test_a_model_that_has_to_call_is_not_told_how_to_answer() -> None:
    choice = {"tool_choice": {"mode": "any"}}
    found = asked(tools=[function()], generation_config=choice)
    assert "answer" not in found.request.request.system_instruction


def test_forbidden_functions_are_not_mentioned() -> None:
    choice = {"tool_choice": {"mode": "none"}, "stop_sequences": ["x"]}
    found = asked(tools=[function()], generation_config=choice)
    assert not found.enveloped
    assert not found.request.request.system_instruction
    assert not found.request.request.HasField("response_format")
    assert list(found.request.request.generation_config.stop_sequences) == ["x"]


def test_the_settings_of_the_request_stay() -> None:
    config = {"temperature": 0.5, "seed": "7", "max_output_tokens": 9}
    found = asked(tools=[function()], generation_config=config)
    assert json_format.MessageToDict(
        found.request.request.generation_config, preserving_proto_field_name=True
    ) == {"temperature": 0.5, "seed": "7", "max_output_tokens": 9}
    assert found.request.request.model == "m"


def test_stops_are_looked_for_in_the_answer_and_not_in_the_envelope() -> None:
    config = {"stop_sequences": ["}", "\n"]}
    found = asked(tools=[function()], generation_config=config)
    assert found.stops == ["}", "\n"]
    assert not found.request.request.generation_config.stop_sequences


POINT = {
    "$defs": {"P": {"type": "object", "properties": {"next": {"$ref": "#/$defs/P"}}}},
    "$ref": "#/$defs/P",
}


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        pytest.param(
            {"type": "object", "required": ["a"]}, {"a": 1}, {"b": 1}, id="plain"
        ),
        pytest.param(
            POINT, {"next": {"next": {}}}, {"next": {"next": 1}}, id="references"
        ),
        pytest.param(
            {"type": "array", "items": {"$ref": "#"}}, [[], [[]]], [[1]], id="itself"
        ),
    ],
)
def test_the_schema_of_the_request_is_that_of_the_answer(
    wanted: Any, right: Any, wrong: Any
) -> None:
    found = asked(tools=[function()], response_format=schema_format(wanted))
    assert not found.answer_is_text
    assert accepts(found, F)
    assert accepts(found, {"answer": right})
    assert not accepts(found, {"answer": wrong})
    alone = asked(response_format=schema_format(wanted))
    assert not alone.enveloped
    assert schema(alone) == wanted


def test_references_of_parameters_stay_right() -> None:
    found = asked(tools=[function("f", POINT), function("g", POINT)])
    for name in ("f", "g"):
        assert accepts(found, {"name": name, "arguments": {"next": {}}})
        assert not accepts(found, {"name": name, "arguments": {"next": 1}})


def test_an_answer_in_any_json_may_be_any_json() -> None:
    found = asked(tools=[function()], response_mime_type="application/json")
    assert not found.answer_is_text
    assert accepts(found, {"answer": [1, None]})
    alone = asked(response_mime_type="application/json")
    assert alone.request.request.response_mime_type == "application/json"


def test_a_conversation_without_functions_passes_unchanged() -> None:
    found = asked([ASK, model("Yes."), ASK])
    assert told(found) == [
        ("user_input", "Weather?"),
        ("model_output", "Yes."),
        ("user_input", "Weather?"),
    ]
    assert not found.enveloped


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            [CALL, RESULT],
            [
                ("model_output", CALLED),
                ("user_input", "f returned: 22"),
            ],
            id="a call and its result",
        ),
        pytest.param(
            [call("f"), result("f", text="no", is_error=True)],
            [
                ("model_output", '{"name": "f", "arguments": {}}'),
                ("user_input", "f failed: no"),
            ],
            id="a call that failed",
        ),
        pytest.param(
            [
                call("f", '{"a":1}', id="1"),
                call("f", '{"a":2}', id="2"),
                result("f", id="2", text="two"),
                result("f", id="1", text="one"),
            ],
            [
                (
                    "model_output",
                    CALLED + "\n" + '{"name": "f", "arguments": {"a":2}}',
                ),
                ("user_input", 'f({"a":2}) returned: two'),
                ("user_input", 'f({"a":1}) returned: one'),
            ],
            id="several calls of one function",
        ),
        pytest.param(
            [model("Let me see."), CALL, RESULT, model("22."), user("Thanks.")],
            [
                ("model_output", 'Let me see.\n{"name": "f", "arguments": {"a":1}}'),
                ("user_input", "f returned: 22"),
                ("model_output", "22."),
                ("user_input", "Thanks."),
            ],
            id="texts around a call",
        ),
        pytest.param(
            [CALL, model("Wait.")],
            [("model_output", '{"name": "f", "arguments": {"a":1}}\nWait.')],
            id="a text after a call",
        ),
        pytest.param(
            [
                CALL,
                result("f", contents={"items": [{"text": {"text": t}} for t in "ab"]}),
            ],
            [
                ("model_output", CALLED),
                ("user_input", "f returned: a\nb"),
            ],
            id="contents",
        ),
    ],
)
def test_calls_and_results_are_told_as_texts(
    steps: list[Any], expected: list[tuple[str, str]]
) -> None:
    found = asked([ASK, *steps], tools=[function()])
    assert told(found) == [("user_input", "Weather?"), *expected]


def test_pictures_in_a_result_stay_for_the_model_to_refuse() -> None:
    contents = {"items": [{"image": {"uri": "https://example.com/a.png"}}]}
    found = asked([CALL, result("f", contents=contents)], tools=[function()])
    content = found.request.steps[-1].user_input.content
    assert [c.WhichOneof("kind") for c in content] == ["text", "image"]


def test_a_conversation_with_calls_is_answered_in_the_envelope() -> None:
    found = asked([ASK, CALL, RESULT])
    assert found.enveloped
    assert accepts(found, ANSWER)
    assert not accepts(found, F)
    assert "function" not in found.request.request.system_instruction.lower()
