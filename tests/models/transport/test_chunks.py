"""Chunks are joined, and an answer stays what it is, however it is cut."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.models.transport.chunks import ChunkJoiner

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


class Behind(asyncio.Protocol):
    """The protocol behind a joiner: what it has been given, read by read."""

    def __init__(self) -> None:
        self.reads: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.reads.append(data)


def behind(*reads: bytes) -> list[bytes]:
    protocol = Behind()
    joiner = ChunkJoiner(protocol)
    for read in reads:
        joiner.data_received(read)
    return protocol.reads


def content(body: bytes) -> bytes:
    """Return what a chunked body says."""
    found = b""
    while True:
        line, _, body = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        assert body[size : size + 2] == b"\r\n"
        if not size:
            assert body == b"\r\n"
            return found
        found, body = found + body[:size], body[size + 2 :]


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%x%b\r\n%b\r\n" % (len(data), extension, data)


def test_the_whole_chunks_of_a_read_become_one() -> None:
    first, second = chunk(b"one") + chunk(b"two"), chunk(b"three") + chunk(b"4") + END
    assert behind(HEAD + first, second) == [
        HEAD + chunk(b"onetwo"),
        chunk(b"three4") + END,
    ]


def test_a_chunk_that_is_cut_is_not_held_back() -> None:
    assert behind(HEAD, b"3\r\none\r\n5\r\nth", b"ree\r\n1\r\n4\r\n1\r\n5\r\n") == [
        HEAD,
        b"3\r\none\r\n5\r\nth",
        b"ree\r\n" + chunk(b"45"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n1\r\na\r\n", id="length"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n"
            * 2,
            id="another encoding",
        ),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD + chunk(b"a") * 2, id="interim"
        ),
        pytest.param(HEAD + b"no size\r\na\r\n1\r\na\r\n", id="no size"),
        pytest.param(HEAD + b"-1\r\na\r\n" * 2, id="a negative size"),
        pytest.param(HEAD + b"1\r\naa\r\n1\r\na\r\n", id="a wrong size"),
        pytest.param(HEAD + b"1" * 1000, id="an endless size"),
        pytest.param(HEAD + END + chunk(b"a") * 2, id="behind the end"),
        pytest.param(HEAD + b"0\r\nExpires: x\r\n\r\n", id="trailers"),
        pytest.param(b"HTTP/1.1 " + b"x" * 100_000, id="an endless head"),
        pytest.param(b"\r\n" * 10, id="no HTTP"),
    ],
)
def test_what_cannot_be_joined_goes_on_as_it_came(answer: bytes) -> None:
    assert b"".join(behind(answer)) == answer
    assert b"".join(behind(*(answer[at : at + 1] for at in range(300)))) == answer[:300]


def test_each_answer_of_a_connection_is_read_anew() -> None:
    protocol = Behind()
    joiner = ChunkJoiner(protocol)
    for _ in range(2):
        joiner.begin()
        joiner.data_received(HEAD + chunk(b"one") + chunk(b"two") + END)
        joiner.begin()
        joiner.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n")
        joiner.data_received(chunk(b"a") * 2)
    assert (
        protocol.reads
        == [
            HEAD + chunk(b"onetwo") + END,
            b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n",
            chunk(b"a") * 2,
        ]
        * 2
    )


@given(
    st.lists(st.binary(min_size=1, max_size=40)),
    st.sampled_from([b"", b";name=value", b" "]),
    st.lists(st.integers(0, 300)),
)
def test_where_reads_are_cut_does_not_matter(
    pieces: list[bytes], extension: bytes, cuts: list[int]
) -> None:
    answer = HEAD + b"".join(chunk(piece, extension) for piece in pieces) + END
    places = [0, *sorted(cuts), len(answer)]
    reads = [answer[at:to] for at, to in itertools.pairwise(places) if at < to]
    head, _, body = b"".join(behind(*reads)).partition(b"\r\n\r\n")
    assert head + b"\r\n\r\n" == HEAD
    assert content(body) == b"".join(pieces)
