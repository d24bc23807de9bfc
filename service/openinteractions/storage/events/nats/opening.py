"""Opens what goes through NATS, as the configuration says."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack
from pathlib import Path

from openinteractions.config import Config, ConfigError, Events
from openinteractions.storage.events.nats.client import Access
from openinteractions.storage.events.nats.connection import Connection
from openinteractions.storage.events.nats.log import NatsLog
from openinteractions.storage.events.nats.signals import NatsSignals
from openinteractions.storage.events.nats.stream import Keeping, Stream


async def through_nats(
    config: Config, process: str, stack: AsyncExitStack
) -> tuple[NatsSignals, NatsLog]:
    """Connect, or begin to try; it all ends with the stack.

    Raises:
        ConfigError: a file that is named cannot be used.
    """
    events = config.events
    access = _access(config)
    connection = await Connection.open(access, f"openinteractions {process}")
    stack.push_async_callback(connection.close)
    signals = await NatsSignals.open(connection, process, f"{events.stream}.signals")
    stack.push_async_callback(signals.close)
    keeping = Keeping(
        name=events.stream,
        storage=events.storage,
        replicas=events.replicas,
        max_age_seconds=events.max_age_seconds,
        max_bytes=events.max_bytes,
    )
    stream = Stream(connection, keeping)
    stack.push_async_callback(stream.close)
    await stream.settle()
    return signals, NatsLog(stream)


def _access(config: Config) -> Access:
    events, environment = config.events, config.environment
    credentials = events.credentials_file
    if credentials is not None:
        _check_readable("credentials_file", credentials)
    return Access(
        urls=events.urls,
        user=events.user,
        password=environment.get(events.password_env or ""),
        token=environment.get(events.token_env or ""),
        credentials=None if credentials is None else Path(credentials),
        tls=_context(events) if events.is_encrypted else None,
    )


def _context(events: Events) -> ssl.SSLContext:
    for name in ("ca_file", "cert_file", "key_file"):
        path = getattr(events, name)
        if path is not None:
            _check_readable(name, path)
    try:
        context = ssl.create_default_context(cafile=events.ca_file)
    except ssl.SSLError:
        raise ConfigError("events.ca_file: has no certificates in PEM form") from None
    if events.cert_file is not None:
        try:
            context.load_cert_chain(events.cert_file, events.key_file)
        except ssl.SSLError:
            raise ConfigError(
                "events.cert_file: it and key_file are no certificate in PEM form "
                "with its key"
            ) from None
    return context


def _check_readable(name: str, path: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"events.{name}: {path} cannot be read: {error.strerror}"
        ) from None
