"""Ports for servers that cannot choose one themselves, or that have to keep theirs.

Between the look at whether a port is free and the server's start others may take it.
From those that the system gives out by itself (to who binds port 0, and to every
connection) any other test may be given it; so these are of the others.
"""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 10_000


def free_ports(count: int) -> list[int]:
    """Return ports of this machine at which nobody listens."""
    with ExitStack() as stack:
        holders = [stack.enter_context(socket.socket()) for _ in range(count)]
        for holder in holders:
            _bind(holder)
        return [holder.getsockname()[1] for holder in holders]


def _bind(holder: socket.socket) -> None:
    ports = range(LOWEST, int(RANGE.read_text().split()[0]) if RANGE.exists() else 0)
    for port in secrets.SystemRandom().sample(ports, min(100, len(ports))):
        with suppress(OSError):
            holder.bind(("127.0.0.1", port))
            return
    holder.bind(("127.0.0.1", 0))
