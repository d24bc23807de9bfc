"""A store with attachments, what it is made of, and interactions with media."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, cast

from openinteractions.core.attached import INLINE_BYTES
from openinteractions.core.errors import UnavailableError
from openinteractions.engine.attachments import Attachments, Orphans
from openinteractions.engine.file_ports import Objects
from openinteractions.engine.store_ports import InteractionStore, Lease, Record
from openinteractions.v1 import step_pb2
from tests.storage.records import record

LARGE = INLINE_BYTES + 1
LIMIT = 3 * 1024 * 1024
LEASE = Lease("here", 60)


class Faulty:
    """Objects that can be told to fail, and note what they are asked for."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.failing: set[str] = set()
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        if name in self.failing:
            raise UnavailableError("The object store cannot be reached.")
        return getattr(self._objects, name)


class Parts:
    """A store with attachments, and what it is made of."""

    def __init__(self, rows: InteractionStore, objects: Objects) -> None:
        self.rows = rows
        self.objects = Faulty(objects)
        self.store = cast(
            "InteractionStore",
            Attachments(rows, cast("Objects", self.objects), max_bytes=LIMIT),
        )

    async def begin(self, record: Record) -> None:
        """Store an interaction that runs."""
        await self.store.add(record, [], lease=LEASE)

    async def write(self, record: Record) -> bool:
        """Write it again, as who runs it."""
        return await self.store.update(record, 1)

    async def keys(self) -> set[str]:
        """The keys of all media, each as `interaction/number`."""
        return {stored.key async for stored in self.objects.list("interactions/")}

    async def sweep(self, *, later: float) -> None:
        """Look for orphans, that many seconds from now."""

        class Later:
            def now(self) -> float:
                return time.time() + later

        objects = cast("Objects", self.objects)
        await Orphans(store=self.rows, objects=objects, clock=Later()).turn()


def image(step: step_pb2.Step, data: bytes) -> None:
    step.user_input.content.add().image.data = data


def with_media(
    id: str,  # noqa: A002 - the resource's own word
    given: Iterable[bytes] = (),
    made: Iterable[bytes] = (),
    **how: Any,
) -> Record:
    """An interaction with images in its input and in its output."""
    found = record(id, **how)
    found.request.input.steps.items.add().user_input.content.add().text.text = "Look."
    for data in given:
        image(found.request.input.steps.items[0], data)
    for data in made:
        output = found.interaction.steps[0].model_output.content.add().image
        output.data, output.mime_type = data, "image/png"
    found.interaction.labels["team"] = "blue"
    found.interaction.response_modalities.append("image")
    return found
