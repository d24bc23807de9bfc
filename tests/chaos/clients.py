"""Clients of a chaos run: they create, read, leave, come back elsewhere, and look.

What fails because a process is gone is tried again, as the SDKs do; what was
acknowledged is held against everything that is said of it later.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from typing import Any, Self

import aiohttp
import grpc

from openinteractions.core import cursor, lifecycle
from openinteractions.core.cursor import Cursor
from openinteractions.core.fold import Fold
from openinteractions.core.lifecycle import IllegalEventError, Lifecycle, Phase
from openinteractions.v1 import (
    event_pb2,
    interaction_pb2,
    interaction_service_pb2,
    interaction_service_pb2_grpc,
)
from tests.chaos.machines import Park
from tests.chaos.tally import Promise, Tally

Request = interaction_service_pb2.CreateInteractionRequest
Get = interaction_service_pb2.GetInteractionRequest
Stream = interaction_service_pb2.StreamInteractionRequest
Stub = interaction_service_pb2_grpc.InteractionServiceStub

PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)
OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
]
KINDS = ("unary", "background", "stream", "background stream", "SSE")
CALL_SECONDS = 60
END_SECONDS = 120
"""How long something may run after the last kill."""


class Crowd:
    """What all clients share."""

    def __init__(self, park: Park, tally: Tally, chance: random.Random) -> None:
        self.tally = tally
        self.chance = chance
        self.http = park.http
        self._park = park
        self._numbers = 0

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        self.session = aiohttp.ClientSession(timeout=timeout)
        self._channels = [
            grpc.aio.insecure_channel(place, options=OPTIONS)
            for place in self._park.grpc
        ]
        self._stubs = [Stub(channel) for channel in self._channels]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        for channel in self._channels:
            await channel.close(None)

    def stub(self) -> Stub:
        """Return some replica."""
        return self.chance.choice(self._stubs)

    def text(self) -> str:
        """Return a text that no other request has."""
        self._numbers += 1
        return f"t{self._numbers}"

    async def live(self, until: asyncio.Event) -> None:
        """Do one thing after the other."""
        while not until.is_set():
            await self._one(self.chance.choice(KINDS))

    async def _one(self, kind: str) -> None:
        text = self.text()
        if kind in ("unary", "background"):
            await self._create(text, kind)
        elif kind == "SSE":
            await SseReader(self, text).live()
        else:
            await Reader(self, text, kind).live()

    async def _create(self, text: str, kind: str) -> None:
        """Create over HTTP; what runs in the background is looked at until its end."""
        body = {"model": "m", "input": text, "background": kind == "background"}
        try:
            answer = await self.post("/v1beta/interactions", body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.tally.failures[f"create: {type(error).__name__}"] += 1
            await asyncio.sleep(0.1)
            return
        if answer is None:
            await asyncio.sleep(0.1)
            return
        promise = self.tally.promise(answer["id"], text, kind)
        if kind != "background":
            return
        if self.chance.random() < 0.05:
            await self._delete(answer["id"], promise)
        elif self.chance.random() < 0.05:
            await self._cancel(answer["id"], promise)
        else:
            await self.wait(answer["id"])

    async def post(self, path: str, body: object) -> Any:
        """Send a request; None when it failed in a way that may be tried again."""
        url = self.chance.choice(self.http) + path
        async with self.session.post(url, json=body) as answer:
            found = await answer.json()
            if answer.status == 200:
                return found
            self.tally.failures[f"{path.rpartition('/')[2]}: {answer.status}"] += 1
            if answer.status not in (429, 503):
                self.tally.wrong.append(f"{url}: {answer.status} {found}")
            return None

    async def _delete(self, name: str, promise: Promise) -> None:
        promise.deleting = True
        url = f"{self.chance.choice(self.http)}/v1beta/interactions/{name}"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self.session.delete(url):
                pass

    async def _cancel(self, name: str, promise: Promise) -> None:
        url = f"{self.chance.choice(self.http)}/v1beta/interactions/{name}/cancel"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self.session.post(url) as answer:
                promise.cancelled = promise.cancelled or answer.status == 200

    async def wait(self, name: str) -> interaction_pb2.Interaction | None:
        """Look until an interaction has ended; None when it takes too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                while True:
                    found = await self.get(name)
                    if found is None or lifecycle.has_ended(found.status):
                        return found
                    await asyncio.sleep(0.3)
        return None

    async def get(self, name: str) -> interaction_pb2.Interaction | None:
        """Return an interaction; None when it is not there."""
        while True:
            try:
                found: interaction_pb2.Interaction = await self.stub().GetInteraction(
                    Get(id=name), timeout=CALL_SECONDS
                )
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.NOT_FOUND:
                    return None
                self.tally.failures[f"get: {error.code().name}"] += 1
                if error.code() not in PASSING:
                    self.tally.wrong.append(f"get {name}: {error.details()}")
                    return None
                await asyncio.sleep(0.1)
            else:
                return found


