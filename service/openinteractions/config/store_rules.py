"""What the settings of `[store]` have to fulfil beyond their types."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import urlsplit

from openinteractions.config.files import Objects
from openinteractions.config.store import Store
from openinteractions.config.values import (
    Broken,
    check_positive,
    check_range,
    check_variable,
)

MAX_CONNECTIONS = 1000


def check_store(store: Store, objects: Objects) -> None:
    """Check the table.

    Raises:
        Broken: the first rule that does not hold.
    """
    check_positive("store.ttl_days", store.ttl_days)
    if store.is_shared:
        _check_shared(store)
        if objects.url is None:
            raise Broken(
                "objects.url",
                "missing; there is no directory beside PostgreSQL: give a bucket, "
                '"s3://bucket/prefix", or a directory that all servers share, '
                '"file:///srv/openinteractions/objects"',
            )
        return
    if not store.url.startswith("sqlite:///") or not store.url.removeprefix(
        "sqlite:///"
    ):
        raise Broken(
            "store.url",
            f'"{store.shown}" is not a store that this version has; '
            'write "sqlite:///openinteractions.db" or "postgresql://user@host/database"',
        )
    for name in ("password_env", "connections"):
        if getattr(store, name) is not None:
            raise Broken(f"store.{name}", "is for PostgreSQL; leave it out")


def unset_store_variables(store: Store, environment: Container[str]) -> list[str]:
    """Say which variables are named but not set, one line each."""
    name = store.password_env
    if name is None or name in environment:
        return []
    problem = (
        f"store.password_env: the environment variable {name} is not set; it should "
        "have the password of the database"
    )
    return [problem]


def _check_shared(store: Store) -> None:
    try:
        password = urlsplit(store.url).password
    except ValueError:
        raise Broken(
            "store.url",
            f'"{store.shown}" is not a URL; write it as "postgresql://user@host/name"',
        ) from None
    if store.password_env is not None:
        check_variable("store.password_env", store.password_env)
        if password is not None:
            raise Broken(
                "store.password_env", "is of no use beside the password in the url"
            )
    if store.connections is not None:
        # Two write while others read.
        check_range("store.connections", store.connections, 3, MAX_CONNECTIONS)
