"""Whom the door connects to: where a name leads decides, not what it says."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

import pytest

from openinteractions.tools.egress import Addresses, Door
from openinteractions.tools.egress.refusal import shown
from tests.tools.egress.fetching import FIELD, Names, reason
from tests.tools.egress.site import PNG, Site


@pytest.mark.parametrize("network", ["127.0.0.1/32", "127.0.0.0/8", "0.0.0.0/0"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "local.test"])
async def test_an_allowed_network_is_reached_by_number_and_by_name(
    make: Callable[..., Door], names: Names, site: Site, network: str, host: str
) -> None:
    names.answers["local.test"] = [["127.0.0.1"]]
    site.answer("/a")

    found = await make(network, hosts=()).fetch(site.url("/a", host), field=FIELD)

    assert found.data == PNG


PRIVATE = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fe80::1%1", "fd00::1"]
PRIVATE += ["::ffff:127.0.0.1", "64:ff9b::a00:1", "0.0.0.1", "100.64.0.1", "ff02::1"]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_an_address_not_allowed_is_refused(
    make: Callable[..., Door], names: Names, site: Site, address: str
) -> None:
    names.answers["evil.test"] = [[address]]
    site.answer("/a")

    said = await reason(make(), site.url("/a", "evil.test"))

    # Nobody learns where the names of our network lead.
    assert re.fullmatch(r"is not allowed: its host leads to an? [a-z' -]+\.", said)
    assert site.heads == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost"])
async def test_names_of_this_machine_are_judged_by_where_they_lead(
    make: Callable[..., Door], names: Names, site: Site, host: str
) -> None:
    names.answers |= {
        name: [["127.0.0.1", "::1"]] for name in (host.lower(), "localhost")
    }
    site.answer("/a")

    said = await reason(make(), site.url("/a", host))

    assert said == "is not allowed: its host leads to a loopback address."
    assert site.heads == []


async def test_of_several_addresses_only_allowed_ones_are_reached(
    make: Callable[..., Door], names: Names, site: Site
) -> None:
    names.answers["both.test"] = [["10.0.0.1", "::1", "127.0.0.1"]]
    site.answer("/a")

    url = site.url("/a", "both.test")
    found = await make("127.0.0.1/32").fetch(url, field=FIELD)

    assert found.data == PNG


async def test_a_name_is_looked_up_once_and_the_answer_is_what_is_reached(
    make: Callable[..., Door], names: Names, site: Site
) -> None:
    names.answers["turn.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    site.answer("/a")
    url = site.url("/a", "turn.test")
    door = make("127.0.0.1/32")

    assert (await door.fetch(url, field=FIELD)).data == PNG
    assert names.asked == ["turn.test"]
    # No answer and no connection is kept for the next one.
    said = await reason(door, url)
    assert said == "is not allowed: its host leads to a private address."
    assert len(site.heads) == 1


async def test_a_name_that_changes_its_answer_before_a_redirect_is_judged_again(
    make: Callable[..., Door], names: Names, site: Site
) -> None:
    names.answers["turn.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    site.redirect("/a", "/b")
    site.answer("/b")

    said = await reason(make("127.0.0.1/32"), site.url("/a", "turn.test"))

    assert said == (
        f"redirects to {shown(site.url('/b', 'turn.test'))}, which is not allowed: "
        "its host leads to a private address."
    )
    assert len(site.heads) == 1


@pytest.mark.parametrize("answer", [None, []])
async def test_a_name_without_address_is_told(
    door: Door, names: Names, answer: list[str] | None
) -> None:
    if answer is not None:
        names.answers["none.test"] = [answer]

    said = await reason(door, "http://none.test/")

    assert said == "could not be read: its host was not found."


async def test_the_systems_resolver_is_asked_unless_told_otherwise(site: Site) -> None:
    site.answer("/a")
    door = Door(Addresses([ipaddress.ip_network("127.0.0.0/8")]))

    found = await door.fetch(site.url("/a", "localhost"), field=FIELD)

    assert found.data == PNG
    await door.close()
