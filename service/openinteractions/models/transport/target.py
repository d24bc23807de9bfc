"""Where requests to a model server go and what they carry, as `openai` has it.

Only public members of its client are read. The client would also send headers about
itself and take some from the environment; those are left out: we are not that client,
and a setting of the environment for one server is not for another to see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from yarl import URL

if TYPE_CHECKING:
    import openai

_KEPT = frozenset({"accept", "content-type"})
_DEPLOYMENTS = "/deployments"


class Target(NamedTuple):
    """A base URL with what every request carries."""

    base_url: URL
    query: Mapping[str, str]
    headers: Mapping[str, str]
    deployments: bool
    """Whether the URL names the model, as Azure's does."""

    def url(self, path: str, model: str) -> URL:
        """Return the URL of a path below the base."""
        base = self.base_url
        if self.deployments and _DEPLOYMENTS not in base.path:
            base = base / "deployments" / model
        url = base.joinpath(path)
        return url.with_query(self.query) if self.query else url


async def find_target(
    *,
    base_url: str,
    api_key: str | None,
    headers: Mapping[str, str],
    api_version: str | None,
) -> Target:
    """Return where a server is, and how to ask it, without asking it."""
    # Importing `openai` takes a third of a second of processor time.
    client = await asyncio.to_thread(
        _client, base_url, api_key or "none", headers, api_version
    )
    try:
        return Target(
            base_url=URL(str(client.base_url)),
            query={name: str(value) for name, value in client.default_query.items()},
            headers=_headers(client, headers, authorized=api_key is not None),
            deployments=api_version is not None,
        )
    finally:
        await client.close()


def _client(
    base_url: str, api_key: str, headers: Mapping[str, str], api_version: str | None
) -> openai.AsyncOpenAI:
    import openai  # noqa: PLC0415 - only when an endpoint is used

    # Empty ones are not sent, absent ones would come from the environment.
    nobody: dict[str, Any] = {"organization": "", "project": ""}
    if api_version is None:
        return openai.AsyncOpenAI(
            base_url=base_url, api_key=api_key, default_headers=headers, **nobody
        )
    return openai.AsyncAzureOpenAI(
        base_url=base_url,
        api_key=api_key,
        api_version=api_version,
        default_headers=headers,
        **nobody,
    )


def _headers(
    client: openai.AsyncOpenAI, configured: Mapping[str, str], *, authorized: bool
) -> dict[str, str]:
    kept = _KEPT | {name.lower() for name in configured}
    found = {"User-Agent": "openinteractions", "Accept-Encoding": "identity"}
    if authorized:
        found |= client.auth_headers
    for name, value in client.default_headers.items():
        if name.lower() in kept and isinstance(value, str):
            found = {n: v for n, v in found.items() if n.lower() != name.lower()}
            found[name] = value
    return found
