"""The embedded model as a worker has it: at its parent's (see `lending`)."""

from __future__ import annotations

from openinteractions.core.errors import UnavailableError, UpstreamFailedError
from openinteractions.models.embedded.server import Running
from openinteractions.workers.member import Member


class BorrowedServer:
    """Where the model of an endpoint is; see `models.embedded.server.Computer`."""

    def __init__(self, name: str, member: Member) -> None:
        self._name = name
        self._member = member

    async def start(self) -> Running:
        """Return where the server is, after having it started if it does not run.

        Raises:
            UnavailableError: the wheel or the weights are missing or damaged, or
                this server is shutting down.
            UpstreamFailedError: the process ended before it served.
        """
        lent = await self._member.borrow(self._name)
        if lent.missing:
            raise UnavailableError(lent.problem)
        if lent.problem:
            raise UpstreamFailedError(lent.problem, metadata={"endpoint": self._name})
        return Running(lent.base_url, lent.key)

    async def close(self) -> None:
        """Do nothing: it is its parent's to stop."""
