"""Characters that a chat server cuts in two, and bytes that are no text."""

from __future__ import annotations

import pytest

from openinteractions.core import errors
from openinteractions.core.model_events import CallFragment, Signature, Text, Thought
from openinteractions.models import signature
from openinteractions.models.profile import Profile
from tests.models.chat.reading import CALLS, SIGNED, STOP, chunk, streamed, turn


def half(escapes: str) -> bytes:
    return b'{"choices":[{"delta":{"content":"' + escapes.encode() + b'"}}]}'


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([r"a\ud83d", r"\ude00b"], "a😀b", id="two chunks"),
        pytest.param([r"\ud83d", "", r"\ude00"], "😀", id="an empty one between"),
        pytest.param([r"\ud83d", "b"], "\ufffdb", id="a half that stays alone"),
        pytest.param([r"\ude00"], "\ufffd", id="a second half alone"),
        pytest.param([r"a\ud83d"], "a\ufffd", id="a half at the end"),
    ],
)
def test_characters_that_were_cut_in_two_are_whole(
    chunks: list[str], expected: str
) -> None:
    events = streamed(*map(half, chunks), chunk({}, "stop"))
    assert "".join(e.text for e in events if isinstance(e, Text)) == expected
    assert all(e.text for e in events if isinstance(e, Text))


def test_arguments_and_thoughts_have_halves_of_their_own() -> None:
    def raw(delta: str) -> bytes:
        return b'{"choices":[{"delta":' + delta.encode() + b"}]}"

    events = streamed(
        raw(r'{"reasoning":"\ud83d"}'),
        raw(r'{"reasoning":"\ude00"}'),
        raw(
            r'{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"\ud83d"}}]}'
        ),
        raw(r'{"tool_calls":[{"index":0,"function":{"arguments":"\ude00"}}]}'),
        chunk({}, "tool_calls"),
    )
    assert events == [
        Thought("😀"),
        SIGNED,
        CallFragment(0, "", "f", ""),
        CallFragment(0, "", "", "😀"),
        CALLS,
    ]


def test_nothing_that_goes_on_has_a_half_of_a_character() -> None:
    events = streamed(
        rb'{"choices":[{"delta":{"thinking":"I \ud83d"}}]}',
        rb'{"choices":[{"delta":{"thinking":"\ude00"}}]}',
        rb'{"choices":[{"delta":{"tool_calls":[{"id":"\ud83d","function":'
        rb'{"name":"\udead","arguments":"{}"}}]}}]}',
        chunk({}, "stop"),
        profile=Profile(reasoning_member="thinking"),
    )
    *_, signed, called, finish = events
    assert isinstance(signed, Signature)
    assert signature.decode(signed.signature, "chat") == {"reasoning": "I 😀"}
    assert called == CallFragment(0, "\ufffd", "\ufffd", "{}")
    assert finish == CALLS


@pytest.mark.parametrize("message", [r'"\ud83d"', r'["\ud83d"]'])
def test_no_failure_has_half_of_a_character(message: str) -> None:
    with pytest.raises(errors.UpstreamRefusedError) as raised:
        turn().whole(b'{"error":{"code":400,"message":%b}}' % message.encode())
    assert raised.value.message.encode()


def test_bytes_that_are_no_text_do_not_fail_an_answer() -> None:
    body = b'{"choices":[{"message":{"content":"a\xffb"},"finish_reason":"stop"}]}'
    assert turn().whole(body) == [Text("a\ufffdb"), STOP]