class Reader:
    """One client that reads one interaction over gRPC."""

    def __init__(self, crowd: Crowd, text: str, kind: str) -> None:
        self._crowd = crowd
        self._text = text
        self._kind = kind
        self._life = Lifecycle()
        self._fold = Fold()
        self._token = ""
        self._last: Cursor | None = None
        self._name = ""

    async def live(self) -> None:
        """Create, and read to the end in as many streams as it takes."""
        request = Request(model="m", background=self._kind == "background stream")
        request.input.text = self._text
        await self._read(self._crowd.stub().StreamCreateInteraction(request))
        while self._name and self._life.phase is not Phase.ENDED:
            await asyncio.sleep(self._crowd.chance.choice((0, 0.1, 1)))
            again = Stream(id=self._name, last_event_id=self._token)
            self._crowd.tally.resumes += 1
            await self._read(self._crowd.stub().StreamInteraction(again))
        if self._name:
            told = self._fold.result().SerializeToString(deterministic=True)
            self._crowd.tally.promises[self._name].told = told

    async def _read(self, call: AsyncIterator[event_pb2.InteractionEvent]) -> None:
        chance, left = self._crowd.chance, 10_000
        if chance.random() < 0.4:
            left = chance.randint(1, 20)
        try:
            async for event in call:
                self._take(event)
                left -= 1
                if not left:
                    break
        except grpc.aio.AioRpcError as error:
            self._crowd.tally.failures[f"stream: {error.code().name}"] += 1
            if error.code() not in PASSING:
                told = f"stream {self._name}: {error.code().name} {error.details()}"
                self._crowd.tally.wrong.append(told)
                self._name = ""
        finally:
            call.cancel()  # type: ignore[attr-defined]

    def _take(self, event: event_pb2.InteractionEvent) -> None:
        tally = self._crowd.tally
        tally.events += 1
        if event.HasField("created") and not self._name:
            self._name = event.created.interaction.id
            tally.promise(self._name, self._text, self._kind)
        place = cursor.decode(event.event_id, self._name)
        if self._last is not None and place <= self._last:
            tally.duplicates += 1
            tally.wrong.append(f"{self._name}: {place} after {self._last}")
        try:
            self._life.feed(event)
        except IllegalEventError as error:
            tally.wrong.append(f"{self._name}: {error}")
        else:
            self._fold.apply(event)
        self._last, self._token = place, event.event_id


class SseReader:
    """One client that reads one interaction over HTTP, as a browser would."""

    def __init__(self, crowd: Crowd, text: str) -> None:
        self._crowd = crowd
        self._text = text
        self._name = ""
        self._tokens: list[str] = []
        self._texts: dict[int, list[str]] = {}
        self._ended = False

    async def live(self) -> None:
        """Create in the background, and read to the end."""
        body = {"model": "m", "input": self._text, "background": True, "stream": True}
        path = "/v1beta/interactions"
        await self._read("POST", path, json=body)
        while self._name and not self._ended:
            await asyncio.sleep(self._crowd.chance.choice((0, 0.1, 1)))
            self._crowd.tally.resumes += 1
            params = {"stream": "true", "last_event_id": self._tokens[-1]}
            await self._read("GET", f"{path}/{self._name}", params=params)
        if self._name:
            found = await self._crowd.wait(self._name)
            told = "".join(
                part for _, one in sorted(self._texts.items()) for part in one
            )
            if found is not None and told != text_of(found):
                said = f"{self._name}: was told {told}, is {text_of(found)}"
                self._crowd.tally.wrong.append(said)

    async def _read(self, method: str, path: str, **options: object) -> None:
        crowd = self._crowd
        url = crowd.chance.choice(crowd.http) + path
        left = crowd.chance.randint(1, 20) if crowd.chance.random() < 0.4 else 10_000
        try:
            async with crowd.session.request(method, url, **options) as answer:  # type: ignore[arg-type]
                if answer.status != 200:
                    crowd.tally.failures[f"SSE: {answer.status}"] += 1
                    if answer.status not in (429, 503):
                        text = await answer.text()
                        crowd.tally.wrong.append(f"{url}: {answer.status} {text}")
                        self._name = ""
                    return
                async for line in answer.content:
                    if line.startswith(b"data: {"):
                        self._take(json.loads(line[6:]))
                        left -= 1
                    if not left or self._ended:
                        return
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            crowd.tally.failures[f"SSE: {type(error).__name__}"] += 1

    def _take(self, event: dict[str, object]) -> None:
        tally = self._crowd.tally
        tally.events += 1
        kind, token = str(event["event_type"]), str(event.get("event_id", ""))
        if kind == "error" and not token:
            return  # of the connection; the interaction goes on
        if kind == "interaction.created" and not self._name:
            self._name = event["interaction"]["id"]  # type: ignore[index]
            tally.promise(self._name, self._text, "SSE")
        if token in self._tokens:
            tally.duplicates += 1
            tally.wrong.append(f"{self._name}: {token} twice")
        self._tokens.append(token)
        index = int(event.get("index", 0))  # type: ignore[call-overload]
        if kind == "step.start":
            self._texts = {n: one for n, one in self._texts.items() if n < index}
            self._texts[index] = []
        elif kind == "step.delta":
            self._texts[index].append(event["delta"].get("text", ""))  # type: ignore[attr-defined]
        self._ended = kind == "interaction.completed"


def text_of(interaction: interaction_pb2.Interaction) -> str:
    """Return what the model said."""
    return "".join(
        content.text.text
        for step in interaction.steps
        for content in step.model_output.content
    )
