"""The sockets of the processes of one machine, in a folder that they share.

`NAME.socket` is where datagrams to a process go, and `NAME.work` beside it says that
it accepts work. What a process that has crashed left behind is removed by whoever
comes upon it. Nobody but this user may send or listen. Knows nothing of signals.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import errno
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

SOCKET = ".socket"
WORK = ".work"

READ_AT_ONCE = 100
"""How many datagrams are read before others get a turn."""

LONGEST_ADDRESS = 100
"""In bytes; systems take between 103 and 107."""

RECEIVE_BYTES = 65536

GONE = frozenset({errno.ENOENT, errno.ECONNREFUSED, errno.ECONNRESET})
FULL = frozenset({errno.EAGAIN, errno.ENOBUFS})


class Delivery(enum.Enum):
    """What became of a datagram."""

    DONE = "done"
    FULL = "full"
    FAILED = "failed"


class Mailbox:
    """One process's place in the folder. Belongs to the running event loop."""

    def __init__(
        self, folder: Path, process: str, receive: Callable[[bytes], None]
    ) -> None:
        self._folder = folder.absolute()
        self._process = process
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._identity: tuple[int, int] | None = None
        self._accepts_work = False
        self._handle: int | None = None
        """The open folder, where its name is too long for an address."""
        self._usable = True
        self._lost = False

    def restore(self) -> bool:
        """Take the place, unless it is there; say whether it was lost meanwhile."""
        if self._identity is not None and self._identity == self._identity_now():
            return False
        again, self._lost = self._lost, True
        self._let_go()
        try:
            self._take()
        except OSError as error:
            self._complain(error)
            self._let_go()
            return False
        self._usable = True
        return again

    def mark(self, *, accepts_work: bool) -> None:
        """Say whether this process accepts work."""
        self._accepts_work = accepts_work
        mark = self._folder / f"{self._process}{WORK}"
        with contextlib.suppress(OSError):
            if accepts_work:
                mark.touch(mode=0o600)
            else:
                mark.unlink()

    def peers(self) -> list[str]:
        """Return the processes that have a socket."""
        return self._named(SOCKET)

    def workers(self) -> list[str]:
        """Return the processes that say that they accept work, itself included."""
        workers = self._named(WORK)
        if self._accepts_work and self._process not in workers:
            workers.append(self._process)
        return workers

    def reaches(self, peer: str) -> bool:
        """Say whether a process is there; without one, what it left is removed."""
        return self.post(peer, b"") is not Delivery.FAILED

    def post(self, peer: str, datagram: bytes) -> Delivery:
        """Send a process a datagram, now or not at all."""
        if self._socket is None:
            return Delivery.FAILED
        try:
            self._socket.sendto(datagram, self._address(peer))
        except OSError as error:
            if error.errno in FULL:
                return Delivery.FULL
            if error.errno in GONE:
                self._remove(peer)
            else:
                self._complain(error)
            return Delivery.FAILED
        return Delivery.DONE

    def close(self) -> None:
        """Give the place up."""
        self._let_go()
        self._remove(self._process)

    def _take(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if len(os.fsencode(self._folder)) + len(self._process) > LONGEST_ADDRESS:
            self._handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        self._remove(self._process)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003 - a method of Python's
        address = self._address(self._process)
        self._socket.bind(address)
        # The folder lets nobody else in meanwhile.
        os.chmod(address, 0o600)  # noqa: PTH101 - may name an open folder
        self._identity = self._identity_now()
        self._loop.add_reader(self._socket.fileno(), self._read)
        self.mark(accepts_work=self._accepts_work)
        for peer in {*self.peers(), *self.workers()} - {self._process}:
            self.reaches(peer)

    def _let_go(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self._identity = None

    def _read(self) -> None:
        for _ in range(READ_AT_ONCE):
            try:
                datagram = self._socket.recv(RECEIVE_BYTES) if self._socket else b""
            except OSError:
                return
            if self._socket is None:
                return
            self._receive(datagram)

    def _address(self, process: str) -> str:
        if self._handle is None:
            return str(self._folder / f"{process}{SOCKET}")
        # The kernel's own name for the open folder is short.
        return f"/proc/self/fd/{self._handle}/{process}{SOCKET}"

    def _identity_now(self) -> tuple[int, int] | None:
        try:
            found = (self._folder / f"{self._process}{SOCKET}").stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _named(self, suffix: str) -> list[str]:
        try:
            names = os.listdir(self._folder)  # noqa: PTH208 - names are wanted
        except OSError:
            return []
        return [name.removesuffix(suffix) for name in names if name.endswith(suffix)]

    def _remove(self, process: str) -> None:
        for suffix in (WORK, SOCKET):
            with contextlib.suppress(OSError):
                (self._folder / f"{process}{suffix}").unlink()

    def _complain(self, error: OSError) -> None:
        """Log that there are no signals, once until there are some again."""
        if self._usable:
            self._usable = False
            log.warning(
                "processes beside this one cannot be woken through %s: %s",
                self._folder,
                error,
            )
