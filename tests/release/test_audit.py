"""The dependency audit tells what it finds, and fails where it could not ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.release.audit import main
from tests.release.locked import locked

Answer = Callable[[list[Any]], tuple[int, bytes]]
"""From the queries to a status and a body."""


def _clean(queries: list[Any]) -> tuple[int, bytes]:
    return 200, json.dumps({"results": [{} for _ in queries]}).encode()


def _vulnerable(queries: list[Any]) -> tuple[int, bytes]:
    results = [
        {"vulns": [{"id": "PYSEC-1"}, {"id": "GHSA-2"}]} if one["package"]["name"] == "yarl" else {}
        for one in queries
    ]
    return 200, json.dumps({"results": results}).encode()


def _left_out(queries: list[Any]) -> tuple[int, bytes]:
    return 200, json.dumps({"results": [{} for _ in queries[1:]]}).encode()


class Service:
    """What stands for osv.dev: a real HTTP server on the loopback."""

    def __init__(self) -> None:
        self.answer: Answer = _clean
        self.asked: list[Any] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                service.asked = json.loads(self.rfile.read(length))["queries"]
                status, body = service.answer(service.asked)
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def test_every_pin_is_asked_about(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--service", service.url]) == 0
    pinned = {pin[:2] for file in ("base.txt", "dev.txt") for pin in locked(file)}
    assert {(one["package"]["name"], one["version"]) for one in service.asked} == pinned
    assert {one["package"]["ecosystem"] for one in service.asked} == {"PyPI"}
    assert f"{len(pinned)} pinned packages, 0 with" in capsys.readouterr().out


def test_what_is_found_fails_it(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.answer = _vulnerable
    assert main(["--service", service.url]) == 1
    assert "PYSEC-1, GHSA-2" in capsys.readouterr().out


def _always(status: int, body: bytes) -> Answer:
    return lambda _: (status, body)


@pytest.mark.parametrize(
    "answer, told",
    [
        pytest.param(_left_out, "spoke of", id="a package left out"),
        pytest.param(_always(503, b"{}"), "503", id="an error"),
        pytest.param(_always(200, b"<html>"), "Expecting value", id="no JSON"),
        pytest.param(_always(200, b'{"error": 1}'), "another shape", id="no results"),
        pytest.param(_always(200, b"[]"), "another shape", id="a list"),
    ],
)
def test_half_an_answer_is_none(
    service: Service, answer: Answer, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answer = answer
    assert main(["--service", service.url]) == 2
    assert told in capsys.readouterr().err


def test_nobody_to_ask_fails_it(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.close()
    assert main(["--service", service.url]) == 2
    assert "NOT DONE" in capsys.readouterr().err
