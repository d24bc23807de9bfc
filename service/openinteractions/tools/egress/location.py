"""Reads URLs strictly, so that nobody can read the same text in another way.

Parsers disagree about odd URLs, and a check is worth nothing when the one who
connects sees another host. So whatever is not plainly written is refused, and the URL
that is opened is put together from the parts that were judged. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, urljoin

import idna
from yarl import URL

from openinteractions.tools.egress.addresses import Address
from openinteractions.tools.egress.refusal import Refusal

MAX_URL = 8192
"""Characters; what common servers take."""

MAX_PORT = 65535

_DEFAULT_PORTS = {"http": 80, "https": 443}

# fmt: off
_FORBIDDEN_PORTS = frozenset({
    # Ports of other protocols, whose servers might take a request for a command: the
    # list that browsers have (Fetch standard, "bad port").
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87,
    95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143,
    161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556,
    563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190,
    5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
})
# fmt: on

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:[^:]*)?")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_FOREIGN_SCHEMES = {
    "data": 'a "data:" URL is no address; send its bytes as inline data',
    "gs": 'Cloud Storage ("gs:") cannot be read here; give an "https:" URL',
    "s3": 'buckets ("s3:") cannot be read here; give an "https:" URL',
}


class Location(NamedTuple):
    """A URL that was read."""

    host: str | Address
    """An address, or a name in lower case, IDNA encoded."""
    url: URL
    """What to open."""


def read(text: str) -> Location:
    """Take a URL apart.

    Raises:
        Refusal: it is not an `http` or `https` URL, or not plainly written.
    """
    if len(text) > MAX_URL:
        raise Refusal(f"it has more than {MAX_URL} characters")
    if re.search(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\]", text):
        raise Refusal("it has spaces, control characters or backslashes in it")
    found = _SCHEME.match(text)
    if found is None:
        raise Refusal('it is no URL; one begins with "https://"')
    scheme, rest = found[1].lower(), text[found.end() :]
    if scheme not in _DEFAULT_PORTS:
        reason = f'its scheme is "{scheme[:20]}"; only http and https are read'
        raise Refusal(_FOREIGN_SCHEMES.get(scheme, reason))
    if not rest.startswith("//") or rest.startswith("///"):
        raise Refusal(f'two slashes and a host have to follow "{scheme}:"')
    authority, path = _split(rest[2:])
    host, port = _host_and_port(authority, scheme)
    return Location(host, _url(scheme, host, port, path))


def join(base: Location, location: str) -> str:
    """Return the URL that a redirect leads to, which is still to be read.

    Raises:
        Refusal: it leads nowhere.
    """
    # Joining would drop what `read` has to see.
    if re.search(r"[\x00-\x20\\]", location):
        raise Refusal("it redirects to what is no URL")
    if _SCHEME.match(location):
        return location
    try:
        return urljoin(str(base.url), location)
    except ValueError:
        raise Refusal("it redirects to what is no URL") from None


def _split(rest: str) -> tuple[str, str]:
    """Split into authority, and path with query; the fragment is for readers."""
    rest = rest.partition("#")[0]
    end = re.search(r"[/?]", rest)
    if end is None:
        return rest, "/"
    path = rest[end.start() :]
    return rest[: end.start()], path if path.startswith("/") else f"/{path}"


def _host_and_port(authority: str, scheme: str) -> tuple[str | Address, int]:
    if "@" in authority:
        raise Refusal("it has a user name or password in it")
    found = _AUTHORITY.fullmatch(authority)
    if found is None or not found[1]:
        raise Refusal("its host is missing or malformed")
    port = _DEFAULT_PORTS[scheme]
    if found[2] is not None:
        if not re.fullmatch(r":[0-9]{1,5}", found[2], re.ASCII):
            raise Refusal("its port is no number")
        port = int(found[2][1:])
        if port > MAX_PORT:
            raise Refusal(f"its port is above {MAX_PORT}")
        if port in _FORBIDDEN_PORTS:
            raise Refusal(f"its port, {port}, is one of another protocol")
    return _host(found[1]), port


def _host(text: str) -> str | Address:
    if text.startswith("["):
        return _bracketed(text[1:-1])
    if "%" in text:
        raise Refusal("its host is percent-encoded")
    try:
        # Also turns what only looks like digits, letters and dots into those.
        name = idna.encode(text, uts46=True).decode() if not text.isascii() else text
    except (idna.IDNAError, UnicodeError):
        raise Refusal("its host is no name") from None
    name = name.lower()
    numeric = _NUMBER.fullmatch(name.removesuffix(".").rpartition(".")[2])
    if numeric is None:
        if not _NAME.fullmatch(name) or len(name) > 254:  # noqa: PLR2004 - of DNS
            raise Refusal("its host is no name")
        return name
    address = _numbers(name)
    if address is None:
        raise Refusal("its host is neither a name nor an address")
    if text != str(address):
        raise Refusal(f"its host is an unusual spelling of {address}")
    return address


def _bracketed(text: str) -> Address:
    if "%" in text:
        raise Refusal("its host has a zone, which means something here only")
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        raise Refusal("its host is no IPv6 address") from None


def _numbers(name: str) -> ipaddress.IPv4Address | None:
    """Read an IPv4 address in any of the ways that C libraries know."""
    parts = name.removesuffix(".").split(".")
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):  # noqa: PLR2004
        return None
    try:
        *high, low = [_number(part) for part in parts]
    except ValueError:
        return None
    value = low
    for place, byte in enumerate(high):
        value += byte << 8 * (3 - place)
    bounded = all(byte < 256 for byte in high)  # noqa: PLR2004
    if not bounded or low >= 256 ** (4 - len(high)):
        return None
    return ipaddress.IPv4Address(value)


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)


def _url(scheme: str, host: str | Address, port: int, path: str) -> URL:
    name = f"[{host}]" if isinstance(host, ipaddress.IPv6Address) else str(host)
    name += "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    # Everything that may stand in a path or query stays, percent signs included.
    clean = quote(path, safe="/?%:@!$&'()*+,;=~-._[]")
    return URL(f"{scheme}://{name}{clean}", encoded=True)
