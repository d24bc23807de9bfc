"""What the headers of a request say about who sent it.

Which revision of the API the client reads, how long it waits, with which key and under
which identifier it calls. Choices that depend on the build of a client are made here
and in `revisions`, nowhere else.
"""

from __future__ import annotations

import functools
import os
import re

from multidict import CIMultiDictProxy

from openinteractions.gateway import revisions

REQUEST_ID = "x-request-id"
"""The header, and the metadata key, of the identifier of a request."""

SECOND_AGENT = "x-user-agent-2"
"""Where `connection` puts a second `User-Agent` line."""

_KEYS = ("x-goog-api-key", "authorization")
_SANE = re.compile(r"[0-9A-Za-z._:/+=@-]{1,128}")

# JavaScript up to 2.8 gives up after 60 s without response headers and sends the
# request again (contract §1.5). Others put their own words in front of it.
_JAVASCRIPT = re.compile(r"google-genai-sdk/(\d{1,4})\.(\d{1,4})\b\S* gl-node/")
_LAST_IMPATIENT = (2, 8)

Headers = CIMultiDictProxy[str]


def request_id(headers: Headers) -> str:
    """Return the client's own identifier of the request, or else a new one.

    Anything but a short word is not taken over: it goes to logs and headers.
    """
    own = headers.get(REQUEST_ID)
    if own is not None and _SANE.fullmatch(own):
        return own
    return new_request_id()


def new_request_id() -> str:
    """Return an identifier that no request has had."""
    return os.urandom(12).hex()


def metadata(headers: Headers, query_key: str, identifier: str) -> dict[str, str]:
    """Return the metadata of the RPC: the identifier and the keys.

    A key comes as `x-goog-api-key`, as `Authorization`, or as the query parameter
    `key`. All are passed on: one that is accepted is enough.
    """
    found = {REQUEST_ID: identifier}
    for name in _KEYS:
        value = headers.get(name)
        if value:
            found[name] = value
    if query_key:
        found["key"] = query_key
    return found


def revision(headers: Headers, default: revisions.Revision) -> revisions.Revision:
    """Return the revision of the API that the client reads."""
    return _revision(
        headers.get("api-revision", ""),
        headers.get("x-goog-api-client", ""),
        headers.get("user-agent", ""),
        headers.get(SECOND_AGENT, ""),
        default,
    )


def impatient(headers: Headers) -> bool:
    """Whether the client gives up on response headers after a minute."""
    return _impatient(headers.get("x-goog-api-client") or headers.get("user-agent", ""))


# All clients of one build send the same, and few builds call one server.
@functools.lru_cache(maxsize=256)
def _revision(
    asked: str, client: str, agent: str, second: str, default: revisions.Revision
) -> revisions.Revision:
    lines = (
        ("api-revision", asked),
        ("x-goog-api-client", client),
        ("user-agent", agent),
        ("user-agent", second),
    )
    return revisions.choose(lines, default)


@functools.lru_cache(maxsize=256)
def _impatient(client: str) -> bool:
    version = _JAVASCRIPT.search(client)
    return version is not None and (
        (int(version[1]), int(version[2])) <= _LAST_IMPATIENT
    )
