"""What holds a small model: texts and lists that end, calls that do not repeat."""

from __future__ import annotations

from typing import Any

import pytest

from openinteractions.models.constrained import bounds
from openinteractions.models.constrained.bounds import Bounds
from tests.models.constrained.rewriting import (
    ANSWER,
    ASK,
    CALL,
    NONE,
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
)

SMALL = Bounds(string_characters=9, array_items=3, repeated_calls=False)
BOTH = [function(), function("g")]
ANY = {"tool_choice": {"mode": "any"}}


@pytest.mark.parametrize(
    ("steps", "request_", "accepted"),
    [
        pytest.param([ASK, CALL, RESULT], {}, [G, ANSWER], id="just returned"),
        pytest.param([ASK, CALL, RESULT, ASK], {}, [F, G, ANSWER], id="asked again"),
        pytest.param(
            [ASK, CALL, RESULT, call("g"), result("g", text="")],
            {},
            [ANSWER],
            id="all returned",
        ),
        pytest.param(
            [ASK, CALL, RESULT], {"generation_config": ANY}, [F, G], id="has to call"
        ),
    ],
)
def test_a_small_model_is_not_offered_what_has_just_returned(
    steps: list[Any], request_: dict[str, Any], accepted: list[Any]
) -> None:
    found = asked(steps, SMALL, tools=BOTH, **request_)
    assert [value for value in (F, G, ANSWER) if accepts(found, value)] == accepted


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        pytest.param({"type": "string"}, {"type": "string", "maxLength": 9}, id="text"),
        pytest.param(
            {"type": ["string", "null"], "minLength": 12},
            {"type": ["string", "null"], "minLength": 12, "maxLength": 12},
            id="a longer text",
        ),
        pytest.param(
            {"type": "string", "enum": ["a"]},
            {"type": "string", "enum": ["a"]},
            id="words",
        ),
        pytest.param(
            {"type": "array", "minItems": 5, "items": {"type": "string"}},
            {
                "type": "array",
                "minItems": 5,
                "items": {"type": "string", "maxLength": 9},
                "maxItems": 5,
            },
            id="list",
        ),
        pytest.param(
            {"properties": {"type": {"anyOf": [{"type": "array"}, {"maxItems": 1}]}}},
            {
                "properties": {
                    "type": {
                        "anyOf": [{"type": "array", "maxItems": 3}, {"maxItems": 1}]
                    }
                }
            },
            id="within",
        ),
        pytest.param(
            {"default": {"type": "string"}, "additionalProperties": False},
            {"default": {"type": "string"}, "additionalProperties": False},
            id="what only looks like a schema",
        ),
    ],
)
def test_texts_and_lists_of_a_small_model_end(given_: Any, expected: Any) -> None:
    assert bounds.bounded(given_, SMALL) == expected
    assert bounds.bounded(given_, NONE) == given_
    assert schema(asked(held=SMALL, response_format=schema_format(given_))) == expected


def test_a_request_without_instruction_gets_the_small_models_own() -> None:
    held = Bounds(instruction="Help.")
    assert asked(held=held).request.request.system_instruction == "Help."
    given_ = asked(held=held, system_instruction="Hinder.")
    assert given_.request.request.system_instruction == "Hinder."


VALUES: list[Any] = [1, {}, [1], {"a": [{}]}]


def test_depth_counts_objects_and_lists() -> None:
    assert [*map(bounds.depth, VALUES)] == [0, 1, 1, 3]


@pytest.mark.parametrize("word", ["items", "prefixItems"])
def test_lists_of_schemas_are_schemas(word: str) -> None:
    inner = [{"$ref": "#/$defs/a"}, True]
    assert bounds.refers({word: inner})
    assert bounds.moved({word: inner}, "#/x") == {word: [{"$ref": "#/x/$defs/a"}, True]}


def test_references_elsewhere_are_left_alone() -> None:
    schema_ = {"$ref": "https://example.com/schema.json"}
    assert bounds.moved(schema_, "#/x") == schema_
