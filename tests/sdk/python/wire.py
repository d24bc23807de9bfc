"""What really went over the wire while a behaviour ran.

The transports of httpx (httpx2 in SDK 3) are observed, not replaced: every request
still goes out of a real socket. A retry is a second exchange, so attempts can be
counted, and what an SDK made of its arguments can be seen.
"""

from __future__ import annotations

import contextvars
import dataclasses
import importlib
import json
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(slots=True)
class Exchange:
    """One HTTP request and the head of its response, if one came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any
    status: int | None = None
    reply: dict[str, str] = dataclasses.field(default_factory=dict)


_exchanges: contextvars.ContextVar[list[Exchange] | None] = contextvars.ContextVar(
    "exchanges", default=None
)


def record() -> list[Exchange]:
    """Start a new record for this thread or task; it grows while calls are made."""
    exchanges: list[Exchange] = []
    _exchanges.set(exchanges)
    return exchanges


def observe() -> None:
    """Observe every HTTP library that the SDK may use."""
    for name in ("httpx", "httpx2"):
        try:
            library = importlib.import_module(name)
        except ImportError:
            continue
        _wrap(library.HTTPTransport, "handle_request")
        _wrap_async(library.AsyncHTTPTransport, "handle_async_request")


def _wrap(transport: type, method: str) -> None:
    plain: Callable[..., Any] = getattr(transport, method)

    def send(self: Any, request: Any) -> Any:
        exchange = _begin(request)
        response = plain(self, request)
        _finish(exchange, response)
        return response

    setattr(transport, method, send)


def _wrap_async(transport: type, method: str) -> None:
    plain: Callable[..., Any] = getattr(transport, method)

    async def send(self: Any, request: Any) -> Any:
        exchange = _begin(request)
        response = await plain(self, request)
        _finish(exchange, response)
        return response

    setattr(transport, method, send)


def _begin(request: Any) -> Exchange:
    try:
        body = json.loads(request.content or b"null")
    except ValueError:
        body = None
    exchange = Exchange(
        method=request.method,
        path=request.url.path,
        query=request.url.query.decode(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
    exchanges = _exchanges.get()
    if exchanges is not None:
        exchanges.append(exchange)
    return exchange


def _finish(exchange: Exchange, response: Any) -> None:
    exchange.status = response.status_code
    exchange.reply = {name.lower(): text for name, text in response.headers.items()}
