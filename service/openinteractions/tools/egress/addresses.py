"""Which hosts and addresses the server may reach on behalf of a caller.

Only addresses of the public internet, as the registries of special-purpose addresses
leave them, and those that the configuration allows. The networks are written out
here: what Python takes for global differs between its versions. Pure; asks no one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable

from openinteractions.tools.egress.refusal import Refusal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_V4 = {
    ipaddress.IPv4Network(network): word
    for network, word in {
        "0.0.0.0/8": "an address of this machine",
        "10.0.0.0/8": "a private address",
        "100.64.0.0/10": "an address of a provider's own network",
        "127.0.0.0/8": "a loopback address",
        "168.63.129.16/32": "a cloud's own address",  # public by its number only
        "169.254.0.0/16": "a link-local address",
        "172.16.0.0/12": "a private address",
        "192.0.0.0/24": "a reserved address",
        "192.0.2.0/24": "a reserved address",
        "192.88.99.0/24": "a reserved address",
        "192.168.0.0/16": "a private address",
        "198.18.0.0/15": "a reserved address",
        "198.51.100.0/24": "a reserved address",
        "203.0.113.0/24": "a reserved address",
        "224.0.0.0/4": "a multicast address",
        "240.0.0.0/4": "a reserved address",
    }.items()
}

_V6 = {
    ipaddress.IPv6Network(network): word
    for network, word in {
        "::/128": "an address of this machine",
        "::1/128": "a loopback address",
        "2001::/23": "a reserved address",  # Teredo and others that lead elsewhere
        "2001:db8::/32": "a reserved address",
        "2002::/16": "a reserved address",  # 6to4, which leads to any IPv4 address
        "3fff::/20": "a reserved address",
        "fc00::/7": "a private address",
        "fe80::/10": "a link-local address",
        "fec0::/10": "a private address",
        "ff00::/8": "a multicast address",
    }.items()
}

_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses are given out."""

_TRANSLATED_V6 = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64: the last four bytes are the IPv4 address that is reached."""

_THIS_MACHINE: tuple[Address, ...] = (
    ipaddress.IPv4Address("127.0.0.1"),
    ipaddress.IPv6Address("::1"),
)

_LOCAL_NAMES = ("localdomain", "local", "internal", "home.arpa")
"""Names that no public name server knows, with all names below them."""


class Addresses:
    """The rule, with what configuration allows beyond it.

    Args:
        networks: networks that may be reached although they are not public.
        names: hosts that may be reached wherever their names lead.
    """

    def __init__(
        self, networks: Iterable[Network] = (), names: Collection[str] = ()
    ) -> None:
        self._networks = tuple(networks)
        self._names = frozenset(name.lower().rstrip(".") for name in names)

    def trusts(self, name: str) -> bool:
        """Say whether a host may be reached wherever its name leads."""
        return name.rstrip(".") in self._names

    def judge(self, address: Address) -> str | None:
        """Return None when the address may be reached, else what it is."""
        reached = _reached(address)
        if any(
            candidate in network
            for candidate in (address, reached)
            for network in self._networks
            if network.version == candidate.version
        ):
            return None
        if isinstance(reached, ipaddress.IPv4Address):
            return next((word for net, word in _V4.items() if reached in net), None)
        word = next((word for net, word in _V6.items() if reached in net), None)
        return word or (None if reached in _GLOBAL_V6 else "a reserved address")

    def check(self, host: str | Address) -> None:
        """Judge a host as it is written; a name is not resolved.

        Raises:
            Refusal: the address must not be reached, or the name means something on
                this machine or in its network only.
        """
        if not isinstance(host, str):
            if word := self.judge(host):
                raise Refusal(f"its host is {word}")
            return
        if self.trusts(host):
            return
        name = host.rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            if all(self.judge(address) for address in _THIS_MACHINE):
                raise Refusal("its host is this machine")
        elif "." not in name or any(
            name.endswith(f".{local}") for local in _LOCAL_NAMES
        ):
            raise Refusal("its host is a name of a local network")


def _reached(address: Address) -> Address:
    """The IPv4 address behind an IPv6 one, if that is what it stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED_V6:
            return ipaddress.IPv4Address(address.packed[-4:])
        # A zone says through which card of this machine; the networks have none.
        return ipaddress.IPv6Address(address.packed)
    return address
