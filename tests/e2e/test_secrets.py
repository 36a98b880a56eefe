"""No secret is found in anything that 429chain writes or answers."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from app.cli import main
from tests.e2e.process import ChainProcess, completed, config, running, write_config
from tests.upstreams.fake_provider import Received, fake_provider
from tests.upstreams.raw_client import RawAnswer, raw_client
from tests.upstreams.replies import Reply, chunk, completion, raw_stream, refusal, reply, sse

PROVIDER_KEY = "canary/provider+key=QxV7mmZ1tR"
CLIENT_KEY = "canary-client-key-8hJp2LwN5s"
ADMIN_TOKEN = "canary-admin-token-Zk3Yb9cVfT"
HEADER_SECRET = "canary header secret Gd6WqEr4uI"
CANARIES = (PROVIDER_KEY, CLIENT_KEY, ADMIN_TOKEN, HEADER_SECRET)

SERVER = f"""\
[server]
api_keys = ["{CLIENT_KEY}"]
admin_token = "{ADMIN_TOKEN}"
admin_port = 0
"""
PROVIDER = f"""\
[providers.a]
preset = "openai-compatible"
api_key = "{PROVIDER_KEY}"
headers = {{ "x-team" = "{HEADER_SECRET}" }}
"""


def _forms(secret: str) -> set[bytes]:
    raw = secret.encode()
    spelled = {secret, quote(secret, safe=""), base64.b64encode(raw).decode().rstrip("=")}
    return {form.encode() for form in spelled | {secret[:12], secret[-12:]}}


def leaks(text: bytes) -> list[bytes]:
    return [form for secret in CANARIES for form in _forms(secret) if form in text]


def written(chain: ChainProcess) -> bytes:
    """Log, output, database and its journal: all files but the config."""
    files = [path for path in chain.folder.rglob("*") if path.is_file() and path != chain.config]
    assert {"stderr", "stdout", "429chain.db", "429chain.log"} <= {path.name for path in files}
    return b"".join(path.read_bytes() for path in files)


def _echo(received: Received) -> Reply:
    """Repeats what it was sent, in every way in which a provider might."""
    secrets = f"{received.key} {received.headers.get('x-team')} {quote(received.key, safe='')}"
    match received.body.get("model"):
        case "refuses":
            return refusal(401, f"Incorrect API key provided: {secrets}", code="invalid_api_key")
        case "limits":
            return refusal(429, f"{secrets} is over its limit", headers={"retry-after": "1"})
        case "html":
            return reply(502, f"<html>Bad gateway for {secrets}</html>")
        case "blames":
            return refusal(400, f"bad: {secrets}", code=None, type="invalid_request_error")
        case "breaks":
            error = sse({"error": {"message": f"lost {secrets}", "code": 500}})
            return raw_stream(chunk({"content": "hi"}), error, cut=True)
        case _:
            return completion("hi", headers={"x-echo": received.key})


MODELS = ("refuses", "limits", "html", "blames", "breaks", "m")


async def test_an_upstream_that_repeats_its_key_spreads_it_nowhere(tmp_path: Path):
    async with fake_provider(_echo) as up:
        chains = "\n".join(f'[chains.{name}]\nentries = ["a/{name}"]' for name in MODELS)
        routing = '[routing]\nmax_wait = "0s"\ndefault_chain = "m"\n'
        text = f'{SERVER}{PROVIDER}base_url = "{up.base_url}"\n{routing}{chains}'
        answers: list[RawAnswer] = []
        async with running(tmp_path, text, "--log-level", "debug") as chain:
            for model in (*reversed(MODELS), "a/refuses"):
                for stream in (False, True):
                    answers.append(await _ask(chain, model, stream))
            answers.append(await _ask(chain, "m", False, key=CLIENT_KEY + "x"))
            for path in ("/v1/models", "/health", "/v1/models/m", "/nowhere"):
                async with raw_client(chain.port) as client:
                    answers.append(await client.request("GET", path, key=CLIENT_KEY))
            assert await chain.stop() == 0
    assert {answer.status for answer in answers} >= {200, 401, 429, 502, 503}
    assert up.requests[0].headers["x-team"] == HEADER_SECRET
    assert up.requests[0].key == PROVIDER_KEY
    assert [leaks(answer.head + answer.body) for answer in answers] == [[]] * len(answers)
    assert leaks(written(chain)) == []
    assert b"[redacted]" in written(chain)


async def _ask(
    chain: ChainProcess, model: str, stream: bool, *, key: str = CLIENT_KEY
) -> RawAnswer:
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "Hello"}]}
    async with raw_client(chain.port) as client:
        return await client.request("POST", "/v1/chat/completions", body, key=key)


async def test_a_key_that_was_replaced_is_still_a_secret(tmp_path: Path):
    async with fake_provider(_echo) as up:
        text = f'{SERVER}{PROVIDER}base_url = "{up.base_url}"\n[chains.free]\nentries = ["a/m"]\n'
        async with running(tmp_path, text) as chain:
            write_config(tmp_path, text.replace(PROVIDER_KEY, "quite-another-key"))
            await chain.says("is in force", within=2)
            # The bytes of a request line that is none are repeated by the HTTP library.
            async with raw_client(chain.port) as client:
                await client.send(f"GET / {PROVIDER_KEY}\r\n\r\n".encode())
                await client.read_to_end()
            await _ask(chain, "m", False)
            assert await chain.stop() == 0
        assert up.requests[0].key == "quite-another-key"
    assert leaks(written(chain)) == []


WRONG = [
    f'[server]\napi_keys = ["{CLIENT_KEY}]\n',
    f'[server]\napi_keys = "{CLIENT_KEY}"\n',
    f'[server]\napi_keys = [["{CLIENT_KEY}"]]\n',
    f'[server]\napi_key = ["{CLIENT_KEY}"]\n',
    f'{SERVER}[providers.a]\npreset = "groq"\napi_key = {PROVIDER_KEY}\n',
    f'{SERVER}[providers.a]\npreset = "groq"\napi_key = "env:{PROVIDER_KEY}"\n',
    f'{SERVER}[providers.a]\npreset = "groq"\napi_key = ["{PROVIDER_KEY}"]\n',
    f'{SERVER}[providers.a]\npreset = "groq"\napikey = "{PROVIDER_KEY}"\n',
    f'{SERVER}[providers.a]\npreset = "groq"\nheaders = "{HEADER_SECRET}"\n',
    f'{SERVER}[providers.a]\npreset = "groq"\nheaders = {{ "x y" = "{HEADER_SECRET}" }}\n',
    f'{SERVER}[providers.a]\nbase_url = "http://u:{PROVIDER_KEY}@h/v1"\n',
    f'[server]\napi_keys = ["k-of-a-client"]\nadmin_token = {ADMIN_TOKEN}\n',
    f'[server]\napi_keys = ["k-of-a-client"]\nadmin_token = ["{ADMIN_TOKEN}"]\n',
]


@pytest.mark.parametrize("text", WRONG)
def test_a_config_that_is_wrong_near_a_key_does_not_show_it(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = write_config(tmp_path, text)
    assert main(["check", "--config", str(path)]) == 1
    told, errors = capsys.readouterr()
    assert (f"{path}:" in told, errors) == (True, "")
    assert leaks(told.encode()) == []


async def test_a_start_that_fails_near_a_key_does_not_show_it(tmp_path: Path):
    for text in (WRONG[0], WRONG[4]):
        chain = await completed(tmp_path, "--no-tui", "--config", write_config(tmp_path, text))
        assert chain.process.returncode == 1
        assert f"{chain.config}:" in chain.stderr
        assert leaks(chain.stderr.encode() + chain.stdout.encode()) == []


async def test_an_edit_that_is_wrong_near_a_key_does_not_show_it(tmp_path: Path):
    async with running(tmp_path, config()) as chain:
        write_config(
            tmp_path, f'{SERVER}[providers.a]\npreset = "groq"\napi_key = {PROVIDER_KEY}\n'
        )
        await chain.says("the edit is refused", within=2)
        assert await chain.stop() == 0
    assert leaks(written(chain)) == []
