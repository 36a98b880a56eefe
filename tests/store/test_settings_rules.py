"""Every rule of the config file has a message of its own, on the right line, with the next step."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from store.problems import ConfigError, Problem
from tests.store.configs import SMALL, load_text

HEAD = """\
[server]
api_keys = ["client-key"]
[providers.groq]
api_key = "groq-key"
[providers.ollama]
[chains.free]
entries = ["groq/a"]
"""
"""Seven lines; what a case adds begins on line 8."""


def problems(folder: Path, text: str, **environ: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load_text(folder, text, environ)
    return list(caught.value.problems)


ADDED: list[tuple[str, int, str, str]] = [
    # unknown keys and tables
    ("[providers.x]\napikey = 1\nbase_url = 'http://x'", 9, 'unknown key "apikey" in [providers.x]', 'did you mean "api_key"?'),
    ("[chians.y]\na = 1", 8, 'unknown key "chians"', 'did you mean "chains"?'),
    ("[log]\nretain_dayz = 1", 9, 'unknown key "retain_dayz" in [log]', 'did you mean "retain_days"?'),
    ("[log]\nport = 1", 9, 'unknown key "port" in [log]', "it belongs into [server]"),
    ("[providers.groq.models.m]\nlimits = { rps = 1 }", 9, 'unknown key "rps" in [providers.groq.models.m.limits]', 'did you mean "rpm"?'),
    ("[timeouts]\nFIRST_TOKEN = '1s'", 9, 'unknown key "FIRST_TOKEN" in [timeouts]', 'did you mean "first_token"?'),
    ("[providers.ollama.timeouts]\nrequest = '1s'", 9, 'unknown key "request" in [providers.ollama.timeouts]', "it belongs into [timeouts]"),
    # types and ranges
    ("[log]\nretain_days = '30'", 9, "log.retain_days must be a whole number", "without the quotes"),
    ("[log]\nretain_days = 1.5", 9, "log.retain_days must be a whole number", ""),
    ("[log]\nretain_days = 0", 9, "log.retain_days must be at least 1", ""),
    ("[ui]\nmotion = 'yes'", 9, "ui.motion must be true or false", ""),
    ("[ui]\nmotion = 1", 9, "ui.motion must be true or false", ""),
    ("[routing]\nmax_queue = true", 9, "routing.max_queue must be a whole number", ""),
    ("[routing]\nmax_wait = 60", 9, 'routing.max_wait must be a duration such as "500ms", "5s", "10m", "1h" or "7d"', ""),
    ("[routing]\nmax_wait = '-1s'", 9, "routing.max_wait must not be negative", ""),
    ("[timeouts]\nidle = inf", 9, 'timeouts.idle must be a duration such as "500ms", "5s", "10m", "1h" or "7d"', ""),
    ("[timeouts]\nidle = '0s'", 9, "timeouts.idle must be longer than 0s", ""),
    ("[routing]\ndirect = 'on'", 9, 'routing.direct must be "configured", "any" or "off"', ""),
    ("[log]\nbodies = 'memmory'", 9, 'log.bodies must be "off" or "memory"', 'did you mean "memory"?'),
    ("[providers.groq.limits]\nrpm = 0", 9, "providers.groq.limits.rpm must be at least 1", ""),
    ("[chains.x]\nentries = 'groq/a'", 9, "chains.x.entries must be a list: [ ... ]", "as a list: [...]"),
    ("[chains.x]\nentries = [\n 'groq/a',\n 5]", 11, "chains.x.entries[1] must be text in quotes", ""),
    ("[providers]\nlab = 5", 9, "providers.lab must be a table", ""),
    # providers
    ("[providers.Lab]\nbase_url = 'http://x'", 8, '"Lab" is no provider id', "1 to 64 of a-z 0-9 - _"),
    ("[providers.gorq]", 8, '"gorq" is no preset and has no base_url', 'did you mean "groq"?'),
    ("[providers.x]\npreset = 'gorq'", 9, 'no preset "gorq"', 'did you mean "groq"?'),
    ("[providers.x]\npreset = 'openai-compatible'", 8, "x needs a base_url", 'such as "http://127.0.0.1:8000/v1"'),
    ("[providers.cloudflare]\napi_key = 'x'", 8, "cloudflare needs a base_url with your own account id", 'base_url = "https://api.cloudflare.com/accounts/{account_id}/v1"'),
    ("[providers.x]\nbase_url = 'ftp://x'", 9, "x: base_url must be http or https, not ftp", 'such as "https://api.example.com/v1"'),
    ("[providers.x]\nbase_url = 'http://169.254.169.254/'", 9, "x: base_url may not point to 169.254.169.254", "link-local, metadata, multicast and unspecified addresses are never asked"),
    ("[providers.x]\nbase_url = 'http://127.1:4290/v1'", 9, "x: base_url is 429chain itself", "another port"),
    ("[providers.x]\nbase_url = 'http://localhost:4291/v1'", 9, "x: base_url is 429chain itself", "another port"),
    ("[providers.x]\nbase_url = 'http://8.8.8.8/v1'\napi_key = 'k'", 9, "x: a key is not sent over plain http to 8.8.8.8", "https://, or the machine's own address if it is in your network"),
    ("[providers.x]\nbase_url = 'http://api.example.com/v1'\nheaders = { x-k = 'k' }", 9, "x: a key is not sent over plain http to api.example.com", "https://, or the machine's own address if it is in your network"),
    ("[providers.x]\nbase_url = 'http://box.lan/v1'\napi_key = 'a b'", 10, "the key of x holds a blank, a control character or one outside ASCII", "was more than the key pasted?"),
    ("[providers.x]\nbase_url = 'http://x'\nheaders = { Host = 'a' }", 10, 'header "Host" cannot be set', "leave it out"),
    ("[providers.x]\nbase_url = 'http://x'\nheaders.'a b' = 'a'", 10, 'header "a b" cannot be set', "leave it out"),
    ("[providers.x]\nbase_url = 'http://x'\nheaders.a = 'env:NOPE'", 10, "a: variable NOPE is not set", "export NOPE=..."),
    # chains
    ("[chains.x]", 8, "chain x has no entries", 'entries = ["provider/model"]'),
    ("[chains.x]\nentries = []", 9, "chain x has no entries", 'entries = ["provider/model"]'),
    ("[chains.'a b']\nentries = ['groq/a']", 8, '"a b" is no chain name', "1 to 64 of A-Z a-z 0-9 . _ -"),
    ("[chains.FREE]\nentries = ['groq/a']", 8, 'chain "FREE" differs from "free" only in case', "rename one"),
    ("[chains.x]\nentries = ['groq/a',\n'ollama/b', 'groq/a']", 10, '"groq/a" stands twice in chain x', "delete one"),
    ("[chains.x]\nentries = [\n'groq/a',\n'gorq/b']", 11, '"gorq/b": no provider "gorq"', 'did you mean "groq"?'),
    ("[chains.x]\nentries = ['ollama-cloud/b']", 9, '"ollama-cloud/b": no provider "ollama-cloud"', "add [providers.ollama-cloud]"),
    ("[chains.x]\nentries = ['free']", 9, '"free" is a chain, and a chain cannot hold another', "name its entries"),
    ("[chains.x]\nentries = ['llama']", 9, '"llama" is no entry', 'written "provider/model"'),
    ("[chains.x]\nentries = ['groq/ ']", 9, '"groq/ " names no proper model', 'written "provider/model"'),
    ("[chains.x]\nentries = ['groq/b']\nmodels = ['gpt-*', 'free']", 10, '"free" means chain free already', "delete one"),
    ("[chains.x]\nentries = ['groq/b']\nmodels = ['m']\n[chains.y]\nentries = ['groq/b']\nmodels = ['m']", 13, '"m" means chain x already', "delete one"),
    ("[chains.x]\nlocal_only = true\nentries = ['ollama/a', 'groq/b']", 10, '"groq/b" leaves your network (api.groq.com), and chain x is local_only', "take it out, or local_only = false"),
    ("[routing]\ndefault_chain = 'fre'", 9, 'routing.default_chain "fre" is no chain', 'default_chain = "free"'),
    # clients
    ("[clients.x]\nchain = 'free'", 8, "client x has no key", 'key = "env:NAME"'),
    ("[clients.x]\nkey = 'k'\nchain = 'fere'", 10, 'client x names the unknown chain "fere"', 'did you mean "free"?'),
    ("[clients.x]\nkey = 'k'\nchains = ['free', 'y']", 10, 'client x names the unknown chain "y"', "known: free"),
    ("[clients.x]\nkey = 'k'\nchains = []", 10, "client x may use no chain", "leave chains out"),
    ("[clients.default]\nkey = 'k'", 8, 'the client "default" is made of server.api_keys', "rename it"),
    ("[clients.x]\nkey = 'client-key'", 9, "the key of client x is the same as that of api_keys", "each needs one of its own"),
    ("[clients.x]\nkey = 'env:NOPE'", 9, "key: variable NOPE is not set", "export NOPE=..."),
]  # fmt: skip


@pytest.mark.parametrize("added, line, message, hint", ADDED, ids=[case[2] for case in ADDED])
def test_one_slip_is_one_problem(
    tmp_path: Path, added: str, line: int, message: str, hint: str
) -> None:
    (problem,) = problems(tmp_path, f"{HEAD}{added}\n")
    assert (problem.line, problem.message, problem.hint) == (line, message, hint)
    suffix = f" ({hint})" if hint else ""
    assert str(problem) == f"{tmp_path}/config.toml:{line}: {message}{suffix}"


SERVER: list[tuple[str, int, str, str]] = [
    ("port = 0", 3, "server.port must be at least 1", ""),
    ("port = 70000", 3, "server.port must be at most 65535", ""),
    ("port = 4291", 1, "server.admin_port is the same as port", ""),
    ("admin_port = 4290", 3, "server.admin_port is the same as port", ""),
    ("host = '0.0.0.0'", 3, "server.host is 0.0.0.0, which others can reach: set admin_token", "429chain init makes one, or admin_port = 0"),
    ("host = 'box'", 3, "server.host is box, which others can reach: set admin_token", "429chain init makes one, or admin_port = 0"),
    ("host = '*'", 3, "server.host must be an IP address or a host name", '"0.0.0.0" means every address'),
    ("max_body = '20 megs'", 3, 'server.max_body must be a size such as "16MiB"', ""),
    ("admin_token = 'env:NOPE'", 3, "admin_token: variable NOPE is not set", "export NOPE=..."),
    ("admin_token = 'client-key'", 3, "the key of admin_token is the same as that of api_keys", "each needs one of its own"),
    ("allowed_hosts = ['http://x']", 3, '"http://x" is no host name', 'such as "box.lan", no port'),
    ("cors_origins = ['https://a.example/']", 3, '"https://a.example/" is no exact origin', 'such as "https://app.example.com", no path, no "*"'),
    ("cors_origins = ['*']", 3, '"*" is no exact origin', 'such as "https://app.example.com", no path, no "*"'),
]  # fmt: skip


@pytest.mark.parametrize("added, line, message, hint", SERVER, ids=[case[0] for case in SERVER])
def test_server_rules(tmp_path: Path, added: str, line: int, message: str, hint: str) -> None:
    text = HEAD.replace('["client-key"]\n', f'["client-key"]\n{added}\n')
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.message, problem.hint) == (line, message, hint)


@pytest.mark.parametrize(
    "added",
    [
        "host = '0.0.0.0'\nadmin_token = 't'",
        "host = '0.0.0.0'\nadmin_port = 0",
        "host = '::1'",
        "host = 'localhost'",
        "cors_origins = ['https://a.example:8443', 'app://obsidian.md']\nallowed_hosts = ['box.lan']",
    ],
)
def test_servers_that_are_fine(tmp_path: Path, added: str) -> None:
    load_text(tmp_path, HEAD.replace('["client-key"]\n', f'["client-key"]\n{added}\n'))


def test_client_keys_must_come_to_one(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, HEAD.replace('api_keys = ["client-key"]', ""))
    assert str(problem) == (
        f"{tmp_path}/config.toml:1: no client key is configured (429chain init)"
    )
    load_text(tmp_path, HEAD.replace('api_keys = ["client-key"]', "") + "[clients.x]\nkey = 'k'\n")


def test_a_missing_variable_of_a_client_key_is_named_and_nothing_shown(tmp_path: Path) -> None:
    text = SMALL.replace('["client-key"]', '[\n  "CANARY-1",\n  "env:NOT_THERE",\n]')
    (problem,) = problems(tmp_path, text)
    assert str(problem) == (
        f"{tmp_path}/config.toml:4: api_keys: variable NOT_THERE is not set (export NOT_THERE=...)"
    )


def test_chains_without_the_default_of_the_defaults_are_warned_of(tmp_path: Path) -> None:
    renamed = SMALL.replace("chains.free", "chains.main")
    (warning,) = load_text(tmp_path, renamed).warnings
    assert warning.line == renamed[: renamed.index("[chains.main]")].count("\n") + 1
    assert warning.hint == '[routing] default_chain = "main"'
    for fitting in ('unknown_model = "reject"', 'default_chain = "main"'):
        assert not load_text(tmp_path, f"{renamed}[routing]\n{fitting}\n").warnings


def test_every_problem_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
[server]
port = "x"
api_keys = "client-key"
[routing]
default_chain = "nope"
[providers.groq]
apikey = "CANARY"
enabled = "CANARY"
[chains.free]
entries = ["groq/a", "nope/b", "groq/a"]
[chains.broken]
entries = 5
[clients.x]
key = "k"
chain = "broken"
"""
    found = problems(tmp_path, text)
    assert [problem.line for problem in found] == [2, 3, 5, 7, 8, 10, 10, 12]
    assert not any("CANARY" in str(problem) for problem in found)


def test_a_problem_of_a_variable_or_flag_names_it(tmp_path: Path) -> None:
    environ = {"CHAIN429_SERVER__PORT": "70000", "CHAIN429_CHAINS__FREE__ENTRIES": '["nope/a"]'}
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, SMALL, environ, {"server.admin_port": "x"})
    assert sorted(map(str, caught.value.problems)) == [
        "--admin-port: server.admin_port must be a whole number",
        'CHAIN429_CHAINS__FREE__ENTRIES: "nope/a": no provider "nope" (known: groq)',
        "CHAIN429_SERVER__PORT: server.port must be at most 65535",
    ]
