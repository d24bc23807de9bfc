"""Where the door is sent on to, and where it does not go."""

from __future__ import annotations

import pytest

from openinteractions.tools.egress import Door
from openinteractions.tools.egress.door import MAX_REDIRECTS
from openinteractions.tools.egress.refusal import shown
from tests.tools.egress.fetching import FIELD, Names, reason
from tests.tools.egress.site import PNG, Site


async def test_redirects_are_followed_to_the_end(door: Door, site: Site) -> None:
    site.answer("/f/end?x=1")
    site.redirect("/e", "f/end?x=1", "308 Permanent Redirect")
    site.redirect("/d", "//site.test:" + str(site.port) + "/e#there", "307 Again")
    site.redirect("/c", site.url("/d"), "303 See Other")
    site.redirect("/b", "./c", "302 Found")
    url = site.redirect("/a", "/b", "301 Moved Permanently")

    found = await door.fetch(url, field=FIELD)

    assert found.data == PNG
    assert found.url == site.url("/f/end?x=1")
    assert len(site.heads) == MAX_REDIRECTS + 1


TARGETS = {
    "http://127.0.0.1:{port}/b": "its host is a loopback address",
    "http://[::1]:{port}/b": "its host is a loopback address",
    "http://169.254.169.254/latest/": "its host is a link-local address",
    "http://2130706433/": "its host is an unusual spelling of 127.0.0.1",
    "//0177.0.0.1:{port}/b": "its host is an unusual spelling of 127.0.0.1",
    "http://evil.test:{port}/b": "its host leads to a private address",
    "http://site.test@127.0.0.1/": "it has a user name or password in it",
    "http://site.test:22/": "its port, 22, is one of another protocol",
    "file:///etc/passwd": 'its scheme is "file"; only http and https are read',
    "gopher://site.test/": 'its scheme is "gopher"; only http and https are read',
    "ftp://site.test/": 'its scheme is "ftp"; only http and https are read',
    "javascript:alert(1)": 'its scheme is "javascript"; only http and https are read',
    "data:text/plain,a": 'a "data:" URL is no address; send its bytes as inline data',
    "http:///b": 'two slashes and a host have to follow "http:"',
    "http://": "its host is missing or malformed",
}


@pytest.mark.parametrize(("target", "why"), TARGETS.items())
async def test_a_redirect_is_judged_like_the_first_url(
    door: Door, names: Names, site: Site, target: str, why: str
) -> None:
    names.answers["evil.test"] = [["10.0.0.1"]]
    site.answer("/b")
    target = target.format(port=site.port)
    url = site.redirect("/a", target)

    said = await reason(door, url)

    assert said.startswith("redirects to ")
    assert said.endswith(f", which is not allowed: {why}.")
    assert len(site.heads) == 1


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param(
            [],
            "could not be read: its server answered 302 without saying where to.",
            id="missing",
        ),
        pytest.param(
            ["Location:"],
            "could not be read: its server answered 302 without saying where to.",
            id="empty",
        ),
        pytest.param(
            ["Location: /b", "Location: http://127.0.0.1/"],
            "could not be read: its server answered 302 without saying where to.",
            id="two",
        ),
        pytest.param(
            ["Location: //[::1"],
            "is not allowed: it redirects to what is no URL.",
            id="malformed",
        ),
        pytest.param(
            ["Location: http://127.0.0.1\\@site.test/"],
            "is not allowed: it redirects to what is no URL.",
            id="backslash",
        ),
        pytest.param(
            ["Location: ht\ttp://127.0.0.1/"],
            "is not allowed: it redirects to what is no URL.",
            id="tab",
        ),
    ],
)
async def test_a_redirect_that_leads_nowhere_is_told(
    door: Door, site: Site, headers: list[str], said: str
) -> None:
    url = site.answer("/a", b"", *headers, status="302 Found")

    assert await reason(door, url) == said


async def test_a_redirect_to_bytes_that_are_no_text_is_refused(
    door: Door, site: Site
) -> None:
    url = site.answer("/a", b"", "Location: http://\xff\xfe/", status="302 Found")

    assert "is not allowed: " in await reason(door, url)


async def test_redirects_are_counted(door: Door, site: Site) -> None:
    for number in range(MAX_REDIRECTS + 2):
        site.redirect(f"/{number}", f"/{number + 1}")

    said = await reason(door, site.url("/0"))

    assert said == (
        f"redirects to {shown(site.url('/5'))}, which could not be read: "
        "it is redirected more than 5 times."
    )
    assert len(site.heads) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("last", ["/a", "/b", "/b?", "#again"])
async def test_redirects_in_a_circle_are_told(
    door: Door, site: Site, last: str
) -> None:
    url = site.redirect("/a", "/b")
    site.redirect("/b", last)

    said = await reason(door, url)

    assert said.endswith("could not be read: the redirects go round in a circle.")
    assert len(site.heads) == 2
