"""The names under which a server answers that wants no key.

Such a server listens on loopback only, but a web browser on the same machine reaches
it too, for whatever page it shows. A page of elsewhere gives itself away by its
`Origin`, or, when it has its own name point here (DNS rebinding), by the `Host`.
"""

from __future__ import annotations

import functools
import ipaddress
from urllib.parse import urlsplit

from multidict import CIMultiDictProxy

from openinteractions.gateway.errors import Reason, RefusedError


class Hosts:
    """This machine's names, and the one of `public_url`."""

    def __init__(self, public_url: str | None = None) -> None:
        self._public = urlsplit(public_url).hostname if public_url else None
        self._is_own = functools.lru_cache(maxsize=256)(self._compare)

    def check(self, headers: CIMultiDictProxy[str]) -> None:
        """Check whom a request is for and, if a page sent it, where that is from.

        Raises:
            RefusedError: it is for, or from, somewhere else.
        """
        host = headers.get("Host")
        if host is not None and not self._is_own(f"//{host}"):
            raise _refused("Host", host)
        origin = headers.get("Origin")
        if origin is not None and not self._is_own(origin):
            raise _refused("Origin", origin)

    def _compare(self, url: str) -> bool:
        try:
            name = urlsplit(url).hostname
        except ValueError:
            return False
        if not name:
            return False
        if name in {"localhost", self._public} or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _refused(header: str, value: str) -> RefusedError:
    return RefusedError(
        Reason.ERROR_REASON_PERMISSION_DENIED,
        f"{header} {value[:100]!r} is not this machine. A server that others may reach "
        "needs [auth] in its configuration, or server.public_url for another name.",
    )
