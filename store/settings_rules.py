"""Rules that look at more than one key, or at a value's meaning: server, routing and clients.

`provider_rules` and `chain_rules` hold the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxy.addresses import literal_address, reach_of_host
from proxy.model import Preset
from store.chain_rules import check_chains
from store.findings import Findings
from store.problems import did_you_mean
from store.provider_rules import check_providers
from store.secret_references import Secrets
from store.settings import ServerSettings, Settings
from store.settings_schema import Keys

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})", re.ASCII)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#@*]+", re.ASCII)


def check_rules(
    settings: Settings,
    presets: Mapping[str, Preset],
    secrets: Secrets,
    named: Mapping[str, frozenset[str]],
    findings: Findings,
) -> None:
    """Tell every problem that single values do not show.

    `named` holds, for `providers` and `chains`, the names that stand in the file, sound or not: a
    chain that has a problem of its own is not also unknown.
    """
    _check_server(settings.server, findings)
    _check_keys(settings, secrets, findings)
    _check_routing(settings, named["chains"], findings)
    _check_clients(settings, named["chains"], findings)
    check_providers(settings, presets, secrets, findings)
    check_chains(settings, presets, named["providers"], findings)


def _check_server(server: ServerSettings, findings: Findings) -> None:
    at: Keys = ("server", "host")
    if literal_address(server.host) is None and _HOST.fullmatch(server.host) is None:
        hint = '"0.0.0.0" means every address' if server.host in ("", "*") else ""
        findings.error(at, "server.host must be an IP address or a host name", hint)
    elif _listens_outside(server.host) and server.admin_port and not _has_token(server, findings):
        message = f"server.host is {server.host}, which others can reach: set admin_token"
        findings.error(at, message, "429chain init makes one, or admin_port = 0")
    if server.port == server.admin_port:
        findings.error(("server", "admin_port"), "server.admin_port is the same as port")
    for index, host in enumerate(server.allowed_hosts):
        if _HOST.fullmatch(host) is None and literal_address(host) is None:
            path = ("server", "allowed_hosts", index)
            findings.error(path, f'"{host[:64]}" is no host name', 'such as "box.lan", no port')
    for index, origin in enumerate(server.cors_origins):
        if _ORIGIN.fullmatch(origin) is None:
            path = ("server", "cors_origins", index)
            message = f'"{origin[:64]}" is no exact origin'
            findings.error(path, message, 'such as "https://app.example.com", no path, no "*"')


def _listens_outside(host: str) -> bool:
    # Unlike a base_url, a name without a dot says nothing about who can reach us.
    address = literal_address(host)
    return not (address.is_loopback if address else reach_of_host(host) == "loopback")


def _has_token(server: ServerSettings, findings: Findings) -> bool:
    return server.admin_token is not None or ("server", "admin_token") in findings.pruned


def _check_keys(settings: Settings, secrets: Secrets, findings: Findings) -> None:
    """At least one client key; none twice; none that is the admin token too."""
    if not settings.server.api_keys and not settings.clients:
        findings.error(("server", "api_keys"), "no client key is configured", "429chain init")
    owners: dict[str, str] = {}
    for path, resolved in secrets.items():
        if path[0] == "providers" or resolved.value is None:
            continue
        key = resolved.value.get_secret_value()
        owner = "client " + str(path[1]) if path[0] == "clients" else str(path[1])
        if key in owners:
            what = f"the key of {owner} is the same as that of {owners[key]}"
            findings.error(path, what, "each needs one of its own")
        owners.setdefault(key, owner)


def _check_routing(settings: Settings, chains: frozenset[str], findings: Findings) -> None:
    routing = settings.routing
    default = routing.default_chain
    if not chains or default in chains:
        return
    said = "default_chain" in routing.model_fields_set
    if said or routing.unknown_model == "default":
        first = sorted(chains)[0]
        if said:
            hint = did_you_mean(default, chains)
            if len(chains) == 1 or not hint:
                hint = f'default_chain = "{first}"'
            what = f'routing.default_chain "{default[:64]}" is no chain'
            findings.error(("routing", "default_chain"), what, hint)
            return
        # Who calls every chain by its name needs no default; all other names get a 404.
        what = f'no chain "{default}", the default, serves model names that name no chain'
        findings.warn(("chains", first), what, f'[routing] default_chain = "{first}"')


def _check_clients(settings: Settings, chains: frozenset[str], findings: Findings) -> None:
    for name, client in settings.clients.items():
        at: Keys = ("clients", name)
        if _NAME.fullmatch(name) is None:
            findings.error(at, "a client's name is 1 to 64 of A-Z a-z 0-9 . _ -")
        if name == "default":
            findings.error(at, 'the client "default" is made of server.api_keys', "rename it")
        if client.key is None:
            findings.error((*at, "key"), f"client {name} has no key", 'key = "env:NAME"')
        for path, chain in [
            ((*at, "chain"), client.chain),
            *(((*at, "chains", index), one) for index, one in enumerate(client.chains or ())),
        ]:
            if chain is not None and chain not in chains:
                hint = did_you_mean(chain, chains)
                findings.error(path, f'client {name} names the unknown chain "{chain[:64]}"', hint)
        if client.chains is not None and not client.chains:
            findings.error((*at, "chains"), f"client {name} may use no chain", "leave chains out")
        elif client.chains and client.chain is not None and client.chain not in client.chains:
            message = f"client {name}'s chain is not among its chains"
            findings.error((*at, "chain"), message, "add it to chains")
