"""nginx and Caddy, as docs/examples sets them up, on ports of this machine."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from tests.docs.pages import DOCS
from tests.e2e.process import free_port
from tests.upstreams.raw_client import RawClient

NAME = "chain.example.org"
EXAMPLES = DOCS / "examples"

_NGINX = """\
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {servers}
}}
"""


@dataclass(frozen=True)
class Front:
    """What stands in front of an instance: a port with TLS, and a folder of its own."""

    folder: Path
    port: int

    @cached_property
    def certificate(self) -> Path:
        path, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec"),
                *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
                *("-keyout", str(key), "-out", str(path)),
                *("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"),
            ],
            check=True,
            capture_output=True,
        )
        return path

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[RawClient]:
        """A connection through TLS that trusts this certificate alone."""
        context = ssl.create_default_context(cafile=self.certificate)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=context, server_hostname=NAME, limit=64 * 2**20
        )
        try:
            yield RawClient(NAME, reader, writer)
        finally:
            # A polite end of TLS waits for an answer that may be a stream's.
            writer.transport.abort()


def _nginx(front: Front, text: str) -> list[str]:
    key = front.certificate.with_name("key.pem")
    servers = text.replace(f"/etc/letsencrypt/live/{NAME}/fullchain.pem", str(front.certificate))
    servers = servers.replace(f"/etc/letsencrypt/live/{NAME}/privkey.pem", str(key))
    servers = re.sub(r"listen \[::\].*;", "", servers)
    servers = servers.replace("listen 443 ssl;", f"listen 127.0.0.1:{front.port} ssl;")
    servers = servers.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    return nginx(front.folder, servers)


def nginx(folder: Path, servers: str) -> list[str]:
    """The command that serves these `server` blocks, with all that it writes in `folder`."""
    path = folder / "nginx.conf"
    # Its workers would be nobody, who may not enter a test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    path.write_text(_NGINX.format(folder=folder, user=user, servers=servers), encoding="utf-8")
    return ["nginx", "-p", str(folder), "-e", str(folder / "nginx.log"), "-c", str(path)]


def _caddy(front: Front, text: str) -> list[str]:
    path, key = front.folder / "Caddyfile", front.certificate.with_name("key.pem")
    site = f"https://{NAME}:{front.port} {{\n\tbind 127.0.0.1\n\ttls {front.certificate} {key}\n"
    options = "{\n\tadmin off\n\tauto_https off\n}\n"
    path.write_text(options + text.replace(f"{NAME} {{\n", site), encoding="utf-8")
    return ["caddy", "run", "--config", str(path), "--adapter", "caddyfile"]


FRONTS: Mapping[str, tuple[str, Callable[[Front, str], list[str]]]] = {
    "nginx": ("nginx.conf", _nginx),
    "caddy": ("Caddyfile", _caddy),
}
"""By program: its file in docs/examples, and what makes a command of it."""


@asynccontextmanager
async def front(program: str, folder: Path, *, port: int, admin_port: int) -> AsyncGenerator[Front]:
    """The program in front of an instance's two ports. Skips the test without it."""
    for needed in (program, "openssl"):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not on the PATH")
    name, make = FRONTS[program]
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:4290", f"127.0.0.1:{port}")
    text = text.replace("127.0.0.1:4291", f"127.0.0.1:{admin_port}")
    made = Front(folder, free_port())
    folder.mkdir()
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *make(made, text),
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        await _listens(made, process)
        yield made
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listens(front: Front, process: asyncio.subprocess.Process) -> None:
    told = front.folder / "output"
    async with asyncio.timeout(20):
        while True:
            assert process.returncode is None, told.read_text(encoding="utf-8")
            try:
                async with front.client():
                    return
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
