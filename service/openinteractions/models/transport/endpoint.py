"""One model server: its address, its key, and the connections to it.

The `openai` package says what goes where (URL, authorization, Azure's ways); the
bytes go out over one aiohttp session, at a tenth of the cost (design §8). Both are
made when the endpoint is first used. Nothing is tried twice but a request on a kept
connection that turns out to have been closed; redirects are not followed; cookies are
not kept, since callers share the connections.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import aiohttp
from yarl import URL

from openinteractions.models.transport.answer import Answer
from openinteractions.models.transport.bodies import Body, Unwritten, written
from openinteractions.models.transport.chunks import ChunkJoiner
from openinteractions.models.transport.failures import Failures
from openinteractions.models.transport.target import Target, find_target

KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 s after which common servers close an idle connection."""

MAX_ERROR_BYTES = 64 * 1024

_LARGE_BODY = 1024 * 1024
"""aiohttp wants bodies above this in pieces, so that the loop is not held up."""

_NOT_RETRIED = (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError)

_reused: ContextVar[bool] = ContextVar("reused", default=False)


class Endpoint:
    """A model server.

    Args:
        name: what the configuration calls it; errors name it so.
        base_url: its URL up to and including the version.
        api_key: its key; None sends no authorization.
        headers: further headers for every request.
        api_version: makes it an Azure resource, asked in this API version.
        connect_timeout: seconds for opening a connection.
        first_byte_timeout: seconds until the first byte of the answer's body.
        between_chunks_timeout: seconds between later reads.
        max_response_bytes: the largest answer that is read.
        target: where requests go and what they carry, where that is known already;
            the address is not looked at then.
        failures: makes the errors, where they are not those of any model server.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        api_version: str | None = None,
        connect_timeout: float = 5.0,
        first_byte_timeout: float = 600.0,
        between_chunks_timeout: float = 120.0,
        max_response_bytes: int = 100 * 1024 * 1024,
        target: Target | None = None,
        failures: Failures | None = None,
    ) -> None:
        self.name = name
        self.max_response_bytes = max_response_bytes
        self.failures = failures or Failures(
            name, [*(headers or {}).values(), *([api_key] if api_key else [])]
        )
        self._address: dict[str, Any] = {
            "base_url": base_url,
            "api_key": api_key,
            "headers": dict(headers or {}),
            "api_version": api_version,
        }
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=connect_timeout, sock_read=first_byte_timeout
        )
        self._between_chunks = between_chunks_timeout
        self._finding: asyncio.Task[Target] | None = None
        self._target = target
        self._urls: dict[str, URL] = {}
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: Body, *, model: str) -> bytes:
        """Send a JSON body and return the answer's body.

        Args:
            path: below the base URL, without a slash in front.
            body: the JSON.
            model: the upstream name; Azure has it in the URL.

        Raises:
            BackendError: anything but a whole, successful answer.
        """
        answer = await self.open(path, body, model=model)
        try:
            return await answer.rest()
        finally:
            answer.close()

    async def open(
        self, path: str, body: Body, *, model: str, content_type: str | None = None
    ) -> Answer:
        """Send a body and return the answer, whose body is still to come.

        The caller has to close it. The body is JSON unless it has a type of its own;
        other arguments and errors are those of `post`.
        """
        _, target = await self._started()
        url = self._urls.get(path)
        if url is None:
            url = target.url(path, model)
            if not target.deployments:
                self._urls[path] = url
        if isinstance(body, Unwritten):
            body = await written(body)
        headers = {"Content-Type": content_type} if content_type else {}
        return await self._answer("POST", url, body, headers)

    async def fetch(self, address: str) -> bytes | None:
        """Return what this server has at a URL; None when it is another server's.

        Raises:
            BackendError: anything but a whole, successful answer.
        """
        _, target = await self._started()
        try:
            url = URL(address)
            own = url.origin() == target.base_url.origin()
        except ValueError:
            return None
        if not own:
            return None
        answer = await self._answer("GET", url, None, {})
        try:
            return await answer.rest()
        finally:
            answer.close()

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> Answer:
        """Send a request of any method and return the answer, its body to come.

        The caller has to close it. Errors are those of `post`.

        Args:
            method: the HTTP method.
            path: below the base URL, without a slash in front, as it is sent.
            body: the JSON, if any.
            query: further members of the query.
            headers: further headers, of this request only.
        """
        _, target = await self._started()
        url = target.url(path, "")
        if query:
            url = url.update_query(query)
        return await self._answer(method, url, body, headers)

    async def _started(self) -> tuple[aiohttp.ClientSession, Target]:
        if self._session is None:
            await self._start()
        assert self._session is not None  # noqa: S101 - for the type checker
        assert self._target is not None  # noqa: S101
        return self._session, self._target

    async def _answer(
        self, method: str, url: URL, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        session, _ = await self._started()
        try:
            response = await self._send(session, method, url, body, headers)
        except (aiohttp.ClientError, OSError) as error:
            raise self.failures.from_exception(error) from error
        if not 200 <= response.status < 300:  # noqa: PLR2004 - success in HTTP
            raise await self._failure(response)
        return Answer(
            response,
            failures=self.failures,
            max_bytes=self.max_response_bytes,
            between_chunks=self._between_chunks,
        )

    async def close(self) -> None:
        """Close every connection; answers under way break off."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _start(self) -> None:
        if self._target is None:
            # Whoever waits is woken together: of a lock's waiters a busy loop wakes
            # one at each turn, and the last of hundreds is seconds late.
            finding = self._finding
            if finding is None:
                finding = asyncio.create_task(find_target(**self._address))
                self._finding = finding
            try:
                self._target = await asyncio.shield(finding)
            finally:
                if finding.done():
                    self._finding = None
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
                headers=self._target.headers,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def _send(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: URL,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> aiohttp.ClientResponse:
        try:
            return await _request(session, method, url, body, headers)
        except _NOT_RETRIED:
            raise
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            if not _reused.get() or not _before_any_byte(error):
                raise
        # The server had closed the kept connection while the request went out.
        return await _request(session, method, url, body, headers)

    async def _failure(self, response: aiohttp.ClientResponse) -> Exception:
        body = b""
        try:
            while len(body) < MAX_ERROR_BYTES:
                read = await response.content.read(MAX_ERROR_BYTES - len(body))
                if not read:
                    break
                body += read
        except (aiohttp.ClientError, OSError):
            pass  # the status says enough
        finally:
            response.close()
        return self.failures.from_status(response.status, response.headers, body)


async def _request(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    body: bytes | None,
    headers: Mapping[str, str],
) -> aiohttp.ClientResponse:
    data: bytes | io.BytesIO | None = body
    if body is not None and len(body) > _LARGE_BODY:
        data = io.BytesIO(body)
    return await session.request(
        method, url, data=data, headers=headers, allow_redirects=False
    )


def _before_any_byte(error: Exception) -> bool:
    """Say whether the connection closed before the answer began."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # else it is the half-read head
    return True


class _Connector(aiohttp.TCPConnector):
    """Joins chunks, and tells whether a request goes out on a kept connection."""

    async def connect(self, *arguments: Any, **named: Any) -> Any:
        """Return a connection, and note for this task whether it is a kept one."""
        connection: Any = await super().connect(*arguments, **named)
        transport = connection.transport  # none if it is closed again already
        joiner: Any = transport.get_protocol() if transport else None
        kept = isinstance(joiner, ChunkJoiner)
        if kept:
            joiner.begin()
        elif transport:
            transport.set_protocol(ChunkJoiner(connection.protocol))
        _reused.set(kept)
        return connection
