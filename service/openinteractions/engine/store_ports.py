"""What the engine needs of the store of interactions, and the claims on its rows.

Beside `ports`, under the same rules. The row is the only truth of who runs an
interaction: nothing that a process believes, and no message, counts against it.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from openinteractions.v1 import interaction_pb2, interaction_service_pb2


@dataclass(frozen=True, slots=True)
class Remote:
    """Where an interaction was made, when that is a server with this same API."""

    endpoint: str
    """The server, as the configuration calls it."""
    id: str | None
    """The interaction's id there; None: it is not kept there."""
    whole: bool
    """Whether all of it is here too. If not, its steps and input are only there."""
    prior: int = 0
    """How many steps of earlier turns stand before its own input there."""


@dataclass(frozen=True, slots=True)
class Record:
    """One stored interaction."""

    owner: str
    """Hash of the key that created it; empty without authentication."""
    request: interaction_service_pb2.CreateInteractionRequest
    """The request as it was understood, with the input in the form it was sent."""
    interaction: interaction_pb2.Interaction
    """The interaction with the steps of its output only. `created` and `updated`
    have whole seconds."""
    remote: Remote | None = None
    """Where it was made, if not here."""
    attached: Sequence[str] = ()
    """The names of media that are kept beside it, with references in their place
    (`core.attached`). Of nobody's concern but stores'."""
    attempts: str = ""
    """Which attempts made its steps (`core.attempts`); text that stores only keep and
    compare. Every claim but the first begins one, so those of two claims differ."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who runs an interaction, and how long that is believed without a sign of life.

    It is a length of time, counted by the store's own clock from the moment of the
    write, so that the clocks of two machines never meet. The clock of SQLite is the
    machine's, that of PostgreSQL the database's.
    """

    process: str
    """One life of one process: after a restart the name is another."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue."""

    caller: str
    """Whose turn it takes: turns go around among callers."""
    limit: int
    """How many interactions may wait, this one included."""


class Wish(enum.IntFlag):
    """What others ask of the process that runs an interaction. Stays until its end."""

    NONE = 0
    CANCEL = 1
    FOLLOW = 2
    """To have its events in the log, from the first on."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An interaction that is the caller's to run from now on."""

    record: Record
    """The request, and the interaction as it was last written. Its status is never
    `queued`. What it continues is in `conversation` of its own id, before it."""
    epoch: int
    """How many claims there have been, this one included; `update` wants it."""
    wishes: Wish
    losses: int
    """How many processes have lost it, one after the other, since it was last
    written: at some number, it is what kills them."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a process holds."""

    held: Mapping[str, int]
    """Epochs by id. What the process runs and is not here, or here with another epoch,
    was deleted or claimed by another. What is here and it does not run is left over
    from a call whose outcome it has missed: it is to give that back, unless the call
    may still be under way."""
    wishes: Mapping[str, Wish]
    """Those of its interactions of which something is asked, by id."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs an interaction that has not ended."""

    process: str | None
    """None: nobody. It waits, or another server makes it."""
    lost: bool
    """Whether the process is believed no more, so that others may claim it."""


class Aged(NamedTuple):
    """An interaction that is old."""

    id: str
    owner: str


