"""`serve --workers N`, from the configuration to the exit status."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import msgspec
import uvloop

from openinteractions import lifetime
from openinteractions.config import Address, Config, ConfigError
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.opening import prepare_store
from openinteractions.workers import ports
from openinteractions.workers.parent import LostWorkersError, Parent

FAILURE = 1


def run(config: Config) -> int:
    """Serve from several processes until SIGINT or SIGTERM.

    Returns the exit status.

    Raises:
        ConfigError: an address cannot be listened on, or the store cannot be used.
    """
    lifetime.log_to_stderr("parent")
    lifetime.raise_file_limit()
    try:
        asyncio.run(prepare_store(config))
    except UnusableStoreError as error:
        raise ConfigError(f"store.url: {error}") from None
    with contextlib.ExitStack() as stack:
        server = config.server
        http = ports.take("server.http", server.http_address)
        stack.callback(ports.close, http)
        grpc = ports.take("server.grpc", server.grpc_address, shared=True)
        stack.callback(ports.close, grpc)
        addresses = [
            Address(wanted.host, ports.port(taken))
            for wanted, taken in (
                (server.http_address, http),
                (server.grpc_address, grpc),
            )
        ]
        final = msgspec.structs.replace(
            server, http=str(addresses[0]), grpc=str(addresses[1])
        )
        config = msgspec.structs.replace(config, server=final)
        try:
            uvloop.run(_serve(config, http, lifetime.start_line(config, *addresses)))
        except LostWorkersError as error:
            print(f"openinteractions: {error}", file=sys.stderr)
            return FAILURE
    return 0


async def _serve(config: Config, http: list[ports.Socket], line: str) -> None:
    await Parent(config).serve(http, line)
