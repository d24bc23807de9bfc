"""Opens the signals and the log that the configuration names.

What NATS needs is imported only when it is used: it is an extra of the package.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import NamedTuple, Protocol

from openinteractions.config import Config, ConfigError
from openinteractions.engine.signal_ports import EventLog, Signals
from openinteractions.storage.events.local import Hub
from openinteractions.storage.events.memory import MemoryLog
from openinteractions.storage.events.sockets import SocketSignals


class HasLog(Protocol):
    """A store that can keep the log of live events beside the interactions."""

    def log(self, signals: Signals) -> EventLog:
        """Return the log, which ends with the store."""


class Between(NamedTuple):
    """What goes between this process and others."""

    signals: Signals
    log: EventLog


async def open_events(
    config: Config, process: str, store: HasLog | None, stack: AsyncExitStack
) -> Between:
    """Open what is configured; it ends with the stack, and before the store.

    `process` is this process's name, which no other has. Without NATS, `store` keeps
    the log; where it is None, nothing goes to other processes or comes from them.
    NATS need not be there yet.

    Raises:
        ConfigError: a package is missing, or a file cannot be used.
    """
    if config.events.url is not None:
        try:
            from openinteractions.storage.events.nats.opening import (  # noqa: PLC0415
                through_nats,
            )
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"events.url: NATS needs the package {error.name}, which is not "
                'installed; pip install "openinteractions[nats]"'
            ) from None
        return Between(*await through_nats(config, process, stack))
    if store is None:
        return Between(Hub().join(process), MemoryLog())
    folder = config.events.signals(config.store.path.resolve())
    signals = await SocketSignals.open(folder, process)
    stack.push_async_callback(signals.close)
    return Between(signals, store.log(signals))
