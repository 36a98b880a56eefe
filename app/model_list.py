"""A provider's own list of models, asked for without a running proxy (`init`, `check --probe`)."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

import aiohttp
from yarl import URL

from proxy.connections import request_headers
from proxy.model import Provider
from proxy.providers import key_question
from proxy.providers.listing import NoModelList, read_listing

_LARGEST = 16 * 1024 * 1024
PATIENCE = aiohttp.ClientTimeout(total=5.0)
"""How long one list may take."""


def list_session() -> aiohttp.ClientSession:
    """A session for model lists; neither proxies nor `.netrc` of the environment count."""
    return aiohttp.ClientSession(
        timeout=PATIENCE, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    )


async def list_models(session: aiohttp.ClientSession, provider: Provider) -> tuple[str, ...]:
    """The ids of a provider's models, in its own order, each once. Raises NoModelList."""
    status, body = await _get(session, provider, provider.preset.models_path)
    if status in (401, 403):
        raise NoModelList(f"key refused ({status})")
    if status != 200:
        raise NoModelList(f"answered {_status(status)}")
    return tuple(model.id for model in read_listing(body))


async def is_key_tested(session: aiohttp.ClientSession, provider: Provider) -> bool | None:
    """As `key_question.is_key_tested`. Raises NoModelList."""

    async def ask(asked: Provider, path: str) -> int | None:
        with suppress(NoModelList):
            return (await _get(session, asked, path))[0]
        return None

    return await key_question.is_key_tested(provider, ask)


async def _get(session: aiohttp.ClientSession, provider: Provider, path: str) -> tuple[int, bytes]:
    """Status and body, at most 16 MiB. Raises NoModelList with the reason in our words."""
    try:
        async with session.get(
            URL(provider.base_url + path),
            headers=request_headers(provider),
            allow_redirects=False,
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                body += chunk
                if len(body) > _LARGEST:
                    raise NoModelList("its model list is larger than 16 MiB")
            return response.status, bytes(body)
    except TimeoutError:
        raise NoModelList("no answer within 5 s") from None
    except (aiohttp.ClientError, OSError) as error:
        # An aiohttp exception's text may hold headers and URLs; its kind is enough.
        raise NoModelList(f"unreachable ({type(error).__name__})") from None


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
