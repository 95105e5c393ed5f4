"""From which network does somebody come?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def network_of(address: str) -> str:
    """One text for all addresses that one person may have: an IPv6 address counts as its /64 network, the smallest that
    a customer gets; an IPv4 address, also one that is written as IPv6, as itself. What is no address stays what it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.IPv6Network((int(found), 64), strict=False))
    return str(found)


class Proxies:
    """The reverse proxies that an operator named.

    Args:
        named: addresses and networks, for instance ``127.0.0.1`` or ``10.0.0.0/8``.

    Raises:
        ValueError: one is neither.
    """

    def __init__(self, named: Iterable[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(name.strip(), strict=False) for name in named]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: str) -> bool:
        """Whether this is one of them."""
        found = _address(address)
        return found is not None and any(found in network for network in self._networks)

    def client(self, peer: str, forwarded: str) -> str:
        """Who sent what the proxy ``peer`` passed on.

        Each proxy appends the address that it saw. From the end of the list, that is the first that is no proxy;
        whatever stands before it the client can have made up.

        Args:
            peer: the address of the connection.
            forwarded: the header ``X-Forwarded-For``.
        """
        client = peer
        for text in reversed(forwarded.split(",")):
            if _address(text.strip()) is None:
                break
            client = text.strip()
            if client not in self:
                break
        return client

    def unnamed(self, address: str) -> bool:
        """Whether an address that is none of them looks like a proxy's all the same: it is of this machine or house."""
        found = _address(address)
        return found is not None and address not in self and (found.is_loopback or found.is_private)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
