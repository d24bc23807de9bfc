"""Under which URL a client knows the server."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from openinteractions.gateway.origins import ORIGIN, Origins
from tests.gateway.uploads import files

FORWARDED = {
    "Host": "inner:80",
    "X-Forwarded-Host": "evil.example, ai.example.com",
    "X-Forwarded-Proto": "https",
}
OUTER, INNER = "https://ai.example.com", "http://inner:80"

CASES: list[tuple[dict[str, str], list[str], str, str]] = [
    ({"Host": "a.example:8080"}, [], "10.0.0.1", "http://a.example:8080"),
    ({"Host": "[::1]:8080"}, [], "::1", "http://[::1]:8080"),
    ({"Host": "a b"}, [], "10.0.0.1", ""),
    ({"Host": "a.example/x"}, [], "10.0.0.1", ""),
    ({"Host": "user@a.example"}, [], "10.0.0.1", ""),
    ({}, [], "10.0.0.1", ""),
    (FORWARDED, [], "10.0.0.1", INNER),
    (FORWARDED, ["10.0.0.0/8"], "10.0.0.1", OUTER),
    (FORWARDED, ["10.0.0.0/8"], "::ffff:10.0.0.1", OUTER),
    (FORWARDED, ["10.0.0.0/8"], "11.0.0.1", INNER),
    (FORWARDED, ["::1/128", "fd00::/8"], "fd00::7", OUTER),
    (FORWARDED, ["10.0.0.0/8"], "", INNER),
    (FORWARDED | {"X-Forwarded-Proto": "ftp"}, ["10.0.0.1"], "10.0.0.1",
     "http://ai.example.com"),
    ({"Host": "inner"}, ["10.0.0.1"], "10.0.0.1", "http://inner"),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "trusted", "peer", "origin"), CASES)
def test_only_trusted_proxies_are_believed(
    headers: dict[str, str], trusted: list[str], peer: str, origin: str
) -> None:
    request: Any = make_mocked_request("GET", "/", headers=headers)
    request._transport_peername = (peer, 1)
    origins = Origins(trusted=trusted)

    assert origins.of(request) == origin
    assert origins.of(request) == origin


def test_a_public_url_is_the_url_for_all() -> None:
    request = make_mocked_request("GET", "/", headers={"Host": "a"})
    networks = [str(ipaddress.ip_network("0.0.0.0/0"))]

    assert Origins("https://x.example/y/", networks).of(request) == (
        "https://x.example/y"
    )


async def test_a_client_cannot_say_it_by_itself() -> None:
    async with files() as (service, gateway):
        await gateway.ask("GET", "/v1/interactions/a", x_openinteractions_origin="no")

        assert service.metadata[ORIGIN] == f"http://127.0.0.1:{gateway.port}"
