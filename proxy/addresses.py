"""Which hosts a request may go to, judged by name in the config file and by address on connect."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

Reach = Literal["loopback", "private", "public", "refused"]

_Address = IPv4Address | IPv6Address

# Link-local and metadata services (cloud credentials live there), "this network", multicast.
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "fd00:ec2::254/128",
        "fe80::/10",
        "ff00::/8",
    )
)
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
    )
)
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data"})
_PRIVATE_SUFFIXES = (
    ".local",
    ".lan",
    ".internal",
    ".home.arpa",
    ".home",
    ".intranet",
    ".localdomain",
)


def reach_of_address(address: _Address) -> Reach:
    """What lies behind an address. IPv4 inside IPv6 (mapped, 6to4, NAT64) is judged as IPv4."""
    inner = _inner(address)
    if any(inner in network for network in _REFUSED if network.version == inner.version):
        return "refused"
    if inner.is_loopback:
        return "loopback"
    if any(inner in network for network in _PRIVATE if network.version == inner.version):
        return "private"
    return "public"


def literal_address(host: str) -> _Address | None:
    """The address that a host *is*, in every spelling that the resolver takes (`127.1`, `0x7f.1`).

    None for a name.
    """
    bare = host.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        return ip_address(bare)
    except ValueError:
        pass
    last = bare.removesuffix(".").rpartition(".")[2]
    if not last[:1].isdigit():
        return None
    try:
        return IPv4Address(socket.inet_aton(bare.removesuffix(".")))
    except (OSError, ValueError):
        return None


def reach_of_host(host: str) -> Reach:
    """What a host's name promises; the address it resolves to is judged again on connect.

    A name without a dot (a container, a machine of the house) and the suffixes that are never
    public count as private.
    """
    address = literal_address(host)
    if address is not None:
        return reach_of_address(address)
    name = host.lower().removesuffix(".")
    if name in _METADATA_NAMES:
        return "refused"
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    if "." not in name or name.endswith(_PRIVATE_SUFFIXES):
        return "private"
    return "public"


def _inner(address: _Address) -> _Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in ip_network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
