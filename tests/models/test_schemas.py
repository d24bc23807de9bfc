"""Schemas reach the server as they were written, but for the case of their types."""

from __future__ import annotations

import orjson
import pytest

from openinteractions.models import schemas


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        pytest.param({"type": "STRING"}, {"type": "string"}, id="a type"),
        pytest.param(
            {"type": ["STRING", "NULL", "integer"]},
            {"type": ["string", "null", "integer"]},
            id="several types",
        ),
        pytest.param(
            {"type": "OBJECT", "properties": {"type": {"type": "STRING"}}},
            {"type": "object", "properties": {"type": {"type": "string"}}},
            id="a property called type",
        ),
        pytest.param(
            {"type": "object", "default": {"type": "STRING"}, "x": {"type": "OBJECT"}},
            {"type": "object", "default": {"type": "STRING"}, "x": {"type": "OBJECT"}},
            id="values that look like schemas",
        ),
        pytest.param(
            {"anyOf": [{"type": "ARRAY", "items": {"type": "NUMBER"}}, True]},
            {"anyOf": [{"type": "array", "items": {"type": "number"}}, True]},
            id="lists of schemas",
        ),
        pytest.param(
            {"$defs": {"A": {"not": {"type": "BOOLEAN"}}}, "$ref": "#/$defs/A"},
            {"$defs": {"A": {"not": {"type": "boolean"}}}, "$ref": "#/$defs/A"},
            id="definitions",
        ),
        pytest.param(
            {"type": "Custom", "if": {"type": "INTEGER"}},
            {"type": "Custom", "if": {"type": "integer"}},
            id="a word that is no type",
        ),
    ],
)
def test_types_are_written_small(
    written: dict[str, object], sent: dict[str, object]
) -> None:
    assert orjson.loads(schemas.normal(orjson.dumps(written).decode())) == sent


def test_a_schema_of_small_letters_is_sent_byte_for_byte() -> None:
    text = '{ "required": [], "type": "object", "maximum": 12345678901234567890123 }'
    assert schemas.normal(text) == text.encode()


@pytest.mark.parametrize("text", ["", "{}", "{ }"])
def test_a_function_without_parameters_takes_an_empty_object(text: str) -> None:
    assert schemas.parameters(text) == b'{"type":"object","properties":{}}'


@pytest.mark.parametrize("text", ["[]", '"string"', "true", "{", '{"a":1}}'])
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        schemas.normal(text)
