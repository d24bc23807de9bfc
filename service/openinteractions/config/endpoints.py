"""What the settings of an endpoint have to fulfil beyond their types."""

from __future__ import annotations

import re

from openinteractions.config.decode import key
from openinteractions.config.settings import Endpoint
from openinteractions.config.values import (
    Broken,
    check_positive,
    check_url,
    check_variable,
)

SERVED = frozenset({"chat", "responses", "gemini"})
"""The dialects of model servers that are reached over HTTP."""

ONLY_SERVED = ("base_url", "api_key_env", "api_version", "headers")


def check_endpoint(where: str, endpoint: Endpoint) -> None:
    """Check an endpoint.

    Raises:
        Broken: the first rule that does not hold.
    """
    if endpoint.dialect in SERVED:
        _check_server(where, endpoint)
    else:
        _check_absent(where, endpoint)
    if endpoint.store is not None and endpoint.dialect != "gemini":
        raise Broken(
            f"{where}.store",
            f'what the dialect "{endpoint.dialect}" answers is kept here; '
            'leave it out, or use dialect = "gemini"',
        )
    if endpoint.api_key_env is not None:
        check_variable(f"{where}.api_key_env", endpoint.api_key_env)
    for name in ("connect", "first_byte", "between_chunks"):
        setting = f"{name}_timeout_seconds"
        check_positive(f"{where}.{setting}", getattr(endpoint, setting))
    if endpoint.threads is not None:
        if endpoint.dialect != "embedded":
            raise Broken(
                f"{where}.threads",
                f'the dialect "{endpoint.dialect}" does not compute here; '
                'leave it out, or use dialect = "embedded"',
            )
        check_positive(f"{where}.threads", endpoint.threads)
    _check_headers(where, endpoint.headers)


def _check_server(where: str, endpoint: Endpoint) -> None:
    if endpoint.base_url is not None:
        check_url(f"{where}.base_url", endpoint.base_url)
    elif endpoint.dialect != "gemini":
        raise Broken(
            f"{where}.base_url",
            f'missing; the dialect "{endpoint.dialect}" needs the URL of a server, '
            'for example "http://127.0.0.1:8000/v1"',
        )
    elif endpoint.api_key_env is None:
        raise Broken(
            f"{where}.api_key_env",
            "missing; Google's server needs a key, for example that in "
            '"GEMINI_API_KEY"; for another server, give its base_url',
        )
    if endpoint.dialect == "gemini" and endpoint.api_version is not None:
        raise Broken(
            f"{where}.api_version",
            'is for Azure resources; the dialect "gemini" has the version in base_url',
        )


def _check_absent(where: str, endpoint: Endpoint) -> None:
    for name in ONLY_SERVED:
        if getattr(endpoint, name):
            raise Broken(
                f"{where}.{name}",
                f'the dialect "{endpoint.dialect}" has no server; '
                'leave it out, or use dialect = "chat"',
            )


def _check_headers(where: str, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
            raise Broken(f"{where}.headers", f"{key(name)} is not the name of a header")
        if not re.fullmatch(r"[\t -~]*", value):
            raise Broken(
                f"{where}.headers.{key(name)}",
                "a header has visible ASCII characters and spaces only",
            )
