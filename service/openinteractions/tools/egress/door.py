"""The door: reads URLs of callers, one hop after the other, and says what went wrong.

Redirects are followed here and not by the client, so that each one is judged as the
first URL was. All that can go wrong is the caller's mistake, with the reason in words
of ours: texts of the libraries tell addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from http import HTTPStatus

import aiohttp

from openinteractions.core.errors import RequestError
from openinteractions.engine.media_ports import Fetched
from openinteractions.tools.egress import body, connection, location
from openinteractions.tools.egress.addresses import Addresses
from openinteractions.tools.egress.refusal import Failure, Refusal, shown
from openinteractions.tools.gate import Gate

MAX_REDIRECTS = 5

MAX_AT_ONCE = 16
"""Fetches that run at a time; more wait, as long as one may take."""

MAX_WAITING = 64
"""Fetches of one owner that may wait."""

_BUSY = "reading other URLs"

_REDIRECTS = {301, 302, 303, 307, 308}
_FOUND = {200, 203}


class Door:
    """Implements `engine.media_ports.Egress`; has to be closed.

    Args:
        addresses: what may be reached.
        enabled: whether anything is fetched at all.
        timeout_seconds: what a fetch may take, from name server to last byte.
        max_bytes: the most that is read.
        resolve: looks names up; default: the system's resolver.
    """

    def __init__(
        self,
        addresses: Addresses,
        *,
        enabled: bool = True,
        timeout_seconds: float = 30.0,
        max_bytes: int = 50 * 1024 * 1024,
        resolve: connection.Resolve = connection.resolve,
    ) -> None:
        self._addresses = addresses
        self._enabled = enabled
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._gate = Gate(
            MAX_AT_ONCE, waiting=MAX_WAITING, seconds=timeout_seconds, busy=_BUSY
        )
        self._resolve = resolve
        self._session: aiohttp.ClientSession | None = None

    async def fetch(
        self,
        url: str,
        *,
        field: str,
        limit: int | None = None,
        mime_types: Collection[str] | None = None,
        owner: str = "",
    ) -> Fetched:
        """Read what stands at a URL; see `engine.media_ports.Egress`."""
        limit = self._max_bytes if limit is None else min(limit, self._max_bytes)
        trip = _Trip(url)
        try:
            if not self._enabled:
                raise Refusal("this server reads no URLs")  # noqa: TRY301 - told below
            async with self._gate.place(owner), asyncio.timeout(self._timeout_seconds):
                return await self._follow(trip, limit, mime_types)
        except TimeoutError:
            reason = f"it took more than {self._timeout_seconds:g} s"
            raise trip.error(Failure(reason), field) from None
        except Refusal as refusal:
            raise trip.error(refusal, field) from None

    def check(self, url: str, *, field: str) -> None:
        """Judge a URL by how it is written; see `engine.media_ports.Egress`."""
        try:
            self._addresses.check(location.read(url).host)
        except Refusal as refusal:
            raise _Trip(url).error(refusal, field) from None

    async def close(self) -> None:
        """Close every connection; fetches under way break off."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _follow(
        self, trip: _Trip, limit: int, mime_types: Collection[str] | None
    ) -> Fetched:
        place = location.read(trip.first)
        seen = set()
        while True:
            seen.add(place.url)
            self._judge(place)
            found = await self._ask(place, limit, mime_types)
            if isinstance(found, Fetched):
                return found
            if len(seen) > MAX_REDIRECTS:
                raise Failure(f"it is redirected more than {MAX_REDIRECTS} times")
            trip.last = location.join(place, found)
            place = location.read(trip.last)
            if place.url in seen:
                raise Failure("the redirects go round in a circle")

    def _judge(self, place: location.Location) -> None:
        # A name is judged by where it leads, once that is known.
        if not isinstance(place.host, str):
            self._addresses.check(place.host)

    async def _ask(
        self, place: location.Location, limit: int, mime_types: Collection[str] | None
    ) -> Fetched | str:
        """Return what stands there, or where the server redirects to."""
        if self._session is None:
            self._session = connection.open_session(self._addresses, self._resolve)
        try:
            async with self._session.get(place.url, allow_redirects=False) as answer:
                if answer.status in _REDIRECTS:
                    return _target(answer)
                if answer.status not in _FOUND:
                    raise Failure(f"its server answered {_status(answer.status)}")
                if (answer.content_length or 0) > limit:
                    raise body.too_large(limit)
                data, mime_type = await body.read(
                    answer.content.iter_any(),
                    encoding=answer.headers.get("Content-Encoding", ""),
                    declared=answer.headers.get("Content-Type"),
                    limit=limit,
                    mime_types=mime_types,
                )
                return Fetched(data, mime_type, str(place.url))
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise Failure(_reason(error)) from error


class _Trip:
    """The URL that a caller gave, and the one that it has led to."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.last = first

    def error(self, refusal: Refusal, field: str) -> RequestError:
        """Return the error to raise, which names both."""
        text = f"{field}: the URL {shown(self.first)} "
        if self.last != self.first:
            text += f"redirects to {shown(self.last)}, which "
        failed = isinstance(refusal, Failure)
        text += "could not be read" if failed else "is not allowed"
        return RequestError(f"{text}: {refusal.reason}.", field=field)


def _target(answer: aiohttp.ClientResponse) -> str:
    found = answer.headers.getall("Location", [])
    if len(set(found)) != 1 or not found[0]:
        raise Failure(f"its server answered {answer.status} without saying where to")
    return found[0]


def _status(number: int) -> str:
    try:
        return f"{number} ({HTTPStatus(number).phrase})"
    except ValueError:
        return str(number)


def _reason(error: Exception) -> str:
    """What happened to a connection, in words that tell no address."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "its server has no valid certificate"
        case aiohttp.ClientSSLError():
            return "no secure connection to its server can be made"
        case aiohttp.ClientConnectorError():
            return "its server cannot be reached"
        case aiohttp.ClientResponseError():
            return "its server does not speak HTTP"
        case _:
            return "its server closed the connection too early"
