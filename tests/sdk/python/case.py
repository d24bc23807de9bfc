"""What a behaviour is given: one client, sync or async behind the same calls.

In sync mode each behaviour has a thread of its own, so a call may block it. Every
behaviour gets model names of its own (`model`), so that it can look at what reached
the model server without seeing the traffic of others. Waits are bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from tests.sdk.python import shapes, wire

DOOR_SECONDS = 35


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """The addresses and keys that the run was started with."""

    server: str
    keyed: str
    """A second server, which wants one of the keys."""
    keys: tuple[str, ...]
    backend: str
    limited: int
    """The largest body in bytes that the second server takes."""
    dialect: str = "chat"
    """How the first server speaks with the model server."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """How a call failed, as the SDK tells it."""

    kind: str
    status: int | None
    body: Any
    said: str
    attempts: int

    @property
    def code(self) -> str:
        """The word in the documented body (contract §7.1)."""
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        """The text in the documented body (contract §7.1)."""
        return str(self.body["error"]["message"])


class Case:
    """One behaviour's view of one SDK."""

    def __init__(self, version: str, mode: str, name: str, place: Place) -> None:
        self.version = version
        self.mode = mode
        self.place = place
        self.wire = wire.record()
        self._tag = f"{version}-{mode}-{place.dialect}-{name}"
        self._clients: list[Any] = []
        self.client = None

    @property
    def major(self) -> int:
        """The first number of the version."""
        return int(self.version.partition(".")[0])

    @property
    def is_legacy(self) -> bool:
        """Whether the SDK reads `outputs` (contract §1.3)."""
        return self.major == 1

    @property
    def attempts(self) -> int:
        """How often the SDK tries when a status is retryable (contract §1.5)."""
        return 5 if self.major >= 3 else 4

    def model(self, script: str) -> str:
        """Give a model name of the script that nobody else uses."""
        return f"{script}@{self._tag}"

    def connect(self, **options: Any) -> Case:
        """Give a case like this one with a client of its own.

        `options` are those of the SDK's client; `http_options` are laid over the
        base URL of the server.
        """
        from google import genai  # noqa: PLC0415 -- only in the SDK's environment

        http = {"base_url": self.place.server, **options.pop("http_options", {})}
        if not options.get("vertexai"):
            options.setdefault("api_key", "any-key")
        other = Case.__new__(Case)
        other.__dict__ = {**self.__dict__}
        other.client = genai.Client(http_options=http, **options)
        # A client closes its connections when it is collected.
        self._clients.append(other.client)
        return other

    @property
    def _api(self) -> Any:
        if self.client is None:
            self.client = self.connect().client
        return (self.client.aio if self.mode == "async" else self.client).interactions

    async def _call(self, method: str, *args: Any, **arguments: Any) -> Any:
        found = getattr(self._api, method)(*args, **arguments)
        return await found if self.mode == "async" else found

    async def create(self, **arguments: Any) -> Any:
        """Call `interactions.create`."""
        return await self._call("create", **arguments)

    async def get(self, name: str, **arguments: Any) -> Any:
        """Call `interactions.get`."""
        return await self._call("get", name, **arguments)

    async def delete(self, name: str) -> Any:
        """Call `interactions.delete`."""
        return await self._call("delete", name)

    async def cancel(self, name: str) -> Any:
        """Call `interactions.cancel`."""
        return await self._call("cancel", name)

    async def file(self, method: str, **arguments: Any) -> Any:
        """Call a method of `files`."""
        client = self.client if self.client is not None else self.connect().client
        self.client = client
        files = (client.aio if self.mode == "async" else client).files
        found = getattr(files, method)(**arguments)
        return await found if self.mode == "async" else found

    async def create_raw(self, **arguments: Any) -> Any:
        """Call `interactions.with_raw_response.create`."""
        found = self._api.with_raw_response.create(**arguments)
        return await found if self.mode == "async" else found

    async def stream(self, **arguments: Any) -> shapes.Transcript:
        """Create with `stream=True` and read to the end."""
        async with self.open(**arguments) as events:
            return shapes.Transcript([event async for event in events])

    async def replay(self, name: str, **arguments: Any) -> shapes.Transcript:
        """Call `interactions.get` with `stream=True` and read to the end."""
        stream = await self.get(name, stream=True, **arguments)
        async with contextlib.aclosing(self._events(stream)) as events:
            return shapes.Transcript([event async for event in events])

    @contextlib.asynccontextmanager
    async def open(self, **arguments: Any) -> AsyncIterator[AsyncIterator[Any]]:
        """Create with `stream=True`; give its events as they come."""
        stream = await self.create(stream=True, **arguments)
        async with contextlib.aclosing(self._events(stream)) as events:
            yield events

    async def _events(self, stream: Any) -> AsyncIterator[shapes.Event]:
        # Leaving the SDK's own context closes the connection.
        if self.mode == "async":
            async with stream:
                async for event in stream:
                    yield shapes.Event(event)
        else:
            with stream:
                for event in stream:
                    yield shapes.Event(event)

    async def failure(self, call: Awaitable[Any]) -> Failure:
        """Await a call that must fail, and tell how it did."""
        before = len(self.wire)
        try:
            found = await call
        except self.errors.APIError as error:
            return Failure(
                kind=type(error).__name__,
                status=getattr(error, "status_code", None),
                body=getattr(error, "body", None),
                said=str(error),
                attempts=len(self.wire) - before,
            )
        raise AssertionError(f"the call should have failed, but gave {found!r}")

    async def refusal(self, *mentions: str, **arguments: Any) -> Failure:
        """Create something that deserves a 400 which is not retried (contract §7)."""
        failure = await self.failure(self.create(**arguments))
        assert (failure.kind, failure.status) == ("BadRequestError", 400), failure
        assert failure.attempts == 1, failure
        assert failure.code == "invalid_request", failure
        for mention in mentions:
            assert mention in failure.message, failure
        return failure

    @property
    def errors(self) -> Any:
        """The module with the SDK's error classes (contract §7.2)."""
        gaos = tuple(int(n) for n in self.version.split(".")) >= (2, 9)
        name = "_gaos.lib.compat_errors" if gaos else "_interactions"
        return importlib.import_module(f"google.genai.{name}")

    async def echo(self, **arguments: Any) -> Any:
        """Create with the echo script; give the body that reached the model."""
        made = await self.create(model=self.model("echo"), **arguments)
        return json.loads(shapes.text(made))

    async def asked(self, model: str) -> list[Any]:
        """Give the requests that reached the model server for a model name.

        They are bodies of chat completions, or what they would be in another dialect.
        """
        found = await self.door("GET", "_requests", model=model)
        return [request["chat"] for request in found["requests"]]

    async def seen(self, model: str) -> int:
        """Count the requests that reached the model server for a model name."""
        return int((await self.door("GET", "_seen", model=model))["count"])

    async def door(self, method: str, name: str, **query: Any) -> Any:
        """Use one of the doors of the scripted model server."""
        url = f"{self.place.backend}/{name}?{urllib.parse.urlencode(query)}"
        _, body = await asyncio.to_thread(_fetch, method, url, None, {})
        return body

    async def rest(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Talk to the server without the SDK; give status and JSON."""
        url = f"{self.place.server}{path}"
        return await asyncio.to_thread(_fetch, method, url, body, headers)


def _fetch(
    method: str, url: str, body: Any, headers: dict[str, str]
) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    plain = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        url, data, {"Content-Type": "application/json", **plain}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=DOOR_SECONDS) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")
