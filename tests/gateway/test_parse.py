"""Bodies: what is JSON as the API means it, and what is not."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.gateway.errors import Reason, RefusedError
from openinteractions.gateway.parse import DEEPEST, parse

READ = [
    pytest.param(b"{}", id="empty"),
    pytest.param(b' {"a" : 1 , "b":\t[{"a":null}]}\r\n', id="whitespace"),
    pytest.param(b'{"a":"x: y","b":":","c":"\\":"}', id="colons_in_strings"),
    pytest.param(b'{"a":"{\\"b\\":{\\"b\\":1}}"}', id="json_in_a_string"),
    pytest.param(b'{"a\\\\":1,"b":"x:"}', id="key_that_ends_in_a_backslash"),
    pytest.param(b'{"a\\"":1,"b":"x:"}', id="key_that_ends_in_a_quote"),
    pytest.param(b'{"a":18446744073709551615,"b":-9223372036854775808}', id="64_bits"),
    pytest.param(b'{"a":1e300,"b":-1e19,"c":1.5}', id="large_floats"),
    pytest.param('{"é":"\\u00e9\\ud83d\\ude00"}'.encode(), id="escapes"),
]


@pytest.mark.parametrize("body", READ)
def test_a_body_is_read_as_json_reads_it(body: bytes) -> None:
    assert parse(body) == json.loads(body)


DEEP = b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST

REFUSED = [
    (b"", "The request body is not valid JSON: "),
    (b"{", "The request body is not valid JSON: "),
    (b'{"a":NaN}', "The request body is not valid JSON: "),
    (b'{"a":"\xff"}', "The request body is not valid JSON: "),
    (b'{"a":"\\ud800"}', "The request body is not valid JSON: "),
    (b'{"a":1}{"a":1}', "The request body is not valid JSON: "),
    (b"[" * 5000, "The request body is not valid JSON: "),
    (b'{"a":' + DEEP + b"}", "The request body nests deeper than 200 levels."),
    (b"[1]", "Invalid input: the request body must be a JSON object."),
    (b"null", "Invalid input: the request body must be a JSON object."),
    (b'{"a":1,"a":2}', "Parameter 'a' is given twice."),
    (b'{"b":[{"a":1,"a" :"x:y"}]}', "Parameter 'a' is given twice."),
    (b'{"a":1,"\\u0061":1}', "Parameter 'a' is given twice."),
    (b'{"a":":","a":"\\":"}', "Parameter 'a' is given twice."),
    (b'{"a":{"b":[0,18446744073709551616]}}',
     "Invalid input at 'a.b[1]': expected an integer of at most 64 bits."),
    (b'{"a":-9223372036854775809}',
     "Invalid input at 'a': expected an integer of at most 64 bits."),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_what_is_not_meant_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse(body)

    assert caught.value.reason == Reason.ERROR_REASON_INVALID_REQUEST
    assert caught.value.message.startswith(message)


def test_the_deepest_body_is_read() -> None:
    assert parse(DEEP) == json.loads(DEEP)


texts = st.text(st.sampled_from('ab":\\ {},é'), max_size=6)
values = st.recursive(
    st.none() | st.integers(-(1 << 63), (1 << 64) - 1) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(texts, values, max_size=4), st.sampled_from([0, 2]))
def test_every_body_with_distinct_keys_is_read(value: Any, option: int) -> None:
    indented = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    spaced = json.dumps(value, separators=(" , ", " : "), indent=option or None)

    assert parse(orjson.dumps(value)) == value
    assert parse(indented) == value
    assert parse(spaced.encode()) == value


@given(st.dictionaries(texts, values, min_size=1, max_size=3), st.data())
def test_no_body_with_equal_keys_is_read(value: dict[str, Any], data: Any) -> None:
    again = data.draw(st.sampled_from(list(value)))
    space = data.draw(st.sampled_from(["", " ", "\n"]))
    second = f"{json.dumps(again)}{space}:{data.draw(texts.map(json.dumps))}"
    body = f"{json.dumps(value)[:-1]},{second}}}".encode()

    with pytest.raises(RefusedError, match="is given twice"):
        parse(body)
