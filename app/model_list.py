"""A provider's own list of models, asked for without a running proxy (`init`, `check --probe`)."""

from __future__ import annotations

from http import HTTPStatus

import aiohttp
from yarl import URL

from proxy.connections import request_headers
from proxy.model import Provider
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
    try:
        async with session.get(
            URL(provider.base_url + provider.preset.models_path),
            headers=request_headers(provider),
            allow_redirects=False,
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
    return tuple(model.id for model in read_listing(bytes(body)))


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
