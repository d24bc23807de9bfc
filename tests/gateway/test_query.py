"""Query parameters."""

from __future__ import annotations

import pytest

from openinteractions.gateway.errors import DecodeError, RefusedError
from openinteractions.gateway.options import descriptor
from openinteractions.gateway.query import QueryBinder, parse_query, shown_key
from openinteractions.v1.interaction_service_pb2 import (
    ListInteractionsRequest,
    StreamInteractionRequest,
)

PARSED = [
    ("", {}),
    ("a=b&c=d%20e+f", {"a": "b", "c": "d e f"}),
    ("a=1&a=2", {"a": "2"}),
    ("a=&b", {}),
    ("a=%C3%A9", {"a": "é"}),
]


@pytest.mark.parametrize(("query", "parameters"), PARSED)
def test_a_query_is_parsed(query: str, parameters: dict[str, str]) -> None:
    assert parse_query(query) == parameters


@pytest.mark.parametrize("query", ["a=%FF", "&".join(["a=b"] * 101)])
def test_a_malformed_query_is_refused(query: str) -> None:
    with pytest.raises(RefusedError, match="malformed"):
        parse_query(query)


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("", ""),
        ("a=b", ""),
        ("key=k", "k"),
        ("a=1&key=a%2Bb+c&b", "a+b c"),
        ("key=a&key=b", "b"),
        ("monkey=k&key", ""),
        ("key=k&a=%FF", "k"),
        ("&".join(["a=b"] * 101) + "&key=k", "k"),
    ],
)
def test_a_key_is_found_whatever_else_is_there(query: str, key: str) -> None:
    assert shown_key(query) == key


def test_parameters_set_the_fields_of_their_names() -> None:
    message = StreamInteractionRequest()
    parameters = {"last_event_id": "e", "include_input": "TRUE", "alt": "sse"}
    QueryBinder(descriptor(message)).set(message, parameters)

    assert message == StreamInteractionRequest(last_event_id="e", include_input=True)


def test_parameters_may_have_camel_case_names() -> None:
    message = ListInteractionsRequest()
    binder = QueryBinder(descriptor(message))
    binder.set(message, {"pageSize": "5", "page_token": "t"})

    assert message == ListInteractionsRequest(page_size=5, page_token="t")


@pytest.mark.parametrize("value", ["", "x", "1.0", "1" * 10, "٣"])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    message = ListInteractionsRequest()
    with pytest.raises(DecodeError) as caught:
        QueryBinder(descriptor(message)).set(message, {"page_size": value})

    assert str(caught.value) == (
        "Invalid input at 'page_size': expected a whole number."
    )


def test_a_boolean_that_is_none_is_refused() -> None:
    message = StreamInteractionRequest()
    with pytest.raises(DecodeError) as caught:
        QueryBinder(descriptor(message)).set(message, {"include_input": "1"})

    assert str(caught.value) == (
        "Invalid input at 'include_input': expected true or false."
    )
