"""A site, a name server, and doors to them."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from openinteractions.tools.egress import Addresses, Door
from tests.tools.egress.fetching import LIMIT, Names
from tests.tools.egress.site import Site, running


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running() as site:
        yield site


@pytest.fixture
async def make(names: Names) -> AsyncIterator[Callable[..., Door]]:
    """Makes doors to which the name `site.test` leads out, and no address does."""
    doors: list[Door] = []

    def make(
        *networks: str, hosts: Sequence[str] = ("site.test",), **rest: Any
    ) -> Door:
        addresses = Addresses(map(ipaddress.ip_network, networks), hosts)
        settings: dict[str, Any] = {"resolve": names.resolve, "max_bytes": LIMIT} | rest
        doors.append(Door(addresses, **settings))
        return doors[-1]

    yield make
    for door in doors:
        await door.close()


@pytest.fixture
def door(make: Callable[..., Door]) -> Door:
    return make()
