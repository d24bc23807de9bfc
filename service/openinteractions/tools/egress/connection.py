"""Connections that go to the very addresses that were judged.

The connector has a resolver that leaves only what may be reached and hands out
numbers, so nothing is looked up again between the check and the connect. No proxy of
the environment, no cookie, no credential, no cached answer of a name server and no kept
connection has a part in it: every request is judged anew.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from openinteractions.tools.egress.addresses import Addresses
from openinteractions.tools.egress.refusal import Failure, Refusal

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Looks a name up and returns its addresses, as numbers; raises OSError."""

HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "openinteractions",
}


def open_session(addresses: Addresses, resolve: Resolve) -> aiohttp.ClientSession:
    """Make a session that reaches what `addresses` allows, and nothing else.

    Hosts that are written as numbers do not pass by the resolver: whoever uses the
    session judges those.
    """
    connector = aiohttp.TCPConnector(
        resolver=_JudgingResolver(addresses, resolve),
        use_dns_cache=False,
        force_close=True,
        limit=0,
    )
    return aiohttp.ClientSession(
        connector=connector,
        headers=HEADERS,
        # The whole fetch, redirects included, has one limit.
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        # Expanded by us, under the limit of size.
        auto_decompress=False,
        trust_env=False,
    )


async def resolve(name: str) -> Sequence[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(
        name, None, type=socket.SOCK_STREAM
    )
    return [str(sockaddr[0]) for *_, sockaddr in found]


class _JudgingResolver(AbstractResolver):
    """Resolves names to what of their addresses may be reached."""

    def __init__(self, addresses: Addresses, resolve: Resolve) -> None:
        self._addresses = addresses
        self._resolve = resolve

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: int = socket.AF_UNSPEC,  # noqa: ARG002 - of the interface
    ) -> list[ResolveResult]:
        """Return the addresses of a host that may be reached, one at least.

        Raises:
            Refusal: there are addresses, but none may be reached.
            Failure: the name has no address.
        """
        try:
            texts = await self._resolve(host)
        except (OSError, UnicodeError):
            raise Failure("its host was not found") from None
        words: list[str] = []
        allowed: list[ResolveResult] = []
        for address in map(ipaddress.ip_address, dict.fromkeys(texts)):
            word = (
                None if self._addresses.trusts(host) else self._addresses.judge(address)
            )
            if word is not None:
                words.append(word)
                continue
            version = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
            allowed.append(
                ResolveResult(
                    hostname=host,
                    host=str(address),
                    port=port,
                    family=version,
                    proto=socket.IPPROTO_TCP,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
        if allowed:
            return allowed
        if words:
            raise Refusal(f"its host leads to {words[0]}")
        raise Failure("its host was not found")

    async def close(self) -> None:
        """Nothing is kept."""
