"""A request as a page of its own; a running one is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.widget import Widget

from app.contract import AdminError
from app.request_snapshot import Request, RequestDetail
from screens.bodies import missing
from screens.keys import Key, bindings
from screens.picture import Picture
from screens.requests_acts import copy_curl, show_bodies, try_again
from screens.requests_detail import RequestPane
from screens.view import View

Neighbour = Callable[[str, int], Request | None]
"""The request that stands so many rows below (older) another one, in the list they come from."""


class OneRequest(View):
    """What `enter` opens on a row. `neighbour` finds the next one for n and N."""

    TAB = "requests"
    MOVING = frozenset({"running"})
    VERBS = (
        Key("request.back", "", "app.back", "back", "back to the list", "esc"),
        Key("request.older", "n", "step(1)", "older", "the next older request"),
        Key("request.newer", "N", "step(-1)", "newer", "the next newer request"),
        Key("request.copy", "y", "copy", "curl", "copy as curl, without the key"),
        Key("request.bodies", "b", "bodies", "bodies", "what was asked and answered"),
        Key("request.test", "t", "test", "test", "load its prompt into the test screen"),
        Key("request.again", "r", "again", "", "read it again"),
    )
    BINDINGS = bindings(VERBS[1:])
    AUTO_FOCUS = "RequestPane"

    def __init__(
        self, request: Request, neighbour: Neighbour | None = None, *, bodies: bool = False
    ) -> None:
        super().__init__()
        self.request = request
        self.pane = RequestPane()
        self.pane.read(bodies)
        self._neighbour = neighbour
        self._runs = True

    def body(self) -> Iterable[Widget]:
        yield self.pane

    def show(self, picture: Picture | None) -> None:
        self.pane.tick(picture)
        if self._runs and not self._reading:
            self._read()

    @property
    def _reading(self) -> bool:
        return any(worker.group == "request" and worker.is_running for worker in self.workers)

    def _read(self) -> None:
        self._runs = False
        self.run_worker(self._follow(self.request.id), group="request", exclusive=True)

    async def _follow(self, id: str) -> None:
        try:
            detail = await self.shell.admin.request(id)
        except AdminError as error:
            self.pane.fail(error)
            return
        self._runs = detail.outcome is None
        self.pane.show(detail)
        self.footer.repaint()

    def reason_against(self, action: str) -> str:
        detail = self.pane.detail
        return missing(detail) if action == "bodies" and detail is not None else ""

    def action_step(self, by: int) -> None:
        found = self._neighbour(self.request.id, by) if self._neighbour else self._listed(by)
        if found is None:
            self.tell("That was the last one." if by > 0 else "That is the newest.", "low", "end")
            return
        self.request = found
        self._read()

    def _listed(self, by: int) -> Request | None:
        """Of the last requests, where no other list is told."""
        picture = self.shell.feed.latest
        rows = picture.requests if picture is not None else ()
        at = next((at for at, one in enumerate(rows) if one.id == self.request.id), None)
        return rows[at + by] if at is not None and 0 <= at + by < len(rows) else None

    def action_again(self) -> None:
        self._read()

    @property
    def _shown(self) -> Request | RequestDetail:
        return self.pane.detail or self.request

    def action_copy(self) -> None:
        copy_curl(self, self._shown)

    def action_bodies(self) -> None:
        show_bodies(self, self.pane)

    async def action_test(self) -> None:
        await try_again(self, self._shown)
