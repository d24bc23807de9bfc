"""Strings in single quotes become JSON, and JSON stays what it is."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.gateway.quotes import double_quoted

WRITTEN: list[tuple[str, Any]] = [
    ("{'file': {'display_name': 'TEXT'}}", {"file": {"display_name": "TEXT"}}),
    ("{'a': \"it's\"}", {"a": "it's"}),
    (r"{'a': 'it\'s'}", {"a": "it's"}),
    (r"""{'a': 'say "hi"', "b": 'c\\'}""", {"a": 'say "hi"', "b": "c\\"}),
    (r"['\n\u00e9', '']", ["\né", ""]),
]


@pytest.mark.parametrize(("text", "value"), WRITTEN)
def test_single_quotes_are_read_as_double_ones(text: str, value: Any) -> None:
    assert orjson.loads(double_quoted(text.encode())) == value


@given(st.recursive(st.text(), lambda one: st.dictionaries(st.text(), one)))
def test_json_stays_what_it_is(value: Any) -> None:
    body = json.dumps(value).encode()
    assert double_quoted(body) == body


@given(st.text())
def test_any_string_can_be_quoted_so(text: str) -> None:
    inside = json.dumps(text)[1:-1].replace('\\"', '"').replace("'", "\\'")
    assert orjson.loads(double_quoted(f"'{inside}'".encode())) == text
