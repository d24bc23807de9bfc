"""Server-sent events come out whole, however the reads were cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.models.transport.sse import Overflow, Splitter


def split(*reads: bytes) -> list[bytes]:
    splitter = Splitter(max_event_bytes=1000)
    found: list[bytes] = []
    for read in reads:
        only = splitter.only(read)
        found += splitter.feed(read) if only is None else [only]
    return [data.strip() for data in [*found, *splitter.end()]]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(b"data: a\n\ndata: b\n\n", [b"a", b"b"], id="two events"),
        pytest.param(b"data:a\n\n", [b"a"], id="no space after the colon"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"], id="CRLF"),
        pytest.param(b"data: a\r\rdata: b\r\r", [b"a", b"b"], id="CR"),
        pytest.param(b": hello\n\ndata: a\n\n: bye\n\n", [b"a"], id="comments"),
        pytest.param(b"event: x\ndata: a\nid: 1\nretry: 9\n\n", [b"a"], id="fields"),
        pytest.param(b"event: ping\n\ndata: a\n\n", [b"a"], id="an event without data"),
        pytest.param(b'data: {"a":\ndata:  1}\n\n', [b'{"a":\n 1}'], id="data lines"),
        pytest.param(b"data\ndata: a\n\n", [b"a"], id="data without a colon"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", [b"a"], id="byte order mark"),
        pytest.param(b"\n\n\ndata: a\n\n\n\n", [b"a"], id="empty lines"),
        pytest.param(b"data: a\n\ndata: b", [b"a", b"b"], id="no last line break"),
        pytest.param(b"data: a\n\ndata: b\n", [b"a", b"b"], id="no last blank line"),
        pytest.param(b"data: \xe6\x9d\xb1\n\n", ["東".encode()], id="UTF-8"),
        pytest.param("data: a\u2028b\n\n".encode(), ["a\u2028b".encode()], id="U+2028"),
        pytest.param(b"database: x\n\ndata: a\n\n", [b"a"], id="a longer field name"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_the_data_of_each_event_is_found(stream: bytes, expected: list[bytes]) -> None:
    assert split(stream) == expected
    assert split(*(stream[at : at + 1] for at in range(len(stream)))) == expected


@given(
    st.lists(
        st.sampled_from(
            [b"data: one\n\n", b"data: zw\xc3\xb6lf\r\n\r\n", b": c\n\n", b"data:x\r\r"]
        )
    ),
    st.lists(st.integers(0, 60)),
)
def test_where_reads_are_cut_does_not_matter(
    events: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(events)
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reads = [stream[a:b] for a, b in itertools.pairwise(bounds)]
    assert split(*reads) == split(stream)


@pytest.mark.parametrize(
    ("reads", "only"),
    [
        pytest.param([b"data: b\n\n"], b" b", id="one event"),
        pytest.param([b"data: b\n\n\n"], None, id="more"),
        pytest.param([b"data: b\n\ndata: c\n\n"], None, id="two events"),
        pytest.param([b"data: b\ndata: c\n\n"], None, id="two lines"),
        pytest.param([b"data: b\n"], None, id="not whole"),
        pytest.param([b"data: b\r\n\r\n"], None, id="CRLF"),
        pytest.param([b"\n\n"], None, id="nothing"),
        pytest.param([b""], None, id="no byte"),
        pytest.param([b"da", b"data: b\n\n"], None, id="after a piece"),
        pytest.param([b"data: x\r\n\r", b"data: b\n\n"], None, id="after half a CRLF"),
    ],
)
def test_a_read_that_is_one_event_is_known(
    reads: list[bytes], only: bytes | None
) -> None:
    splitter = Splitter(max_event_bytes=1000)
    assert list(splitter.feed(b"data: a\n\n")) == [b" a"]
    for read in reads[:-1]:
        list(splitter.feed(read))
    assert splitter.only(reads[-1]) == only


def test_an_event_is_found_before_the_rest_of_the_read_is_looked_at() -> None:
    splitter = Splitter(max_event_bytes=3)
    found = splitter.feed(b"data: a\n\ndata: far too much")
    assert next(found) == b" a"
    with pytest.raises(Overflow):
        next(found)


def test_an_event_that_never_ends_is_given_up() -> None:
    splitter = Splitter(max_event_bytes=20)
    assert not list(splitter.feed(b"data: " + b"x" * 14))
    with pytest.raises(Overflow):
        list(splitter.feed(b"x"))
