"""Header values that become members of a message.

aiohttp hands bytes that are no UTF-8 over as halves of characters, which no message
takes.
"""

from __future__ import annotations

from multidict import CIMultiDictProxy

from openinteractions.gateway.binding import refused


def words(headers: CIMultiDictProxy[str], name: str) -> str:
    """Return the value of a header; empty when it is not there.

    Raises:
        RefusedError: it is not UTF-8.
    """
    value = headers.get(name, "")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refused(f"{name} should be UTF-8.") from None
    return value
