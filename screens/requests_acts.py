"""What can be done with a request, on its page and in the log: copy, test, bodies."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from app.request_snapshot import Request, RequestDetail
from screens.board_entry import try_entry

if TYPE_CHECKING:
    from screens.view import View

NO_BODY = 'Bodies are off; set log.bodies = "memory" to keep the last 200.'


def as_curl(request: Request | RequestDetail, base_url: str) -> str:
    """A line for a shell that asks the same chain. It holds no key: the variable is read there."""
    body: dict[str, object] = {"model": request.chain}
    if request.stream:
        body["stream"] = True
    body["messages"] = [{"role": "user", "content": "Say hello."}]
    return " ".join(
        (
            "curl",
            shlex.quote(f"{base_url}/chat/completions"),
            '-H "Authorization: Bearer $OPENAI_API_KEY"',
            "-H 'Content-Type: application/json'",
            "-d",
            shlex.quote(json.dumps(body)),
        )
    )


def copy_curl(view: View, request: Request | RequestDetail | None) -> None:
    picture = view.shell.feed.latest
    if request is None or picture is None:
        view.tell("There is no request to copy.", "low", "none")
        return
    told = "Copied as curl. It reads the key from $OPENAI_API_KEY."
    view.shell.copy(as_curl(request, picture.status.base_url), told)


async def try_again(view: View, request: Request | RequestDetail | None) -> None:
    """Go to the test screen with the request's chain chosen."""
    if request is None:
        view.tell("There is no request to test.", "low", "none")
        return
    await try_entry(view, request.chain)
