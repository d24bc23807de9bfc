"""Bodies of requests: compressed, in pieces, damaged, and larger than they look."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import threading
import zlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from openinteractions.gateway.binding import Binder, Call
from openinteractions.gateway.body import PIECE_BYTES, Inflater
from openinteractions.v1.interaction_pb2 import Interaction
from tests.clock import WAIT_SECONDS
from tests.gateway.doubles import Face, face

LIMIT = 2_000_000
HI = json.dumps({"model": "m", "input": "Hi"}).encode()
LONG = json.dumps({"model": "m", "input": "a" * 600_000}).encode()
HEAD = b"POST /v1/interactions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.fixture
async def gateway() -> AsyncIterator[Face]:
    async with face(max_body_bytes=LIMIT) as made:
        made.service.answer = Interaction(id="v1_a")
        yield made


async def post(gateway: Face, lines: bytes, *body: bytes) -> tuple[int, Any]:
    """Send a request on a connection of its own, and return its answer."""
    async with asyncio.timeout(WAIT_SECONDS):
        reader, writer = await gateway.raw(HEAD + lines)
        for piece in body:
            writer.write(piece)
            await writer.drain()
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(answer)


async def post_encoded(gateway: Face, encoding: str, data: bytes) -> tuple[int, Any]:
    lines = f"Content-Encoding: {encoding}\r\nContent-Length: {len(data)}\r\n\r\n"
    return await post(gateway, lines.encode(), data)


ENCODED = [
    ("gzip", gzip.compress),
    ("X-GZip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("identity", bytes),
    ("identity, gzip", gzip.compress),
    ("", bytes),
]


@pytest.mark.parametrize(("encoding", "pack"), ENCODED)
@pytest.mark.parametrize("body", [HI, LONG], ids=["short", "long"])
async def test_a_compressed_body_is_read(
    gateway: Face, encoding: str, pack: Any, body: bytes
) -> None:
    assert (await post_encoded(gateway, encoding, pack(body)))[0] == 200
    ((_, request),) = gateway.service.calls
    assert request.input.text == json.loads(body)["input"]  # type: ignore[attr-defined]


async def test_a_compressed_body_may_come_in_chunks(gateway: Face) -> None:
    data = gzip.compress(LONG)
    pieces = [data[at : at + 100] for at in range(0, len(data), 100)]
    lines = b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b"")]

    assert (await post(gateway, lines, *chunks))[0] == 200


TOO_LARGE = {
    "code": "request_too_large",
    "message": f"The request body is larger than {LIMIT} bytes.",
}


@pytest.mark.parametrize("size", [LIMIT + 1, 50_000_000])
async def test_a_body_that_inflates_over_the_limit_is_refused(
    gateway: Face, size: int
) -> None:
    answer = await post_encoded(gateway, "gzip", gzip.compress(b"a" * size))

    assert answer == (413, {"error": TOO_LARGE})


async def test_a_body_that_inflates_to_nothing_has_a_limit_too(gateway: Face) -> None:
    empty = gzip.compress(b"")

    assert (await post_encoded(gateway, "gzip", empty * 100))[0] == 400
    answer = await post_encoded(gateway, "gzip", empty * (LIMIT // len(empty) + 1))
    assert answer == (413, {"error": TOO_LARGE})


PACKED = gzip.compress(HI)
DAMAGED = [
    pytest.param("gzip", b"nope", id="not compressed"),
    pytest.param("deflate", b"\xff\xff", id="not deflated"),
    pytest.param("gzip", zlib.compress(HI), id="another encoding"),
    pytest.param("gzip", PACKED[:-9], id="cut off"),
    pytest.param("gzip", PACKED[:-1], id="cut off in the checksum"),
    pytest.param("gzip", PACKED[:5], id="cut off in the header"),
    pytest.param("gzip", PACKED[:-8] + b"12345678", id="a wrong checksum"),
    pytest.param("gzip", PACKED + b"more", id="something behind the end"),
    pytest.param("deflate", zlib.compress(HI) + b"x", id="behind the end of deflate"),
    pytest.param("gzip", gzip.compress(LONG)[:-9], id="long and cut off"),
]


@pytest.mark.parametrize(("encoding", "data"), DAMAGED)
async def test_a_damaged_body_is_refused(
    gateway: Face, encoding: str, data: bytes
) -> None:
    status, body = await post_encoded(gateway, encoding, data)

    assert status == 400
    assert body["error"] == {
        "code": "invalid_request",
        "message": "The request body cannot be decoded.",
    }


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
async def test_another_encoding_is_refused_by_the_headers_name(
    gateway: Face, encoding: str
) -> None:
    status, body = await post_encoded(gateway, encoding, PACKED)

    assert (status, body["error"]["code"]) == (400, "invalid_request")
    assert body["error"]["message"] == (
        f"The value '{encoding}' is not supported for 'Content-Encoding'. "
        "Supported values: 'gzip', 'deflate'."
    )


async def test_an_encoding_without_a_body_is_nothing(gateway: Face) -> None:
    head = b"DELETE /v1/interactions/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    async with asyncio.timeout(WAIT_SECONDS):
        reader, _ = await gateway.raw(head + b"Content-Encoding: br\r\n\r\n")
        assert b" 200 " in await reader.readline()


def inflate(encoding: str, chunks: Iterable[bytes]) -> list[bytes]:
    inflater = Inflater(encoding)
    pieces = [piece for chunk in chunks for piece in inflater.feed(chunk)]
    inflater.end()
    return pieces


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, 3 * PIECE_BYTES])
@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
)
def test_pieces_are_whole_and_bounded(
    encoding: str, pack: Any, size: int, step: int
) -> None:
    data = pack(b"x" * size)
    pieces = inflate(
        encoding, [data[at : at + step] for at in range(0, len(data), step)]
    )

    assert b"".join(pieces) == b"x" * size
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)


@pytest.mark.parametrize("step", [1, 1000])
def test_members_of_gzip_follow_each_other(step: int) -> None:
    data = gzip.compress(b"a") + gzip.compress(b"b" * 5) + gzip.compress(b"")
    pieces = inflate("gzip", [data[at : at + step] for at in range(0, len(data), step)])

    assert b"".join(pieces) == b"abbbbb"


@pytest.mark.parametrize(("size", "aside"), [(10, False), (2_000_000, True)])
async def test_the_loop_goes_on_while_a_large_body_is_read(
    size: int, monkeypatch: pytest.MonkeyPatch, *, aside: bool
) -> None:
    threads: list[threading.Thread] = []
    bind = Binder.bind

    def noted(*arguments: Any) -> Call:
        threads.append(threading.current_thread())
        return bind(*arguments)

    monkeypatch.setattr(Binder, "bind", noted)
    body = io.BytesIO(b'{"model":"m","input":"%s"}' % (b"x" * size))
    async with face() as gateway:
        gateway.service.answer = Interaction(id="v1_a")
        async with gateway.http.post("/v1/interactions", data=body) as response:
            assert response.status == 200

    assert [thread is not threading.main_thread() for thread in threads] == [aside]


async def test_a_body_that_stops_coming_is_refused(
    gateway: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openinteractions.gateway.body.IDLE_SECONDS", 0.01)
    head = b"POST /v1/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
    async with asyncio.timeout(WAIT_SECONDS):
        reader, _ = await gateway.raw(head + b'{"model"')
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        assert b"has stopped coming" in await reader.readuntil(b"}}")


async def pieces() -> AsyncIterator[bytes]:
    for piece in (b'{"model":', b'"m","inp', b'ut":"Hi"}'):
        yield piece


async def test_a_body_may_come_in_pieces(gateway: Face) -> None:
    async with gateway.http.post("/v1/interactions", data=pieces()) as response:
        assert response.status == 200
    assert len(gateway.service.calls) == 1


async def test_a_client_that_asks_first_is_told_to_go_on(gateway: Face) -> None:
    async with gateway.http.post(
        "/v1/interactions", data=HI, expect100=True
    ) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "extra",
    [
        b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}x\r\nzz\r\n\r\n",
    ],
)
async def test_a_body_in_damaged_chunks_is_refused(gateway: Face, extra: bytes) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        head = b"POST /v1/interactions HTTP/1.1\r\nHost: x\r\n"
        reader, _ = await gateway.raw(head + extra)
        assert b" 400 " in await reader.readline()
