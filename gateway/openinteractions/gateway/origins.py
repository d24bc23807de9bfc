"""The URL under which a client knows this server, as its request tells.

What is in a request is believed of the client itself: the URL goes into its own answers
and nowhere else. `X-Forwarded-*` is believed of the proxies that the configuration
trusts, and of nobody else.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from aiohttp import web

ORIGIN = "x-openinteractions-origin"
"""The metadata key of the URL. A client's own header of that name is not read."""

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?")


class Origins:
    """Tells the URL of each request.

    Args:
        public_url: the URL for all of them, if there is one.
        trusted: networks of the proxies that are trusted, as CIDRs.
    """

    def __init__(
        self, public_url: str | None = None, trusted: Iterable[str] = ()
    ) -> None:
        self._public = public_url.rstrip("/") if public_url else ""
        self._trusted = [ipaddress.ip_network(network) for network in trusted]
        self._proxies: dict[str, bool] = {}

    def of(self, request: web.BaseRequest) -> str:
        """Return the URL, without a slash at its end; empty when nothing tells it."""
        if self._public:
            return self._public
        headers = request.headers
        host, scheme = headers.get("Host", ""), "http"
        if self._trusted and self._is_proxy(request.remote or ""):
            host = _last(headers.getall("X-Forwarded-Host", ())) or host
            forwarded = _last(headers.getall("X-Forwarded-Proto", ())).lower()
            scheme = "https" if forwarded == "https" else scheme
        return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""

    def _is_proxy(self, peer: str) -> bool:
        known = self._proxies.get(peer)
        if known is None:
            try:
                address = ipaddress.ip_address(peer)
            except ValueError:  # no address: a socket of this machine
                return False
            mapped = getattr(address, "ipv4_mapped", None) or address
            known = any(mapped in network for network in self._trusted)
            if len(self._proxies) < 256:  # noqa: PLR2004 - more peers than proxies
                self._proxies[peer] = known
        return known


def _last(lines: Iterable[str]) -> str:
    # What the nearest proxy says comes last; what is before it anybody may have sent.
    return ",".join(lines).rpartition(",")[2].strip()
