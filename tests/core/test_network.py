"""From which network is somebody, and which proxy is believed?"""

from __future__ import annotations

import pytest

from jupyter_interview.core.network import Proxies, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:0DB8:0::ffff", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_an_ipv6_address_counts_as_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.9, nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
        (",,,", "127.0.0.1"),
        ("198.51.100.7:4711", "127.0.0.1"),
    ],
)
def test_what_the_last_proxy_saw_counts(forwarded: str, client: str) -> None:
    """A client writes what it likes to the front of the list."""
    assert Proxies(["127.0.0.1", "10.0.0.0/8"]).client("127.0.0.1", forwarded) == client


def test_proxies_are_named_by_address_or_network() -> None:
    proxies = Proxies(["127.0.0.1", " 10.0.0.1/8", "2001:db8::/32"])
    assert proxies and not Proxies()
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "10.255.0.1", "2001:db8:1::1"):
        assert address in proxies and not proxies.unnamed(address)
    for address in ("127.0.0.2", "2001:db9::1", "", "x"):
        assert address not in proxies
    assert proxies.unnamed("127.0.0.2") and proxies.unnamed("192.168.1.1") and not proxies.unnamed("1.1.1.1")
    with pytest.raises(ValueError, match="nonsense"):
        Proxies(["nonsense"])
