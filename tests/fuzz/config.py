"""Targets: the config file and the addresses in it."""

from __future__ import annotations

import socket
import tempfile
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any, cast

from hypothesis import strategies as st
from yarl import URL

from proxy.providers.presets import load_presets
from store.base_url import BadAddress, read_base_url
from store.problems import ConfigError
from store.settings_load import load, load_table
from tests.fuzz.json_values import exchanged
from tests.fuzz.target import Target

_PRESETS = load_presets()
_CANARY = "sk-canary-0123456789abcdef"
_TABLE: dict[str, Any] = {
    "server": {"port": 4290, "api_keys": [_CANARY], "host": "127.0.0.1", "max_body": "20MiB"},
    "routing": {"default_chain": "free", "max_wait": "60s", "unknown_model": "reject"},
    "timeouts": {"connect": "5s", "total": "1h"},
    "providers": {
        "groq": {"api_key": _CANARY, "models": {"m": {"limits": {"rpm": 30}, "vision": False}}},
        "lab": {
            "preset": "openai-compatible",
            "base_url": "http://127.0.0.1:8000/v1",
            "headers": {"x-team": _CANARY},
        },
    },
    "chains": {"free": {"entries": ["groq/m", "lab/x"], "models": ["gpt-*"]}},
    "clients": {"journal": {"key": _CANARY + "x", "chain": "free"}},
}
_TEXT = f"""\
# a comment
[server]
api_keys = ["{_CANARY}"]
admin_port = 0
[providers.groq]
api_key = '{_CANARY}'
limits = {{ rpm = 30, tpd = 100_000 }}
[providers.groq.models."a/b:free"]
context_window = 0x2000
[chains.free]
entries = [
  "groq/a/b:free", # the first
]
max_wait = "1m30s"
"""
_SPLICES = st.sampled_from(
    [
        *(
            "\n",
            "\r",
            "\x00",
            "\ufeff",
            '"',
            "'",
            '"""',
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "=",
            ".",
            ",",
        ),
        *(
            "#",
            "\\",
            "\\u",
            "\\ud800",
            "[server]\n",
            "a.b.c = 1\n",
            "true",
            "inf",
            "nan",
            "1979-99-99",
        ),
        *("9" * 30, "0x", "1e999", "[" * 60, '"a"="b"\n', "providers.groq = 1\n", "\ud800", "é"),
    ]
) | st.text(max_size=5)


@st.composite
def _spliced(draw: st.DrawFn) -> bytes:
    text = _TEXT
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(_SPLICES) + text[at + draw(st.integers(0, 12)) :]
    return text.encode("utf-8", draw(st.sampled_from(["surrogatepass", "replace"])))


def _loads(raw: bytes) -> None:
    """A configuration or a ConfigError, whose words hold no key."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        path = Path(name) / "config.toml"
        path.write_bytes(raw)
        path.chmod(0o600)
        try:
            loaded = load(path, presets=_PRESETS, environ={})
        except ConfigError as error:
            told = str(error)
            assert told
            assert _CANARY not in told
        else:
            assert all(_CANARY not in str(warning) for warning in loaded.warnings)


def _loads_table(table: Any) -> None:
    if not isinstance(table, dict):
        return
    try:
        load_table(cast("dict[str, Any]", table), name="fuzz", presets=_PRESETS, environ={})
    except ConfigError as error:
        told = str(error)
    else:
        return
    assert _CANARY not in told


# Written out again, by the threat model's list: the program's own would agree with itself.
_DENIED = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "100.100.100.200/32"),
        *("fe80::/10", "fd00:ec2::254/128", "ff00::/8", "::/128"),
    )
]
_PARTS = st.sampled_from(
    ["0", "127", "169", "254", "1", "255", "256", "0x7f", "0251", "0xa9", "010"]
)
_NUMBERS = st.lists(_PARTS, min_size=1, max_size=5).map(".".join) | st.sampled_from(
    [
        *("2852039166", "0xA9FEA9FE", "025177524776", "169.254.43518", "0xa9.0376.0251.0xfe"),
        *("100.100.100.200", "1684300488", "0", "00", "127.1", "169.254.169.254."),
    ]
)
_INNER = st.sampled_from(["169.254.169.254", "127.0.0.1", "0.0.0.0", "a9fe:a9fe", "fe80::1", "::"])
_SIX = st.sampled_from(
    ["[{}]", "[::ffff:{}]", "[64:ff9b::{}]", "[2002:a9fe:a9fe::]", "[fd00:ec2::254]", "[{}%25eth0]"]
).flatmap(lambda shape: _INNER.map(shape.format))
_HOSTS = (
    _NUMBERS
    | _SIX
    | st.sampled_from(
        ["localhost", "metadata", "a.b", "evil.com:80", "x_y", "ⓛocalhost", "１２７.1"]
    )
    | st.text("0123456789abcdefx.:[]%@/\\ \r\n\t#?-_", max_size=20)
)


@st.composite
def _urls(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http://", "https://", "HTTP://", "http:", "file://", "//", ""]))
    user = draw(st.sampled_from(["", "", "", "a@", "a:b@", "@"]))
    port = draw(st.sampled_from(["", "", ":80", ":", ":0", ":99999", ":8a", ":٨٠"]))
    path = draw(
        st.sampled_from(["", "/", "/v1", "/v1/", "/a b", "/../..", "?a", "#b", "/%00", "\n"])
    )
    return scheme + user + draw(_HOSTS) + port + path


def _leads_nowhere_denied(raw: str) -> None:
    """What is accepted means the same to the HTTP client, and to the resolver nothing denied."""
    try:
        address = read_base_url(raw)
    except BadAddress:
        return
    understood = URL(raw)
    assert understood.user is None
    assert understood.password is None
    assert understood.scheme == address.scheme
    assert understood.port == address.port
    host = understood.host or ""
    # yarl writes IPv6 without brackets and knows no dot at the end.
    assert address.host.strip("[]").rstrip(".") == host.rstrip(".").partition("%")[0]
    for found in _numeric(host):
        mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
        if isinstance(found, IPv6Address) and found in ip_network("64:ff9b::/96"):
            mapped = ip_address(int(found) & 0xFFFFFFFF)
        for one in (found, mapped):
            denied = [net for net in _DENIED if one is not None and one in net]
            assert not denied, f"{raw!r} leads to {one}"


def _numeric(host: str) -> list[Any]:
    """The addresses that the system's resolver takes this host for, without asking anybody."""
    with suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(host, 80, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
        return [ip_address(str(row[4][0]).partition("%")[0]) for row in found]
    return []


TARGETS = (
    Target(
        "config files",
        _spliced(),
        _loads,
        # A key where a name should be: the message repeated it.
        known=(
            f"[providers.groq]\n'{_CANARY}'\n".encode(),
            f'[server]\n["{_CANARY}"]\n'.encode(),
        ),
    ),
    Target(
        "config tables",
        exchanged(_TABLE),
        _loads_table,
        # Half a surrogate pair as a name: the validator told another one than it had been given.
        known=({**_TABLE, "providers": {"lab": {"headers": {"\ud800": None}}}},),
    ),
    # Our reading took the first for an IPv4 address; the HTTP client could not read it at all.
    Target("base_url", _urls(), _leads_nowhere_denied, known=("http://[1.0]",)),
)
