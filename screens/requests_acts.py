"""What can be done with a request, on its page and in the log: copy, test, bodies."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from app.contract import AdminError
from app.request_snapshot import Request, RequestDetail
from screens.bodies import asked_in, missing
from screens.prompt import TestView

if TYPE_CHECKING:
    from screens.requests_detail import RequestPane
    from screens.view import View


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


def show_bodies(view: View, pane: RequestPane) -> bool:
    """Show what was asked and answered, or the attempts again; whether the bodies are seen now."""
    if pane.detail is not None and (why := missing(pane.detail)):
        view.tell(why, "low", "bodies")
        return False
    pane.read(not pane.reads)
    return pane.reads


async def try_again(view: View, request: Request | RequestDetail | None) -> None:
    """Go to the test screen with the request's chain chosen and its prompt filled in."""
    shell = view.shell
    if request is None:
        view.tell("There is no request to test.", "low", "none")
        return
    try:
        detail = await shell.admin.request(request.id)
    except AdminError as error:
        shell.tell_error(error)
        return
    prompt, told = _prompt_of(detail)
    await shell.action_go("test")
    if isinstance(shell.screen, TestView):
        shell.screen.load(prompt or shell.screen.prompt.text, detail.chain)
    if told:
        shell.tell(told, "low" if not prompt else "flow", "prompt")


def _prompt_of(detail: RequestDetail) -> tuple[str, str]:
    """A request's prompt, and what a person should know of it."""
    if detail.bodies is None:
        return "", f"{missing(detail)} Its chain is chosen."
    if detail.bodies.request_cut:
        return "", "Its request is longer than what is kept of one. Its chain is chosen."
    asked = asked_in(detail.bodies)
    if asked is None:
        return "", "Its request holds no text. Its chain is chosen."
    if asked.messages > 1:
        return asked.prompt, f"Loaded the last thing asked, of {asked.messages} messages."
    return asked.prompt, ""
