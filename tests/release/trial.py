"""An installed `429chain`, tried out: its files, its version, the demo, a request, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from app.demo.farm import CLIENT_KEY
from app.version import VERSION
from tests.e2e.process import free_port

_PATIENCE = 30.0
"""Seconds for the start, and for the end."""
_FILES = """
import importlib.metadata, json, sys
print(json.dumps([str(path) for path in importlib.metadata.files("429chain")]))
"""


class Failed(Exception):
    """An installation does not do what it must; the text says what."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Seconds: of `--help`, the best of three, and from a start to its first answer."""

    help: float
    first_start: float
    """Some installers leave it to this one to compile the modules."""
    later_start: float
    """The best of three."""

    def __str__(self) -> str:
        return (
            f"--help {self.help:.2f} s, first answer {self.later_start:.2f} s after the start "
            f"(the first time {self.first_start:.2f} s)"
        )


def try_out(script: Path, folder: Path) -> Trial:
    """Run the installed `script`, with `folder` as its home. Raises Failed."""
    _check_files(script)
    version = _output([str(script), "--version"], folder)
    if version != f"429chain {VERSION}\n":
        raise Failed(f"--version says {version!r}")
    help_time = min(_timed_help(script, folder) for _ in range(3))
    first_start = _serve(script, folder)
    return Trial(help_time, first_start, min(_serve(script, folder) for _ in range(3)))


def _check_files(script: Path) -> None:
    """Nothing of ours lies beside `chain429/`, its metadata and the script."""
    listed: list[str] = json.loads(
        _output([str(script.resolve().parent / "python"), "-c", _FILES], script.parent)
    )
    tops = {path.split("/")[0] for path in listed if not path.endswith("bin/429chain")}
    if tops != {"chain429", f"429chain-{VERSION}.dist-info"}:
        raise Failed(f"site-packages got {', '.join(sorted(tops))}")
    for needed in ("app/web/page/index.html", "screens/styles.tcss"):
        if f"chain429/{needed}" not in listed:
            raise Failed(f"chain429/{needed} is missing")


def _timed_help(script: Path, folder: Path) -> float:
    started = time.monotonic()
    if "429chain --demo" not in _output([str(script), "--help"], folder):
        raise Failed("--help does not teach the demo")
    return time.monotonic() - started


def _serve(script: Path, folder: Path) -> float:
    """Seconds from the start of the demo to its first answer; it is stopped then."""
    port, admin_port = free_port(), free_port()
    ports = ["--port", str(port), "--admin-port", str(admin_port)]
    started = time.monotonic()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [str(script), "--demo", "--quiet", "--no-tui", *ports],
            env=_environ(folder),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        # One token: a simulated model takes its time for each, and it is not what is timed.
        body = {
            "model": "free",
            "messages": [{"role": "user", "content": "Hello"}],
            "max_tokens": 1,
        }
        request = ("POST", "/v1/chat/completions", json.dumps(body))
        _until_answered(process, port, *request, deadline=started + _PATIENCE)
        took = time.monotonic() - started
        # It comes after the proxy, which does not wait for it.
        _until_answered(process, admin_port, "GET", "/", deadline=started + _PATIENCE)
        process.send_signal(signal.SIGTERM)
        if (code := process.wait(_PATIENCE)) != 0:
            raise Failed(f"stopped, it ends with {code}")
    except subprocess.TimeoutExpired:
        raise Failed("stopped, it does not end") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return took


def _until_answered(
    process: subprocess.Popen[bytes],
    port: int,
    method: str,
    path: str,
    body: str | None = None,
    *,
    deadline: float,
) -> None:
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed(f"the demo ends with {process.returncode}")
        status = _ask(port, method, path, body)
        if status == 200:
            return
        if status is not None:
            raise Failed(f"{path} is answered with {status}")
        time.sleep(0.02)
    raise Failed(f"{path}: no answer within {_PATIENCE:g} s")


def _ask(port: int, method: str, path: str, body: str | None = None) -> int | None:
    """The answer's status; None: nobody listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    headers = {"authorization": f"Bearer {CLIENT_KEY}", "content-type": "application/json"}
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return None
    except (OSError, HTTPException) as error:
        raise Failed(f"{path}: {type(error).__name__}") from None
    finally:
        connection.close()


def _output(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            command,
            env=_environ(folder),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{' '.join(command)[-80:]}: {type(error).__name__}") from None
    if done.returncode:
        raise Failed(f"{' '.join(command)[-80:]}: {done.stderr.strip()[-200:]}")
    return done.stdout


def _environ(folder: Path) -> dict[str, str]:
    """Nothing of the checkout's, and no config but the demo's."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "100"}
