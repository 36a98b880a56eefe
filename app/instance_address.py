"""Which running instance a command is about, and with which token it may ask."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr

from app.contract import Admin
from app.options import Options, UserError
from app.remote import remote_admin
from proxy.addresses import reach_of_host
from proxy.providers.presets import load_presets
from store.base_url import BadAddress, read_base_url
from store.paths import config_path
from store.problems import ConfigError
from store.settings import Settings
from store.settings_load import Loaded, load

TOKEN_VARIABLE = "CHAIN429_ADMIN_TOKEN"
URL_VARIABLE = "CHAIN429_URL"
_ANY = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class Target:
    """An admin port and its token."""

    url: str
    token: SecretStr


@asynccontextmanager
async def connected(target: Target) -> AsyncGenerator[Admin]:
    """The instance's `Admin`, while the block runs."""
    # Neither proxies nor `.netrc` of the environment count: the token goes to the one address.
    async with aiohttp.ClientSession(
        trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield remote_admin(target.url, target.token, session)


def find_target(
    options: Options, *, url: str | None, insecure: bool, environ: Mapping[str, str] = os.environ
) -> Target:
    """`--url`, else the variable, else the config's own. Raises UserError.

    The config's token goes to the config's own address alone.
    """
    named = url or environ.get(URL_VARIABLE, "")
    loaded = _load(options, environ, needed=not named)
    own = _own_url(loaded, options)
    address = (named or own).rstrip("/")
    try:
        origin = read_base_url(address)
    except BadAddress as error:
        raise UserError(f"{address[:200]}: {str(error).replace('base_url', 'it')}") from None
    if origin.scheme == "http" and reach_of_host(origin.host) != "loopback" and not insecure:
        raise UserError(
            f"{address}: the token would go over plain http: use https, or say --insecure "
            "if the network in between is yours"
        )
    token = environ.get(TOKEN_VARIABLE, "")
    if not token and read_base_url(own).origin == origin.origin:
        token = _config_token(loaded)
    return Target(address, SecretStr(token or _ask(address)))


def own_settings(options: Options, environ: Mapping[str, str]) -> Settings:
    """Those of the config here, else the defaults: how this person likes their terminal."""
    loaded = _load(options, environ, needed=False)
    return loaded.settings if loaded is not None else Settings()


def _load(options: Options, environ: Mapping[str, str], *, needed: bool) -> Loaded | None:
    """The config; None where there is none, or where another one is meant anyway."""
    path = config_path(options.config, environ)
    if not path.exists():
        return None
    try:
        return load(path, presets=load_presets(), environ=environ, overrides=options.overrides())
    except ConfigError as error:
        if needed:
            raise UserError(f"{error}\n(or name the instance with --url)") from None
        return None


def _own_url(loaded: Loaded | None, options: Options) -> str:
    server = (loaded.settings if loaded is not None else Settings()).server
    port = server.admin_port if options.admin_port is None else options.admin_port
    if port == 0:
        raise UserError(
            "the admin API is switched off (server.admin_port = 0): give it a port, then restart"
        )
    name = options.host or server.host
    host = "127.0.0.1" if name in _ANY else name
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _config_token(loaded: Loaded | None) -> str:
    found = loaded.secrets.get(("server", "admin_token")) if loaded is not None else None
    return found.value.get_secret_value() if found is not None and found.value is not None else ""


def _ask(address: str) -> str:
    if not sys.stdin.isatty():
        raise UserError(f"no admin token for {address}: set {TOKEN_VARIABLE}")
    token = getpass.getpass(f"Admin token of {address}: ").strip()
    if not token:
        raise UserError(f"no admin token for {address}: set {TOKEN_VARIABLE}")
    return token
