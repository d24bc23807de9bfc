"""The ports that the workers share: taken by the parent before any worker starts.

HTTP: the parent itself listens. gRPC: every worker listens, and the system shares out
the connections (SO_REUSEPORT); the parent only holds the port, so that nobody else has
it and port 0 is the same one for all.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from openinteractions.config import Address, ConfigError

Socket = socket.socket

BACKLOG = 1024
"""How many connections may wait to be accepted."""


def take(name: str, wanted: Address, *, shared: bool = False) -> list[Socket]:
    """Return a socket for each of an address's IP addresses; none listens yet.

    All have the same port. `name` is what the configuration calls the address. With
    `shared`, processes of this user may listen on the port from now on.

    Raises:
        ConfigError: it cannot be had.
    """
    taken: list[Socket] = []
    port = wanted.port
    try:
        for family, address in _resolve(wanted):
            end = socket.socket(family, socket.SOCK_STREAM)
            taken.append(end)
            end.settimeout(0)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            end.bind((address, port))
            port = end.getsockname()[1]
            if shared:
                # Only now: before, it would share the port of another server.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError as error:
        close(taken)
        raise ConfigError(f"{name}: cannot listen on {wanted}: {error}") from None
    return taken


def listen(sockets: Sequence[Socket]) -> None:
    """Have connections come in."""
    for end in sockets:
        end.listen(BACKLOG)


def close(sockets: Sequence[Socket]) -> None:
    """Let go of a port."""
    for end in sockets:
        end.close()


def port(sockets: Sequence[Socket]) -> int:
    """Return the port of what was taken together."""
    return int(sockets[0].getsockname()[1])


def _resolve(wanted: Address) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(
        wanted.host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    return list(dict.fromkeys((family, str(at[0])) for family, _, _, _, at in found))
