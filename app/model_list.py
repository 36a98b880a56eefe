"""A provider's own list of models: what can be asked of it at no cost."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

import aiohttp
import orjson
from yarl import URL

from app.version import VERSION
from proxy.model import Provider

_LARGEST = 16 * 1024 * 1024
PATIENCE = aiohttp.ClientTimeout(total=5.0)
"""How long one list may take."""


class NoModelList(Exception):
    """A provider did not give its list. The text says why, in our words, and holds no secret."""


def list_session() -> aiohttp.ClientSession:
    """A session for model lists; neither proxies nor `.netrc` of the environment count."""
    return aiohttp.ClientSession(
        timeout=PATIENCE, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    )


async def list_models(session: aiohttp.ClientSession, provider: Provider) -> tuple[str, ...]:
    """The ids of a provider's models, in its own order, each once. Raises NoModelList."""
    try:
        async with session.get(
            _url(provider), headers=_headers(provider), allow_redirects=False
        ) as response:
            if response.status in (401, 403):
                raise NoModelList(f"key refused ({response.status})")
            if response.status != 200:
                raise NoModelList(f"answered {_status(response.status)}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                body += chunk
                if len(body) > _LARGEST:
                    raise NoModelList("its model list is larger than 16 MiB")
    except TimeoutError:
        raise NoModelList("no answer within 5 s") from None
    except (aiohttp.ClientError, OSError) as error:
        # An aiohttp exception's text may hold headers and URLs; its kind is enough.
        raise NoModelList(f"unreachable ({type(error).__name__})") from None
    return _ids(bytes(body))


def _url(provider: Provider) -> URL:
    """Below the base URL. A list that lies elsewhere holds for the preset's own address only."""
    path = provider.preset.models_path
    if "://" in path:
        if provider.base_url == provider.preset.base_url:
            return URL(path)
        path = "/models"
    return URL(f"{provider.base_url}/{path.lstrip('/')}")


def _headers(provider: Provider) -> dict[str, str]:
    headers = {"user-agent": f"429chain/{VERSION}", "accept": "application/json"}
    headers |= {name: value.get_secret_value() for name, value in provider.headers.items()}
    if provider.key is not None:
        name = provider.preset.key_header
        key = provider.key.get_secret_value()
        headers[name] = f"Bearer {key}" if name == "authorization" else key
    return headers


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _ids(body: bytes) -> tuple[str, ...]:
    """Ids from the shapes that providers use: `data`, `models`, `result`, or a bare list."""
    try:
        answer: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NoModelList("its model list is no JSON") from None
    rows: object = answer
    names = ("id", "name")
    if isinstance(answer, dict):
        table = cast("dict[str, object]", answer)
        shape = next((key for key in ("data", "models", "result") if key in table), "")
        rows = table.get(shape)
        # Cloudflare's `id` is a number of its own; what a request names is `name`.
        names = ("name",) if shape == "result" else names
    if not isinstance(rows, list):
        raise NoModelList("its answer is no model list")
    ids: dict[str, None] = {}
    for row in cast("list[object]", rows):
        found = row
        if isinstance(row, dict):
            model = cast("dict[str, object]", row)
            found = next((model[name] for name in names if name in model), None)
        if isinstance(found, str) and found.isprintable() and found.strip():
            # Gemini's list says `models/gemini-...`; its chat endpoint takes both.
            ids[found.removeprefix("models/")] = None
    return tuple(ids)
