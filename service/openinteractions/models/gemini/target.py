"""Where requests to a server of this dialect go, and what each of them carries.

The endpoint's own key, never a caller's. The revision asked for is the one in which
the engine speaks, whatever the server's default is; servers that know no revisions
ignore it (contract §1.3).
"""

from __future__ import annotations

from collections.abc import Mapping

from yarl import URL

from openinteractions.models.transport.target import Target

GOOGLE = "https://generativelanguage.googleapis.com/v1beta"
"""Where Google's own server is."""

REVISION = "2026-05-20"
"""The first revision with steps."""


def find(base_url: str | None, api_key: str | None, own: Mapping[str, str]) -> Target:
    """Return where a server is, and the headers of every request; `own` ones win."""
    headers = {
        "User-Agent": "openinteractions",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "Api-Revision": REVISION,
    }
    if api_key is not None:
        headers["x-goog-api-key"] = api_key
    lowered = {name.lower() for name in own}
    headers = {n: value for n, value in headers.items() if n.lower() not in lowered}
    return Target(
        base_url=URL(base_url or GOOGLE),
        query={},
        headers={**headers, **own},
        deployments=False,
    )
