"""What the engine needs between processes: wake-ups, and live events for readers.

Beside `ports`, under the same rules. Neither is the truth about anything: rows are
(design §7). A wake-up that is lost is found by a sweep. A log holds what a run says
while it says it, for readers in other processes, and nothing that its row lacks once
it has ended.

Names of processes, and ids, are up to 128 ASCII letters, digits, `-` and `_`.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Signal(enum.StrEnum):
    """What a process tells others."""

    WORK = "work"
    """Something may be claimed. Goes to one process that accepts work, chosen at
    random, unless it is sent to one by name. No id."""
    CANCEL = "cancel"
    """The row of an interaction asks for its cancel, or is gone."""
    FOLLOW = "follow"
    """The row of an interaction asks for its events in the log."""
    ENDED = "ended"
    """An interaction has ended, and its row says how."""
    LOGGED = "logged"
    """The log of an interaction has grown. Sent by logs that need it, for followers
    in other processes; nobody else minds it."""
    MISSED = "missed"
    """Signals to this process may have been lost: what they would have said is to be
    looked up. Nobody sends it: it comes when a connection is there again. No id."""


Listener = Callable[[Signal, str], None]
"""Is told of a signal and its id; returns at once, without an exception."""


class Signals(Protocol):
    """Wake-ups between processes, any of which may be lost.

    One object has the place of one process among all that share a store. Signals from
    one process to another usually come in the order in which they were sent; one that
    says the same as another that is still on its way may be left out. They come in
    milliseconds, or not at all: nothing is kept for a process that is not there.
    """

    def send(self, signal: Signal, id: str = "", to: str | None = None) -> None:  # noqa: A002 - the resource's own word
        """Tell a process, or without `to` every process, the sender included.

        Never waits, never raises. What cannot be delivered is dropped, and logged
        when that begins. Listeners of this process hear it too, after this returns.
        """

    def listen(self, listener: Listener) -> None:
        """Have a function told of every signal that reaches this process.

        In the event loop, in the order of the calls of `listen`.
        """

    def accept_work(self) -> None:
        """Be among those that one `WORK` may go to, as nobody is at first.

        Can be called again.
        """

    def refuse_work(self) -> None:
        """Be among them no more. One that is on its way may still come."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that were appended at once, in order."""

    epoch: int
    """Which claim of the interaction its writer holds, from 1."""
    number: int
    """Grows from batch to batch of an epoch, from 1: by one, and before a `whole`
    batch by any step. A batch that is appended again has its number again."""
    whole: bool
    """Whether it has everything from the first event of the interaction on, in
    whatever deltas, so that no earlier batch is needed. The first batch of an epoch
    is whole."""
    events: Sequence[bytes]
    """Serialized events. Never empty; of any size, in any number."""


class LogGapError(Exception):
    """Batches are missing from a log, and no `whole` one has come after them.

    The reader asks the writer for a whole one, with `FOLLOW`, and follows again.
    """


class EventLog(Protocol):
    """The events of running interactions, for readers in other processes.

    An interaction has one writer at a time, that which holds its claim; its writers
    number their claims with `epoch`. A whole batch takes the place of all before it,
    so that a writer keeps its log short by appending one now and then, and takes care
    of any failure by making the next one whole.
    """

    async def append(self, id: str, batch: Batch) -> None:  # noqa: A002 - the resource's own word
        """Add a batch to the log of a stored interaction.

        To be awaited before the next one of the same interaction. A batch of an epoch
        lower than the log has seen, one whose number it has, and any of an
        interaction that is not there any more are never given to followers and raise
        nothing: they are what a writer appends that has lost its claim, or does not
        know whether it has appended.

        Returns when every follower will have it, wherever it is, or a later whole
        batch in its place, for as long as the log is not lost or cut.

        Raises:
            UnavailableError: within seconds; followers may have got the batch or not.
                The writer appends it again, or a whole one.
        """

    def follow(self, id: str) -> AsyncIterator[Batch]:  # noqa: A002
        """Yield the batches that are there, then those to come.

        The first is whole. Epochs never fall; within one, numbers rise, by one except
        before a whole batch. So a follower may be given what it has already, in a
        whole batch: it filters by the cursors of events (`core.cursor`).

        It never ends by itself, not even when the log is trimmed: who reads looks at
        the row when `ENDED` or `MISSED` comes, and now and then. While the log is out
        of reach it waits. A follower that takes no batches holds a bounded number
        of bytes beside the batch that it was given, and has everything when it goes
        on. Closing the iterator lets go of everything at once.

        Raises:
            LogGapError: the log was cut or lost before it was read.
        """

    async def trim(self, id: str) -> None:  # noqa: A002
        """Forget the log of an interaction that has ended or was deleted.

        Followers are not told. A log that nobody trims goes away some time after its
        last batch, or with the row of its interaction.

        Raises:
            UnavailableError: it may still be there.
        """
