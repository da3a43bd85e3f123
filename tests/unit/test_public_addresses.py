"""Which addresses requests may go to. The oracle is Python's own table of special addresses; what it does not know is written out here."""

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork.public_addresses import AddressRefusedError, NameNotResolvedError, is_public, public_address

IPV4 = st.one_of(
    st.ip_addresses(v=4),
    *(
        st.ip_addresses(network=network)
        for network in (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
            *("192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        )
    ),
)


def embedded(address: IPv4Address) -> list[IPv6Address]:
    """Every form in which an IPv6 address holds an IPv4 address: mapped, compatible, translated, NAT64 (both), 6to4, Teredo."""
    number = int(address)
    prefixes = {"::ffff:0:0": 0, "::": 0, "::ffff:0:0:0": 0, "64:ff9b::": 0, "64:ff9b:1::": 0, "2002::": 80}
    teredo = IPv6Address(int(IPv6Address("2001::")) | (number ^ 0xFFFFFFFF))
    return [IPv6Address(int(IPv6Address(prefix)) | number << shift) for prefix, shift in prefixes.items()] + [teredo]


@given(IPV4)
def test_what_is_not_of_the_internet_is_not_public(address: IPv4Address) -> None:
    assert is_public(address) <= (address.is_global and not address.is_multicast)


@given(IPV4)
def test_an_ipv4_address_gains_nothing_in_the_clothes_of_an_ipv6_address(address: IPv4Address) -> None:
    assert not any(is_public(other) for other in embedded(address))


@given(
    st.one_of(st.ip_addresses(v=6), *(st.ip_addresses(network=net) for net in ("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "::/64")))
)
def test_public_ipv6_addresses_are_global_unicast(address: IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        kinds = (address.is_private, address.is_multicast, address.is_link_local, address.is_loopback, address.is_site_local)
        assert not any(kinds)
        assert address.exploded[0] in "23"


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "0.0.0.0", "255.255.255.255", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16"),  # noqa: S104
        *("192.0.0.192", "192.0.0.9", "192.88.99.1", "::1", "::", "fd00:ec2::254", "fe80::a9fe:a9fe", "fec0::1", "ff02::1", "3fff::1"),
        *("2001:db8::1", "2001:20::1", "5f00::1", "100::1"),
    ],
)
def test_special_addresses_by_name(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "93.184.215.14", "52.94.236.248", "2606:4700::6810:84e5", "2a00:1450:4001:82a::200e"])
def test_addresses_of_the_internet_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


# --- names -----------------------------------------------------------------------------------------------------------


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(None, None, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_a_name_is_where_it_resolves_to_and_ipv4_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "2606:4700::1", "8.8.8.8")

    assert public_address("example.com", 443) == IPv4Address("8.8.8.8")


@pytest.mark.parametrize("inner", ["10.0.0.1", "::1", "fe80::1%eth0", "::ffff:192.168.0.1"])
def test_one_address_inside_is_enough_to_refuse_a_name(monkeypatch: pytest.MonkeyPatch, inner: str) -> None:
    resolves_to(monkeypatch, "8.8.8.8", inner)

    with pytest.raises(AddressRefusedError):
        public_address("example.com", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "::1", "localhost"])
def test_this_machine_is_refused_however_it_is_written_unless_the_stack_runs_on_it(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        public_address(host, 443)

    assert public_address(host, 443, allow_loopback=True).is_loopback


def test_a_stack_on_this_machine_reaches_no_other_inside_address() -> None:
    with pytest.raises(AddressRefusedError):
        public_address("10.0.0.1", 443, allow_loopback=True)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example.com", ".."])
def test_a_name_without_an_address_is_said_so(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    def nobody_knows(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    if host.endswith(".invalid"):  # no test asks the network
        monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)

    with pytest.raises(NameNotResolvedError):
        public_address(host, 443)
