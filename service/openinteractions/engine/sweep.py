"""What is done again and again in the background, by every process."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Self


class Sweep(ABC):
    """Work that goes on while this async context manager is open."""

    name: ClassVar[str]
    """What its task is called."""

    _task: asyncio.Task[None] | None = None

    @abstractmethod
    async def keep(self) -> None:
        """Do the work, turn after turn, without an end."""

    async def __aenter__(self) -> Self:
        """Go on in the background, at once."""
        self._task = asyncio.create_task(self.keep(), name=self.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; what is left is found by whoever sweeps next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
