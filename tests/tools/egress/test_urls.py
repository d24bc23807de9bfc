"""URLs as they are written: every spelling of an address that is not for callers."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinteractions.core.errors import RequestError
from openinteractions.core.errors import shape as error_shape
from openinteractions.tools.egress import Addresses, Door, location
from openinteractions.tools.egress.refusal import Refusal, shown

FIELD = "input[0].content[1].uri"


async def no_names(name: str) -> Sequence[str]:
    pytest.fail(f"{name!r} was looked up")


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door(Addresses(), resolve=no_names)
    yield door
    await door.close()


LITERAL = {
    # IPv4
    "http://127.0.0.1/": "its host is a loopback address",
    "http://127.255.255.254:8080/a": "its host is a loopback address",
    "http://0.0.0.0/": "its host is an address of this machine",
    "http://0.1.2.3/": "its host is an address of this machine",
    "http://10.0.0.1/": "its host is a private address",
    "http://172.16.0.1/": "its host is a private address",
    "http://172.31.255.255/": "its host is a private address",
    "http://192.168.1.1/": "its host is a private address",
    "http://100.64.0.1/": "its host is an address of a provider's own network",
    "http://100.100.100.200/latest/meta-data/": (
        "its host is an address of a provider's own network"
    ),
    "http://169.254.169.254/latest/meta-data/": "its host is a link-local address",
    "http://168.63.129.16/": "its host is a cloud's own address",
    "http://192.0.0.192/": "its host is a reserved address",
    "http://192.0.2.1/": "its host is a reserved address",
    "http://192.88.99.1/": "its host is a reserved address",
    "http://198.18.0.1/": "its host is a reserved address",
    "http://203.0.113.7/": "its host is a reserved address",
    "http://224.0.0.1/": "its host is a multicast address",
    "http://239.255.255.250:1900/": "its host is a multicast address",
    "http://240.0.0.1/": "its host is a reserved address",
    "http://255.255.255.255/": "its host is a reserved address",
    # other notations of IPv4
    "http://2130706433/": "its host is an unusual spelling of 127.0.0.1",
    "http://017700000001/": "its host is an unusual spelling of 127.0.0.1",
    "http://0x7f000001/": "its host is an unusual spelling of 127.0.0.1",
    "http://0X7F.0x0.0x0.0x1/": "its host is an unusual spelling of 127.0.0.1",
    "http://0177.0.0.1/": "its host is an unusual spelling of 127.0.0.1",
    "http://127.1/": "its host is an unusual spelling of 127.0.0.1",
    "http://127.0.1/": "its host is an unusual spelling of 127.0.0.1",
    "http://127.0x1/": "its host is an unusual spelling of 127.0.0.1",
    "http://127.0.0.1./": "its host is an unusual spelling of 127.0.0.1",
    "http://0/": "its host is an unusual spelling of 0.0.0.0",
    "http://0x/": "its host is an unusual spelling of 0.0.0.0",
    "http://010.0.0.1/": "its host is an unusual spelling of 8.0.0.1",
    "http://134744072/": "its host is an unusual spelling of 8.8.8.8",
    "http://\uff11\uff12\uff17.0.0.1/": "its host is an unusual spelling of 127.0.0.1",
    "http://127。0。0。1/": "its host is an unusual spelling of 127.0.0.1",
    "http://①②⑦.0.0.1/": "its host is an unusual spelling of 127.0.0.1",
    "http://127.0.0.256/": "its host is neither a name nor an address",
    "http://1.2.3.4.5/": "its host is neither a name nor an address",
    "http://4294967296/": "its host is neither a name nor an address",
    "http://0x100000000/": "its host is neither a name nor an address",
    "http://08.0.0.1/": "its host is neither a name nor an address",
    "http://256.1/": "its host is neither a name nor an address",
    "http://a.b.1/": "its host is neither a name nor an address",
    "http://127.0.0.1../": "its host is no name",
    "http://%31%32%37.0.0.1/": "its host is percent-encoded",
    "http://127.0.0.1%2f.example.com/": "its host is percent-encoded",
    # IPv6
    "http://[::1]/": "its host is a loopback address",
    "http://[0:0:0:0:0:0:0:1]:8080/": "its host is a loopback address",
    "http://[::]/": "its host is an address of this machine",
    "http://[::ffff:127.0.0.1]/": "its host is a loopback address",
    "http://[::ffff:7f00:1]/": "its host is a loopback address",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]/": "its host is a link-local address",
    "http://[::127.0.0.1]/": "its host is a reserved address",
    "http://[64:ff9b::127.0.0.1]/": "its host is a loopback address",
    "http://[64:ff9b::a9fe:a9fe]/": "its host is a link-local address",
    "http://[64:ff9b:1::7f00:1]/": "its host is a reserved address",
    "http://[2002:7f00:1::]/": "its host is a reserved address",
    "http://[2001:0:7f00:1::]/": "its host is a reserved address",
    "http://[2001:db8::1]/": "its host is a reserved address",
    "http://[3fff::1]/": "its host is a reserved address",
    "http://[5f00::1]/": "its host is a reserved address",
    "http://[100::1]/": "its host is a reserved address",
    "http://[fc00::1]/": "its host is a private address",
    "http://[fd00:ec2::254]/": "its host is a private address",
    "http://[fe80::1]/": "its host is a link-local address",
    "http://[fe80::1%25eth0]/": (
        "its host has a zone, which means something here only"
    ),
    "http://[fec0::1]/": "its host is a private address",
    "http://[ff02::1]/": "its host is a multicast address",
    "http://[::1/": "its host is missing or malformed",
    "http://[127.0.0.1]/": "its host is no IPv6 address",
    "http://[v1.a]/": "its host is no IPv6 address",
    "http://::1/": "its host is missing or malformed",
    # user names
    "http://good.example@127.0.0.1/": "it has a user name or password in it",
    "http://user:secret@example.com/": "it has a user name or password in it",
    "http://@example.com/": "it has a user name or password in it",
    "http://127.0.0.1#@example.com/": "its host is a loopback address",
    "http://127.0.0.1?@example.com/": "its host is a loopback address",
    "http://example.com:80@127.0.0.1/": "it has a user name or password in it",
    # spelling
    "http://127.0.0.1\\@example.com/": (
        "it has spaces, control characters or backslashes in it"
    ),
    "http:\\\\127.0.0.1\\": "it has spaces, control characters or backslashes in it",
    "http://127.0.\t0.1/": "it has spaces, control characters or backslashes in it",
    "http://127.0.0.1\r\nHost: a/": (
        "it has spaces, control characters or backslashes in it"
    ),
    " http://127.0.0.1/": "it has spaces, control characters or backslashes in it",
    "http://example.com/\x00": "it has spaces, control characters or backslashes in it",
    "http://example.com/\ud800": (
        "it has spaces, control characters or backslashes in it"
    ),
    "http:/127.0.0.1/": 'two slashes and a host have to follow "http:"',
    "http:127.0.0.1": 'two slashes and a host have to follow "http:"',
    "http:///127.0.0.1/": 'two slashes and a host have to follow "http:"',
    "http://": "its host is missing or malformed",
    "http://?a": "its host is missing or malformed",
    "http://:80/": "its host is missing or malformed",
    "http://exam ple.com/": "it has spaces, control characters or backslashes in it",
    "http://a..example.com/": "its host is no name",
    "http://-a.example.com/": "its host is no name",
    "http://a,b.example.com/": "its host is no name",
    "http://℀.example.com/": "its host is no name",
    "http://example.com\uff0f@127.0.0.1/": "it has a user name or password in it",
    "http://127.0.0.1\uff0f.example.com/": "its host is no name",
    "http://" + "a" * 64 + ".com/": "its host is no name",
    "http://" + "a." * 127 + "com/": "its host is no name",
    "http://example.com/" + "a" * 8192: "it has more than 8192 characters",
    "": 'it is no URL; one begins with "https://"',
    "//127.0.0.1/": 'it is no URL; one begins with "https://"',
    "/etc/passwd": 'it is no URL; one begins with "https://"',
    # ports
    "http://example.com:22/": "its port, 22, is one of another protocol",
    "http://example.com:25/": "its port, 25, is one of another protocol",
    "http://example.com:0/": "its port, 0, is one of another protocol",
    "http://example.com:65536/": "its port is above 65535",
    "http://example.com:/": "its port is no number",
    "http://example.com:80a/": "its port is no number",
    "http://example.com:٨٠/": "its port is no number",
    "http://example.com:-1/": "its port is no number",
    # schemes
    "file:///etc/passwd": 'its scheme is "file"; only http and https are read',
    "gopher://127.0.0.1:6379/_INFO": (
        'its scheme is "gopher"; only http and https are read'
    ),
    "ftp://example.com/a": 'its scheme is "ftp"; only http and https are read',
    "jar:http://example.com!/": 'its scheme is "jar"; only http and https are read',
    "unix:/var/run/docker.sock": 'its scheme is "unix"; only http and https are read',
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/": (
        'its scheme is "http+unix"; only http and https are read'
    ),
    "javascript:alert(1)": 'its scheme is "javascript"; only http and https are read',
    "data:text/plain,hello": (
        'a "data:" URL is no address; send its bytes as inline data'
    ),
    "gs://bucket/a.png": 'Cloud Storage ("gs:") cannot be read here; '
    'give an "https:" URL',
    "s3://bucket/a.png": 'buckets ("s3:") cannot be read here; give an "https:" URL',
}

LOCAL_NAMES = {
    "http://localhost/": "its host is this machine",
    "http://LOCALHOST:8080/": "its host is this machine",
    "http://localhost./": "its host is this machine",
    "http://a.b.localhost/": "its host is this machine",
    "http://\uff4c\uff4fcalh\uff4fst/": "its host is this machine",
    "http://ip6-localhost/": "its host is a name of a local network",
    "http://localhost.localdomain/": "its host is a name of a local network",
    "http://metadata.google.internal/": "its host is a name of a local network",
    "http://metadata.google.internal./": "its host is a name of a local network",
    "http://printer.local/": "its host is a name of a local network",
    "http://redis:8080/": "its host is a name of a local network",
    "http://unix:80/var/run/docker.sock": "its host is a name of a local network",
    "http://router.home.arpa/": "its host is a name of a local network",
}


def refused(raised: pytest.ExceptionInfo[RequestError], url: str, reason: str) -> None:
    error = raised.value
    assert error_shape(error.reason).http_status == 400
    assert error.field == FIELD
    assert str(error) == (f"{FIELD}: the URL {shown(url)} is not allowed: {reason}."), (
        str(error)
    )


@pytest.mark.parametrize(("url", "reason"), (LITERAL | LOCAL_NAMES).items(), ids=ascii)
def test_a_url_that_is_passed_on_is_judged_as_written(
    door: Door, url: str, reason: str
) -> None:
    with pytest.raises(RequestError) as raised:
        door.check(url, field=FIELD)

    refused(raised, url, reason)


@pytest.mark.parametrize(("url", "reason"), LITERAL.items(), ids=ascii)
async def test_a_url_that_is_fetched_is_judged_before_anything_is_asked(
    door: Door, url: str, reason: str
) -> None:
    with pytest.raises(RequestError) as raised:
        await door.fetch(url, field=FIELD)

    refused(raised, url, reason)


GOOD = {
    "https://example.com": "https://example.com/",
    "HTTPS://Example.COM:443/A": "https://example.com/A",
    "http://example.com:8080/a/../b?c=d#e": "http://example.com:8080/a/../b?c=d",
    "https://example.com?a=b": "https://example.com/?a=b",
    "https://example.com./a": "https://example.com./a",
    "https://a_b.example.com/": "https://a_b.example.com/",
    "https://müller.example/ü?q=é": ("https://xn--mller-kva.example/%C3%BC?q=%C3%A9"),
    "https://example.com/a%2Fb%20c?d=%26": "https://example.com/a%2Fb%20c?d=%26",
    'https://example.com/"<a>"': "https://example.com/%22%3Ca%3E%22",
    "http://8.8.8.8/": "http://8.8.8.8/",
    "http://[2606:4700:4700:0::1111]:8080/": "http://[2606:4700:4700::1111]:8080/",
    "http://[::ffff:8.8.8.8]/": "http://[::ffff:808:808]/",
    "http://[64:ff9b::8.8.8.8]/": "http://[64:ff9b::808:808]/",
    "https://storage.googleapis.com/b/o?X-Goog-Signature=ab%2Bc": (
        "https://storage.googleapis.com/b/o?X-Goog-Signature=ab%2Bc"
    ),
}


@pytest.mark.parametrize(("url", "opened"), GOOD.items())
def test_a_public_url_may_be_read(door: Door, url: str, opened: str) -> None:
    door.check(url, field=FIELD)

    assert str(location.read(url).url) == opened


@pytest.mark.parametrize(
    "url",
    [
        "http://10.1.2.3/",
        "http://[::ffff:10.1.2.3]/",
        "http://[64:ff9b::10.1.2.3]/",
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[fd00::1]/",
        "http://minio:9000/",
        "http://MinIO./",
        "http://media.corp.internal/",
    ],
)
async def test_what_configuration_allows_is_allowed_in_every_form(url: str) -> None:
    networks = map(
        ipaddress.ip_network, ["10.0.0.0/8", "127.0.0.0/8", "fd00::/8", "64::/16"]
    )
    door = Door(Addresses(networks, ["minio", "media.corp.internal"]))

    door.check(url, field=FIELD)

    for other in ("http://11.0.0.1.local/", "http://192.168.0.1/", "http://redis/"):
        with pytest.raises(RequestError):
            door.check(other, field=FIELD)
    await door.close()


@given(st.ip_addresses())
def test_no_reserved_address_counts_as_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if Addresses().judge(address) is not None:
        return
    if isinstance(address, ipaddress.IPv6Address):
        if address in ipaddress.IPv6Network("64:ff9b::/96"):
            address = ipaddress.IPv4Address(address.packed[-4:])
        elif address.ipv4_mapped is not None:
            address = address.ipv4_mapped
    assert address.is_global
    assert not address.is_multicast


@given(
    st.text(max_size=40), st.sampled_from(["", "http://", "http://a.b/", "http://["])
)
def test_any_text_is_read_or_refused(text: str, start: str) -> None:
    try:
        found = location.read(start + text)
    except Refusal:
        return
    # Whoever opens it sees the host that was judged.
    assert found.url.raw_host == str(found.host)
    assert found.url.user is found.url.password is None


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://a.example/b", '"https://a.example/b"'),
        ("https://u:secret@a.example/", '"https://…@a.example/"'),
        ("https://a.example/b?key=secret", '"https://a.example/b?…"'),
        ("https://a.example/#secret", '"https://a.example/?…"'),
        ("http://a\r\nb\x00/", r'"http://a\r\nb\x00/"'),
        ('http://a/"', '"http://a/%22"'),
        ("http://a/" + "b" * 200, '"http://a/' + "b" * 110 + '…"'),
    ],
)
def test_a_url_is_shown_short_and_without_secrets(url: str, text: str) -> None:
    assert shown(url) == text
