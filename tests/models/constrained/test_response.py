"""The envelope read piece by piece: however it is cut, it says the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Spent,
    Text,
    Thought,
)
from openinteractions.models.constrained.members import (
    Members,
    NotAnObjectError,
    Unescaper,
)
from openinteractions.models.constrained.response import (
    Envelope,
    EnvelopeError,
    Stops,
)
from openinteractions.v1 import usage_pb2

STOP, LENGTH, CALLS = FinishReason.STOP, FinishReason.LENGTH, FinishReason.CALLS


def read(
    pieces: Sequence[str],
    *,
    answer_is_text: bool = True,
    stops: Sequence[str] = (),
    reason: FinishReason = STOP,
) -> list[ModelEvent]:
    envelope = Envelope(answer_is_text=answer_is_text, stops=stops)
    events = [event for piece in pieces for event in envelope.feed(Text(piece))]
    return events + envelope.feed(Finish(reason))


def said(events: Sequence[ModelEvent]) -> tuple[str, str, str, FinishReason]:
    """The text, the name and the arguments of the call, and the end."""
    text = "".join(event.text for event in events if isinstance(event, Text))
    calls = [event for event in events if isinstance(event, CallFragment)]
    last = events[-1]
    assert isinstance(last, Finish)
    names = "".join(call.name for call in calls)
    return text, names, "".join(call.arguments for call in calls), last.reason


def cut(text: str, places: Sequence[int]) -> list[str]:
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"answer": "Hi."}', ("Hi.", "", "", STOP), id="answer"),
        pytest.param('{"answer": ""}', ("", "", "", STOP), id="empty answer"),
        pytest.param(
            ' {\n "answer"\n : "a\\nb \\"c\\" \\\\ \\u00e9 \\ud83d\\ude00 ☃"\n}',
            ('a\nb "c" \\ é \U0001f600 ☃', "", "", STOP),
            id="escapes",
        ),
        pytest.param(
            '{"answer": "\\ud83d."}', ("\ufffd.", "", "", STOP), id="half a character"
        ),
        pytest.param(
            '{"name": "f", "arguments": {"a": [1, {"b": "}]\\""}]}}',
            ("", "f", '{"a": [1, {"b": "}]\\""}]}', CALLS),
            id="call",
        ),
        pytest.param(
            '{"arguments": {"a": 1}, "name": "f"}',
            ("", "f", '{"a": 1}', CALLS),
            id="arguments before the name",
        ),
        pytest.param('{"name": "f"}', ("", "f", "", CALLS), id="no arguments"),
        pytest.param(
            '{"thought": [null, 12, "x"], "answer": "Hi."}',
            ("Hi.", "", "", STOP),
            id="a member that nobody asked for",
        ),
        pytest.param(
            '{"answer": "Hi."} {"answer": "Again."}', ("Hi.", "", "", STOP), id="more"
        ),
    ],
)
@given(places=st.lists(st.integers(0, 200), max_size=12))
def test_any_cutting_says_the_same(
    text: str, expected: tuple[str, str, str, FinishReason], places: list[int]
) -> None:
    assert said(read(cut(text, places))) == expected


@given(
    text=st.text(max_size=40),
    escaped=st.booleans(),
    places=st.lists(st.integers(0, 400), max_size=12),
)
def test_any_text_is_read_as_it_was_meant(
    text: str, escaped: bool, places: list[int]
) -> None:
    written = json.dumps({"answer": text}, ensure_ascii=escaped)
    assert said(read(cut(written, places))) == (text, "", "", STOP)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    value=JSON,
    indent=st.sampled_from([None, 1]),
    places=st.lists(st.integers(0, 400), max_size=12),
)
def test_any_json_passes_as_it_was_written(
    value: object, indent: int | None, places: list[int]
) -> None:
    text = json.dumps(value, indent=indent)
    answered = read(cut(f'{{"answer" : {text} }}', places), answer_is_text=False)
    assert said(answered) == (text, "", "", STOP)
    called = read(cut(f'{{"name":"f","arguments":{text}}}', places))
    assert said(called) == ("", "f", text, CALLS)


def test_text_and_arguments_go_on_as_they_arrive() -> None:
    assert read(['{"ans', 'wer": "He', "llo", '."}']) == [
        Text("He"),
        Text("llo"),
        Text("."),
        Finish(STOP),
    ]
    assert read(['{"name": "f", "arg', 'uments": {"a"', ": 1}", "}"]) == [
        CallFragment(0, "", "f", ""),
        CallFragment(0, "", "", '{"a"'),
        CallFragment(0, "", "", ": 1}"),
        Finish(CALLS),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Hello.", id="no JSON"),
        pytest.param('["answer"]', id="no object"),
        pytest.param("", id="nothing"),
        pytest.param("{}", id="neither call nor answer"),
        pytest.param('{"answer": 1}', id="no text"),
        pytest.param('{"answer": "Hi', id="not whole"),
        pytest.param('{"name": "f", "arguments": {"a"', id="call not whole"),
        pytest.param('{answer: "Hi."}', id="a bare key"),
        pytest.param('{"answer": "\\x"}'.replace("x", "uzzzz"), id="no escape"),
    ],
)
def test_a_text_that_is_no_envelope_is_an_error(text: str) -> None:
    with pytest.raises(EnvelopeError):
        read([text])


def test_an_answer_cut_by_its_length_says_what_it_has() -> None:
    cut_off = read(['{"answer": "It was a dark and '], reason=LENGTH)
    assert said(cut_off) == ("It was a dark and ", "", "", LENGTH)


def test_other_events_pass() -> None:
    envelope = Envelope(answer_is_text=True)
    spent = Spent(usage_pb2.Usage(total_tokens=1))
    assert envelope.feed(Thought("Hm.")) == [Thought("Hm.")]
    assert envelope.feed(spent) == [spent]


@pytest.mark.parametrize(
    ("text", "stops", "expected"),
    [
        pytest.param("one two three", ["two"], "one ", id="in the middle"),
        pytest.param("one two three", ["four"], "one two three", id="nowhere"),
        pytest.param("aab", ["ab"], "a", id="overlapping itself"),
        pytest.param("abcd", ["cd", "b"], "a", id="the first of several"),
        pytest.param("a\nb", ["\n"], "a", id="an escaped one"),
        pytest.param("one tw", ["two"], "one tw", id="only its beginning"),
        pytest.param("abc", [""], "abc", id="an empty one"),
    ],
)
@given(places=st.lists(st.integers(0, 60), max_size=8))
def test_the_answer_ends_at_a_stop(
    text: str, stops: list[str], expected: str, places: list[int]
) -> None:
    written = json.dumps({"answer": text})
    assert said(read(cut(written, places), stops=stops)) == (expected, "", "", STOP)


def test_an_answer_that_has_stopped_did_not_run_out_of_length() -> None:
    events = read(['{"answer": "one two thr'], stops=["two"], reason=LENGTH)
    assert said(events) == ("one ", "", "", STOP)


def test_what_may_be_a_stop_is_said_when_the_length_is_reached() -> None:
    events = read(['{"answer": "one tw'], stops=["two"], reason=LENGTH)
    assert said(events) == ("one tw", "", "", LENGTH)


def test_a_stop_within_arguments_is_none() -> None:
    text = '{"name": "f", "arguments": {"a": "two"}}'
    assert said(read([text], stops=["two"])) == ("", "f", '{"a": "two"}', CALLS)


def test_stops_say_nothing_more_once_met() -> None:
    stops = Stops(["b"])
    assert stops.feed("abc", last=False) == "a"
    assert stops.met
    assert not stops.feed("d", last=True)


def test_members_refuse_what_is_no_object() -> None:
    with pytest.raises(NotAnObjectError):
        list(Members().feed('{"a" "b"}{'.replace('"a" "b"', ";")))
    with pytest.raises(NotAnObjectError):
        list(Members().feed('{"\\q": 1}'))


def test_a_string_has_to_begin_with_its_quote() -> None:
    with pytest.raises(ValueError, match="a"):
        Unescaper().feed("a", last=True)