class InteractionStore(Protocol):
    """Keeps interactions.

    A method returns only when its effect is durable, and either happens whole or
    not at all. Raises `UnavailableError` when the store cannot be reached, is
    locked or full. Nothing has then been changed, except where a connection broke
    after the method was done: every method but `add` can be repeated.

    An interaction that has not ended is in one of these states:

    - claimed: a process runs it, until it has given no sign of life for the seconds
      of its lease; then it is lost, and anybody may claim it. Every claim raises its
      epoch by one, and only the last one's holder can write.
    - waiting: nobody runs it, and anybody may claim it.
    - elsewhere: another server makes it. It is never claimed, and whoever looks may
      write what it has become.

    Methods of any processes at the same time happen one after the other, in some
    order: of a claim and an update one comes first, and then the other sees it.
    """

    async def add(
        self,
        record: Record,
        lineage: Sequence[str],
        *,
        lease: Lease | None = None,
        place: Place | None = None,
    ) -> None:
        """Store a new interaction.

        `lineage` has the ids of the conversation that it continues, oldest first,
        as `conversation` returned them; it is empty for a new conversation. The
        youngest of them that still exists is what the interaction continues.

        One that has not ended is claimed, with epoch 1, when there is a `lease`;
        waiting, with epoch 0, when there is a `place`; else elsewhere, with epoch 0.
        For one that has ended both are ignored.

        Raises:
            QueueFullError: the place's limit is reached.
        """

    async def update(self, record: Record, epoch: int) -> bool:
        """Replace an interaction that has not ended, as the holder of its last claim.

        Returns False, and changes nothing, when that is another, when nobody holds
        it, when it has ended or when it was deleted. One that is lost, but not yet
        claimed by another, can be updated. When it stays unended its claim stays as
        it is, and its losses are forgotten. Repeating the update with which it ended
        returns True; the same end by other attempts is another's, and returns False.
        """

    async def renew(self, lease: Lease) -> Renewed:
        """Give a sign of life: for all that a process has claimed, or is about to.

        None of that is lost before the lease's seconds have passed, which are those
        of the last call when they differ. With 0 seconds all of it is lost at once,
        but for what was claimed with a longer lease.
        """

    async def claim(self, lease: Lease, limit: int) -> Sequence[Claimed]:
        """Claim up to `limit` interactions: lost ones first, then waiting ones.

        Waiting ones come in fair order. When one is added, its turn is one after the
        last of its caller that waits, and no sooner than one after the first of all;
        those of one turn go by age. So everybody who waits has a turn before anybody
        has two, and who has waited long is not overtaken without end. What was given
        back comes before all that was only added.

        A `queued` interaction becomes `in_progress`.
        """

    async def claim_one(self, id: str, owner: str, lease: Lease) -> Claimed | None:  # noqa: A002 - the resource's own word
        """Claim an interaction if it is lost or waiting, else return None."""

    async def release(self, process: str, epochs: Mapping[str, int]) -> None:
        """Give back what a process has claimed, by id and epoch: it waits then.

        Leaves out what is not, or not any more, claimed so.
        """

    async def ask(self, id: str, owner: str, wish: Wish) -> Holder | None:  # noqa: A002
        """Note a wish for who runs an interaction, or will, and say who that is.

        None, and nothing is noted, when it has ended or is not there.
        """

    async def holder(self, id: str, owner: str) -> Holder | None:  # noqa: A002
        """Say who runs an interaction; None when it has ended or is not there.

        It is the cheap way to wait for an end.
        """

    async def queued(self) -> int:
        """Return how many interactions wait."""

    async def get(
        self,
        id: str,  # noqa: A002
        owner: str,
        *,
        media: bool = True,
    ) -> Record | None:
        """Return an interaction, or None when it is not there or another owner's.

        Without `media`, its media may have other bytes than they should, which is
        quicker; such a record is not for `update`.

        Raises:
            NotFoundError: it is there, but bytes of its media are lost.
        """

    async def conversation(
        self,
        id: str,  # noqa: A002
        owner: str,
        *,
        media: bool = True,
    ) -> Sequence[Record]:
        """Return an interaction and all that it continues, oldest first.

        Deleted ones are left out, those before them are not. Empty when `id` itself
        is not there or another owner's. One query. `media` is as in `get`; media that
        no model is shown may be left out, and so may the system instruction, the tools
        and the response format of what was made here: such a record is for reading.

        Raises:
            RequestError: the media are lost, or more than a model is sent; the field
                is `previous_interaction_id`.
        """

    async def known(self, ids: Collection[str]) -> Collection[str]:
        """Return those ids that an interaction has, whoever owns it."""

    async def delete(self, id: str, owner: str) -> bool:  # noqa: A002
        """Remove an interaction with everything in it; False when it is not there.

        Interactions that continued it stay, still name it, and continue from what
        it continued. Who runs it can write no more.
        """

    async def aged(self, before: float, limit: int) -> Sequence[Aged]:
        """Return up to `limit` interactions created before a time, oldest first.

        Those that are claimed or waiting are left out. What another server makes is
        not, for nobody might ever come to see its end.

        `before` is in seconds since 1970; ids of interactions (`core.ids`) have the
        time of creation, and it is those that are compared.
        """

    async def list(
        self, owner: str, *, limit: int, before: str | None
    ) -> Sequence[interaction_pb2.Interaction]:
        """Return up to `limit` of the owner's interactions, newest first.

        They come without steps, input, system instruction, tools and response
        format; nothing of those is loaded.

        `before` is the id of the last one of the page before. It may have been
        deleted since; the order is by id, which grows with time of creation.
        """
