"""The rules for a provider's base_url (DESIGN A7), judged on the raw text before any parser.

URL parsers mend what they are given (a line break or a blank inside a host simply goes away), so
what is not plainly right is refused here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

from proxy.addresses import Reach, literal_address, reach_of_host

_URL = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?", re.IGNORECASE | re.ASCII)
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """A base_url that is refused; `hint` says what would do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Address:
    """A base_url that was understood."""

    url: str
    """As written, without trailing slashes."""
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """`scheme://host:port`, lower case, the port always given."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def reach(self) -> Reach:
        return reach_of_host(self.host)


def read_base_url(raw: str) -> Address:
    """Understand a base_url. Raises BadAddress."""
    if "{" in raw:
        raise BadAddress("base_url has a gap in braces", "put your own value in its place")
    match = _URL.fullmatch(raw)
    if match is None:
        raise _refusal(raw)
    scheme, authority, path = match[1].lower(), match[2], match[3] or ""
    if "@" in authority:
        raise BadAddress("base_url must not hold a name or password", "a key belongs into api_key")
    host, port = _host_and_port(authority, scheme)
    if _PATH.fullmatch(path) is None:
        raise BadAddress("base_url holds a character that no path may hold", "percent-encode it")
    address = Address(raw.rstrip("/"), scheme, host, port)
    if address.reach == "refused":
        raise BadAddress(
            f"base_url may not point to {host}",
            "link-local, metadata, multicast and unspecified addresses are never asked",
        )
    return address


def _refusal(raw: str) -> BadAddress:
    example = 'such as "https://api.example.com/v1"'
    if "?" in raw or "#" in raw:
        return BadAddress('base_url must end before "?" or "#"', example)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", raw)
    if scheme is not None and scheme[1].lower() not in _DEFAULT_PORTS:
        return BadAddress(f"base_url must be http or https, not {scheme[1][:20]}", example)
    return BadAddress("base_url must begin with http:// or https://", example)


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]*))?", authority, re.ASCII)
    if bracketed is not None:
        address = literal_address(bracketed[1])
        host = f"[{address}]" if isinstance(address, IPv6Address) else ""
        digits = bracketed[2]
    else:
        host, colon, digits = authority.partition(":")
        digits = digits if colon else None
        if _HOST.fullmatch(host) is None or len(host) > 253 or _half_a_number(host):
            host = ""
    if not host:
        raise BadAddress("base_url has no valid host", "letters, digits, dots and dashes")
    if digits is None:
        return host.lower(), _DEFAULT_PORTS[scheme]
    if re.fullmatch(r"[0-9]{1,5}", digits, re.ASCII) is None or not 1 <= int(digits) <= 65535:
        raise BadAddress("base_url's port must be between 1 and 65535")
    return host.lower(), int(digits)


def _half_a_number(host: str) -> bool:
    """Ends like an IPv4 address and is none: resolvers differ on what that means."""
    last = host.removesuffix(".").rpartition(".")[2]
    return last.isdigit() and literal_address(host) is None
