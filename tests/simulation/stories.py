"""Short stories that go well, for letting one method of the store fail in each place.

Each tells of one kind of call. What fails is tried again, as the SDKs do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from openinteractions.v1 import interaction_service_pb2
from tests.simulation.clients import Client, Crowd
from tests.simulation.faults import Regime
from tests.simulation.reading import Reading
from tests.simulation.scripts import HERE, Round, Script
from tests.simulation.world import World

T = TypeVar("T")
Request = interaction_service_pb2.CreateInteractionRequest

LONG = [Round([0.1, 0.1], calls=[f"{HERE}0"]), Round([0.1, 0.1, 0.1])]
ENDLESS = [Round([0.1, 600.0])]
TRIES = 5


class Teller(Client):
    """A client that does as it is told."""

    leaves = False

    def request(self, rounds: list[Round], **members: object) -> Request:
        """Return a request, and have the model know what to say to it."""
        marker = f"s{self._crowd.number()}"
        self._world.backend.scripts[marker] = Script(marker, rounds)
        request = Request(model="m", **members)  # type: ignore[arg-type]
        request.input.text = marker
        if request.previous_interaction_id:
            before = self._world.judge.kept[request.previous_interaction_id].marker
            self._world.lineages[marker] = [before]
        return request

    async def create(self, rounds: list[Round], **members: object) -> str:
        """Create an interaction, however often it takes."""

        async def once() -> str | None:
            return await self._create(self.request(rounds, **members))

        return await self.until(once)

    async def begin(self, rounds: list[Round], **members: object) -> Reading:
        """Begin a stream, and leave it after a few events."""

        async def once() -> Reading | None:
            request = self.request(rounds, **members)
            reading = Reading(self._world, self._owner, request)
            self._crowd.readings.append(reading)
            await reading.begin(3)
            return reading if reading.id else None

        return await self.until(once)

    async def until(self, once: Callable[[], Awaitable[T | None]]) -> T:
        """Do something until it has a result."""
        for _ in range(TRIES):
            found = await once()
            if found is not None:
                return found
            await asyncio.sleep(0.5)
        return self._world.judge.fail("nothing helps")

    async def cancelled(self, identifier: str) -> None:
        """Cancel an interaction that never ends."""

        async def once() -> bool | None:
            await self._cancel(identifier, 0.0)
            return self._world.judge.kept[identifier].cancelled or None

        await self.until(once)

    async def deleted(self, identifier: str) -> None:
        """Delete an interaction."""

        async def once() -> bool | None:
            await self._delete(identifier, 0.0)
            kept = self._world.judge.kept[identifier]
            # One that was deleted without an answer is not there the next time.
            return kept.deleted or self._world.row(identifier) is None or None

        await self.until(once)


async def unary(one: Teller) -> None:
    """Create in one piece."""
    await one.create(LONG)


async def stream(one: Teller) -> None:
    """Stream, leave, come back and read to the end."""
    reading = await one.begin(LONG)
    await reading.finish()


async def background(one: Teller) -> None:
    """Create in the background and look until it has ended."""
    await one._poll(await one.create(LONG, background=True))


async def background_stream(one: Teller) -> None:
    """Stream what runs in the background."""
    reading = await one.begin(LONG, background=True)
    await reading.finish()


async def cancel(one: Teller) -> None:
    """Cancel a stream that its caller has left."""
    reading = await one.begin(ENDLESS)
    assert reading.id is not None
    await one.cancelled(reading.id)


async def cancel_background(one: Teller) -> None:
    """Cancel what runs in the background."""
    await one.cancelled(await one.create(ENDLESS, background=True))


async def delete(one: Teller) -> None:
    """Delete what has ended, and what runs."""
    await one.deleted(await one.create(LONG))
    await one.deleted(await one.create(ENDLESS, background=True))


async def go_on(one: Teller) -> None:
    """Continue what has ended, in each way."""
    first = await one.create(LONG)
    await one.create(LONG, previous_interaction_id=first)
    second = await one.create(LONG, previous_interaction_id=first, background=True)
    await one._poll(second)
    reading = await one.begin(LONG, previous_interaction_id=second)
    await reading.finish()


STORIES: dict[str, Callable[[Teller], Awaitable[None]]] = {
    "unary": unary,
    "stream": stream,
    "background": background,
    "background stream": background_stream,
    "cancel": cancel,
    "cancel in the background": cancel_background,
    "delete": delete,
    "continue": go_on,
}


def tell(name: str, *, processes: int, fails_at: int, fails_after: bool) -> bool:
    """Tell a story in which one method of the store fails; say whether one did.

    Raises what `World.live` raises.
    """

    async def told(crowd: Crowd) -> None:
        await asyncio.sleep(0.1)
        world.judge.check(world.process(), "no process is ready")
        await STORIES[name](Teller(crowd, world, 0, ""))

    regime = Regime(processes, 0, 0, fails_at=fails_at, fails_after=fails_after)
    world = World(0, regime, story=told)
    world.live()
    return world.struck
