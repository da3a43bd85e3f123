"""Which addresses requests of ours may go to, when people name the host: public ones, and no others.

A name is resolved once, every address it has is judged, and the caller connects to the address it gets and to nothing else. So a name
that changes its mind between the check and the connection gains nothing.
"""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

type Address = IPv4Address | IPv6Address

# Special addresses that Python's `is_global` lets through (IANA IPv4 and IPv6 Special-Purpose Address Registries).
_SPECIAL_IPV4 = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))  # the last: a cloud's own metadata service
# Public IPv6 addresses are all of this block. Outside it lie the forms that hold an IPv4 address (mapped, compatible, NAT64).
_GLOBAL_UNICAST = ip_network("2000::/3")
# Protocol assignments with Teredo, documentation, and 6to4, which holds an IPv4 address.
_SPECIAL_IPV6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))


class AddressRefusedError(Exception):
    """The host has an address that is not public."""


class NameNotResolvedError(Exception):
    """The host has no address."""


def is_public(address: Address) -> bool:
    """Whether the address is that of a host on the internet: not private, loopback, link-local, shared, multicast or otherwise special."""
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_IPV4)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _SPECIAL_IPV6)


def public_address(host: str, port: int, *, allow_loopback: bool = False) -> Address:
    """The address to connect to for this host: a name, or an address as text.

    `allow_loopback` lets addresses of this machine pass, for a stack that runs on it. Raises NameNotResolvedError, or AddressRefusedError
    when any of the host's addresses is not public.
    """
    found = _addresses(host, port)
    if not all(is_public(address) or (allow_loopback and address.is_loopback) for address in found):
        raise AddressRefusedError(f"{host} has an address that is not public")
    # Functions have no way out over IPv6 unless somebody gave them one.
    return min(found, key=lambda address: address.version)


def _addresses(host: str, port: int) -> Iterable[Address]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameNotResolvedError(f"{host} has no address") from error
    # A link-local address comes with the interface it is for: fe80::1%eth0.
    return [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
