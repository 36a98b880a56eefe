"""The request log: a live table, filtered as one types, with every attempt of each request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.containers import Horizontal
from textual.widget import Widget

from app.contract import AdminError
from app.request_snapshot import Request
from app.words import thousands
from screens.field import Field
from screens.keys import Key, bindings
from screens.log_table import LogTable
from screens.picture import Picture
from screens.requests_acts import copy_curl, show_bodies, try_again
from screens.requests_detail import RequestPane
from screens.requests_export import export
from screens.requests_filter import Selectors, TextFilter, Wanted
from screens.requests_page import OneRequest
from screens.requests_reading import LogReading

_SPLIT = (116, 34)
"""Columns and rows from which the request under the cursor is shown below the list."""


class RequestsView(LogReading):
    """Requests, newest on top."""

    TAB: ClassVar[str] = "requests"
    MOVING = frozenset({"running"})
    VERBS = (
        Key("requests.filter", "slash", "filter", "filter", "filter by text", "/"),
        Key("requests.open", "enter", "open", "open", "every attempt of the request"),
        Key("requests.freeze", "f", "app.freeze", "freeze", "hold the list still"),
        Key("requests.copy", "y", "copy", "curl", "copy as curl, without the key"),
        Key("requests.export", "x", "export", "export", "save what is listed in a file"),
        Key("requests.test", "t", "test", "test", "load its prompt into the test screen"),
        Key("requests.bodies", "b", "bodies", "bodies", "what was asked and answered"),
        Key("requests.older", "n", "step(1)", "", "the next older request"),
        Key("requests.newer", "N", "step(-1)", "", "the next newer request"),
        Key("requests.full", "m", "full", "full", "the list or the detail full size"),
        Key("requests.again", "r", "again", "", "read the log again"),
        Key("requests.next", "tab", "next(1)", "", "text, chain, provider, status, list", "tab"),
        Key("requests.previous", "shift+tab", "next(-1)", "", "the same, backwards"),
        Key("requests.clear", "escape", "clear", "", "clear the filter", "esc"),
    )
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS: ClassVar[str | None] = "LogTable"
    DEFAULT_CSS: ClassVar[str] = """
    RequestsView #filter { height: 1; margin: 0 0 1 0; }
    RequestsView > #body > RequestPane { margin: 1 0 0 0; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.text = TextFilter()
        self.selectors = Selectors()
        self.pane = RequestPane()
        self.pane.display = False
        self._full = ""
        self._detail_runs = False

    def body(self) -> Iterable[Widget]:
        yield Horizontal(self.text, self.selectors, id="filter")
        yield self.table
        yield self.pane

    # Showing.

    def show(self, picture: Picture | None) -> None:
        self._arrange()
        if picture is None:
            return
        self.keep_up(picture)
        url = picture.status.base_url
        self.table.empty = (
            (f"No request yet. Point a program at {url}, or press 4 and ask something.",)
            if self.wanted.is_all
            else (f"0 of {thousands(self.total or 0)}. esc clears the filter.",)
        )
        self._say(picture)
        if self.pane.display:
            self.pane.tick(picture)
        if self._detail_runs and self.pane.display:
            self._read_detail(self.table.request)

    def _say(self, picture: Picture) -> None:
        live = "live"
        if self.shell.frozen:
            live = "frozen"
        elif picture.silent_s >= 2:
            live = "stale"
        counted = self._counted()
        self.selectors.show(picture, self.wanted, live, self.table.unseen, counted)

    def _counted(self) -> str:
        """`12,408`; `37 of 12,408` where it is filtered, `200+ of …` while more are to be read."""
        window = self.table.window
        known = len(window) - len(window.running)
        total = max(self.total or 0, known)
        if self.wanted.is_all:
            return thousands(known if window.is_whole else total)
        more = "" if window.is_whole else "+"
        return f"{thousands(known)}{more} of {thousands(total)}"

    def _arrange(self) -> None:
        width, height = self.size
        splits = width >= _SPLIT[0] and height >= _SPLIT[1]
        detail = splits and self._full != "list"
        if detail != self.pane.display:
            self.pane.display = detail
            if detail:
                self._read_detail(self.table.request)
        self.table.display = not (splits and self._full == "detail")
        below = 14 + max(0, height - 40) // 3
        self.pane.styles.height = below if self.table.display else "1fr"

    # The detail.

    def on_log_table_moved(self, event: LogTable.Moved) -> None:
        self._read_detail(event.request)

    def _read_detail(self, request: Request | None) -> None:
        if request is None or not self.pane.display:
            self.pane.show(None)
            return
        self.run_worker(self._show_detail(request.id), group="detail", exclusive=True)

    async def _show_detail(self, id: str) -> None:
        try:
            detail = await self.shell.admin.request(id)
        except AdminError as error:
            self.pane.fail(error)
            return
        self._detail_runs = detail.outcome is None
        self.pane.show(detail)

    # Filtering.

    def filter_by(
        self,
        *,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> None:
        """List other requests, for another screen too."""
        self._want(Wanted(chain, provider, status, q))
        self.text.put(q or "")

    def _want(self, wanted: Wanted) -> None:
        if wanted != self.wanted:
            self.wanted = wanted
            self.begin()
            self.show(self.shell.feed.latest)

    def on_field_changed(self, event: Field.Changed) -> None:
        self._want(replace(self.wanted, q=event.field.value.strip() or None))

    def on_field_entered(self) -> None:
        self.table.focus()

    def on_selectors_changed(self, event: Selectors.Changed) -> None:
        self._want(self.wanted.having(event.name, event.value))
        self.table.focus()

    def action_filter(self) -> None:
        # At once, for what is typed next.
        self.set_focus(self.text)

    async def action_clear(self) -> None:
        """Out of the field, then no filter, then as everywhere."""
        if self.focused is not self.table and self.wanted.is_all:
            self.table.focus()
        elif not self.wanted.is_all:
            self.filter_by()
            self.table.focus()
        elif self._full:
            self.action_full()
        else:
            await self.shell.run_action("back")

    def action_next(self, by: int) -> None:
        """Text, chain, provider, status, list; and round."""
        if self.focused is self.selectors and self.selectors.step(by):
            return
        stops: list[Widget] = [self.text, self.selectors, self.table, self.pane]
        stops = [stop for stop in stops if stop.display]
        at = stops.index(self.focused) if self.focused in stops else 0
        following = stops[(at + by) % len(stops)]
        if following is self.selectors:
            self.selectors.part = 0 if by > 0 else 2
        following.focus()

    # Acts.

    def on_log_table_chosen(self) -> None:
        self.action_open()

    def action_open(self, *, bodies: bool = False) -> None:
        request = self.table.request
        if request is None:
            self.tell("There is no request to open.", "low", "none")
        else:
            self.shell.push_screen(OneRequest(request, self._neighbour, bodies=bodies))

    def _neighbour(self, id: str, by: int) -> Request | None:
        at = self.table.window.position(id)
        found = None if at is None else self.table.window.at(at + by)
        if at is not None and found is not None:
            self.table.go(at + by)
        return found

    def action_step(self, by: int) -> None:
        self.table.action_move(by)

    def action_copy(self) -> None:
        copy_curl(self, self.table.request)

    async def action_test(self) -> None:
        await try_again(self, self.table.request)

    def action_bodies(self) -> None:
        """In the pane below; without one the request's page is opened for it."""
        if not self.pane.display:
            self.action_open(bodies=True)
        elif show_bodies(self, self.pane):
            self.pane.focus()
        else:
            self.table.focus()

    def action_export(self) -> None:
        export(self.shell, self.wanted)

    def action_again(self) -> None:
        self.begin()

    def action_full(self) -> None:
        """The list, the detail, both again."""
        self._full = {"": "list", "list": "detail", "detail": ""}[self._full]
        self.show(self.shell.feed.latest)
        (self.pane if self._full == "detail" else self.table).focus()
