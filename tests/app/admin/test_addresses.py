"""Where a provider may lead: judged again on the address that its name really has."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.app.running import Instance, config, running
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import completion, reply

NAME = "box.lan"


def _lead(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The name resolves to this address from now on, whoever asks."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host not in (NAME, NAME.encode()):
            return real(host, port, *more, **named)
        where = (address, int(port or 0), 0, 0) if ":" in address else (address, int(port or 0))
        return [(kind, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _at_name(lab: FakeProvider) -> str:
    port = urlsplit(lab.base_url).port
    return config(
        f'[routing]\nmax_wait = "0s"\n[providers.lab]\npreset = "openai-compatible"\n'
        f'base_url = "http://{NAME}:{port}/v1"\n[chains.free]\nentries = ["lab/m"]\n'
    )


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "0.0.0.0", "100.100.100.200", "fe80::1", "::ffff:169.254.169.254"],
)
async def test_a_name_that_leads_to_a_metadata_service_is_not_asked(
    address: str, tmp_path: Path, lab: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lead(monkeypatch, address)
    async with running(tmp_path, _at_name(lab)) as instance:
        check = (await instance.ask("POST", "/api/providers/lab/check")).body
        models = await instance.ask("GET", "/api/providers/lab/models")
        tried = (
            await instance.ask("POST", "/api/test", json={"chain": "free", "prompt": "x"})
        ).body

    assert check["ok"] is False
    assert models.status == 502
    assert (tried["outcome"], tried["trail"][0]["outcome"]) == ("failed", "unreachable")
    assert "refused" in tried["trail"][0]["detail"]
    assert (lab.listings, lab.requests) == ([], [])


async def test_a_name_that_leads_home_is_asked(
    tmp_path: Path, lab: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lead(monkeypatch, "127.0.0.1")
    async with running(tmp_path, _at_name(lab)) as instance:
        assert (await instance.chat()).status == 200


async def test_the_programs_own_port_is_no_provider(
    tmp_path: Path, lab: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lead(monkeypatch, "127.0.0.1")
    async with running(tmp_path, _at_name(lab)) as instance:
        instance.engine.connections.own_ports = frozenset({lab.port})
        assert (await instance.chat()).status == 503
    assert lab.requests == []


async def test_a_redirect_is_not_followed(instance: Instance, lab: FakeProvider) -> None:
    async with fake_provider([completion("stolen")]) as other:
        lab.answer(reply(307, headers={"location": f"{other.base_url}/chat/completions"}))
        await instance.chat()
        await instance.chat()
        assert other.requests == []
