"""What a stranger's web page, another host name or an odd request cannot get past."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address

from aiohttp import hdrs, web

from app.contract import AdminError

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII)
_OWN_SITE = frozenset(("same-origin", "none"))
_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))
READS = frozenset(("GET", "HEAD"))


def check_host(request: web.Request, allowed_hosts: Collection[str]) -> None:
    """Refuse names that are not ours: one that an attacker points here makes his page "same site".

    Raises AdminError (421).
    """
    hosts = request.headers.getall(hdrs.HOST, [])
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None or not request.raw_path.startswith("/"):
        raise AdminError(
            "Host not understood",
            "The Host header names no host.",
            "such as 127.0.0.1:4291",
            status=421,
        )
    name = match[1].lower()
    if not is_own_host(name, allowed_hosts):
        raise AdminError(
            "Host not allowed",
            f"This admin port does not answer to the name '{name[:100]}'.",
            f'add it under [server]: allowed_hosts = ["{name[:100]}"]',
            status=421,
        )


def is_own_host(name: str, allowed_hosts: Collection[str]) -> bool:
    """An address, a loopback name, or a name that the config lists."""
    bare = name.removeprefix("[").removesuffix("]").removesuffix(".")
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    if bare in {host.lower().removesuffix(".") for host in allowed_hosts}:
        return True
    try:
        ip_address(bare)
    except ValueError:
        return False
    return True


def check_origin(request: web.Request, allowed_hosts: Collection[str]) -> None:
    """Refuse what another site's page sends. Raises AdminError (403)."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    foreign = site is not None and site.lower() not in _OWN_SITE
    if origin is not None and not foreign:
        foreign = not _is_own_origin(origin, request.headers.get(hdrs.HOST, ""), allowed_hosts)
    if foreign:
        raise AdminError(
            "Another site",
            "A page of another site sent this, so it was not done.",
            "open the web view at its own address; behind a proxy, list its name as allowed_hosts",
            status=403,
        )


def _is_own_origin(origin: str, host: str, allowed_hosts: Collection[str]) -> bool:
    """The page's host is the one that was asked, or one of ours that a proxy in front goes by."""
    _, separator, authority = origin.partition("://")
    match = _HOST.fullmatch(authority) if separator else None
    if match is None:
        return False
    listed = {name.lower() for name in allowed_hosts}
    return authority.lower() == host.lower() or match[1].lower() in listed


def check_content_type(request: web.Request) -> None:
    """A form of another site can send a body, but not as JSON. Raises AdminError (415)."""
    if request.method in READS:
        return
    if request.method not in _WITH_BODY and hdrs.CONTENT_TYPE not in request.headers:
        return
    if hdrs.CONTENT_TYPE not in request.headers or request.content_type != "application/json":
        raise AdminError(
            "JSON wanted",
            "Writes are taken as application/json alone.",
            "send the header 'Content-Type: application/json'",
            status=415,
        )
