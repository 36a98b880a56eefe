"""The first screen: where the next request of each chain goes, and what the last ones did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.containers import Horizontal
from textual.widget import Widget

from app.contract import AdminError
from app.snapshot import EntryLimits
from screens.board_chains import ChainList
from screens.board_detail import EntryPane
from screens.board_empty import ACTS, EmptyBoard
from screens.board_entry import EntryPage, try_entry
from screens.board_figures import Figures
from screens.board_requests import LastRequests
from screens.board_rows import CONTENT
from screens.board_story import StoryReader
from screens.clearing import clear, reason_against_clearing
from screens.keys import Key, bindings
from screens.listing import Listing
from screens.picture import Picture
from screens.requests_page import OneRequest
from screens.view import View

_PANE_FROM = 120
"""Columns from which the entry under the cursor has a pane."""

_CHROME = 4
"""Rows of tabs, status, notice and footer."""


class Board(View):
    """Figures, chains, last requests; wide, with the entry under the cursor beside these."""

    TAB: ClassVar[str] = "board"
    MOVING = frozenset({"gauges", "running"})
    VERBS = (
        Key("board.move", "", "", "move", "move between entries", "↑↓"),
        Key("board.open", "enter", "open", "detail", "all limits of the entry, or the request"),
        Key("board.test", "t", "test", "test", "test this entry"),
        Key("board.clear", "c", "clear", "clear", "clear its cooldown"),
        Key("board.freeze", "f", "app.freeze", "freeze", "hold the picture still"),
        Key("board.copy", "y", "copy", "copy url", "copy the base URL"),
        Key("board.alone", "m", "alone", "", "one chain full size"),
        Key(
            "board.onboard",
            "o",
            "onboard",
            "",
            "the first-start page, while there is no chain",
            "o",
        ),
        Key("board.pane", "tab,shift+tab", "pane", "", "to the last requests, and back", "tab"),
    )
    BINDINGS = bindings(VERBS[1:])
    AUTO_FOCUS: ClassVar[str | None] = "ChainList"
    DEFAULT_CSS: ClassVar[str] = """
    Board Figures { margin: 0 0 1 0; }
    Board #below { height: 1fr; margin: 1 0 0 0; }
    Board EntryPane { width: 42; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.figures = Figures()
        self.chains = ChainList()
        self.last = LastRequests()
        self.pane = EntryPane()
        self.pane.display = False
        self.below = Horizontal(self.last, self.pane, id="below")
        self.empty = EmptyBoard()
        self.stories = StoryReader(self)
        self._newest: str | None = None
        self._height = 0
        self._faint: tuple[bool, ...] = ()

    def body(self) -> Iterable[Widget]:
        yield self.figures
        yield self.chains
        yield self.below
        yield self.empty

    # Showing.

    def show(self, picture: Picture | None) -> None:
        nothing = picture is not None and not picture.chains
        if nothing != self.has_class("-empty"):
            self.set_class(nothing, "-empty")
            for widget in (self.figures, self.chains, self.below):
                widget.display = not nothing
            self.empty.display = nothing
            (self.empty if nothing else self.chains).focus()
            if nothing:
                self.run_worker(self._look_around(), group="empty", exclusive=True)
        if nothing:
            self.empty.repaint()
            return
        self._arrange(picture)
        self.figures.show(picture)
        self.chains.show(picture, self._just_served(picture))
        self.last.show(picture)
        if self.pane.display:
            entry = self.chains.entry
            self.pane.show(picture, entry, self.stories.of(entry, picture))
        faint = tuple(bool(self.reason_against(verb)) for verb in ("test", "clear"))
        if faint != self._faint:
            self._faint = faint
            self.footer.repaint()

    def _arrange(self, picture: Picture | None) -> None:
        """Give the chains what they need; the last requests give up rows first."""
        width, height = self.size
        figures = Figures.rows_at(width, height)
        self.figures.styles.height = figures
        space = height - _CHROME - figures - 1
        wanted = self.chains.rows_wanted(picture) if picture else 1
        alone = self.chains.alone is not None
        rows = space if alone else max(1, min(wanted, space - 2))
        if rows != self._height:
            self._height = rows
            self.chains.styles.height = rows
        self.below.display = not alone
        beside = width >= _PANE_FROM
        if beside != self.pane.display:
            self.pane.display = beside
            self.last.styles.margin = (0, 2 if beside else 0, 0, 0)
        if width > CONTENT:
            self.pane.styles.width = 42 + width - CONTENT

    def _just_served(self, picture: Picture | None) -> frozenset[str]:
        """Entries that have answered since the last picture."""
        if picture is None:
            return frozenset()
        ended = [one for one in picture.requests if one.outcome is not None]
        before, self._newest = self._newest, ended[0].id if ended else None
        if before is None or before == self._newest or self.shell.animation_level == "none":
            return frozenset()
        served: set[str] = set()
        for one in ended:
            if one.id == before:
                break
            if one.entry is not None:
                served.add(one.entry)
        return frozenset(served)

    async def _look_around(self) -> None:
        """What an empty board can say of keys that are set already."""
        try:
            presets = await self.shell.admin.presets()
            there = (await self.shell.admin.providers()).items
        except AdminError:
            return
        used = {provider.preset for provider in there}
        found = [one.key_found for one in presets if one.key_found and one.id not in used]
        self.empty.know(found[0] if found else "", len(there))

    def on_resize(self, event: events.Resize, /) -> None:
        self.show(self.shell.feed.latest)

    # What the cursor stands on.

    @property
    def limits(self) -> EntryLimits | None:
        picture, entry = self.shell.feed.latest, self.chains.entry
        return picture.limits.get(entry) if picture is not None and entry else None

    def on_listing_moved(self, event: Listing.Moved) -> None:
        if event.listing is self.chains:
            self.footer.repaint()
            if self.pane.display:
                picture, entry = self.shell.feed.latest, self.chains.entry
                self.pane.show(picture, entry, self.stories.of(entry, picture))

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        self.call_later(self.action_open)

    def reason_against(self, action: str) -> str:
        if action == "onboard" and not self.has_class("-empty"):
            return "There is a chain already: 2 and 5 change what there is."
        if self.has_class("-empty"):
            return "There is no chain yet." if action in ("test", "clear", "alone") else ""
        if self.focused is self.last:
            return "Press tab: the cursor is on a request." if action == "clear" else ""
        if action == "clear":
            return reason_against_clearing(self.limits)
        return "Put the cursor on an entry." if action == "test" and not self.limits else ""

    # Acts.

    async def action_open(self) -> None:
        if self.has_class("-empty"):
            await self.run_action(ACTS[self.empty.cursor or "5"])
            return
        if self.focused is self.last:
            request = self.last.request(self.last.cursor)
            if request is not None:
                self.shell.push_screen(OneRequest(request))
            return
        key = self.chains.cursor
        if key is None or self.chains.fold(key):
            self.show(self.shell.feed.latest)
        elif self.chains.entry is not None:
            self.shell.push_screen(EntryPage(self.chains.entry))

    async def action_test(self) -> None:
        if against := self.reason_against("test"):
            self.tell(against, "low", "test")
        elif self.chains.entry is not None:
            await try_entry(self, self.chains.entry)

    def action_clear(self) -> None:
        if self.focused is self.last or self.has_class("-empty"):
            self.tell(self.reason_against("clear"), "low", "clear")
        else:
            clear(self.shell, self.limits)

    def action_copy(self) -> None:
        picture = self.shell.feed.latest
        if picture is not None:
            url = picture.status.base_url
            self.shell.copy(url, f"Copied the base URL {url}")

    def action_alone(self) -> None:
        self.chains.alone = None if self.chains.alone else self.chains.chain
        self.chains.focus()
        self.show(self.shell.feed.latest)

    def action_onboard(self) -> None:
        if not self.refuses("onboard"):
            self.shell.action_onboard()

    def action_pane(self) -> None:
        if not self.has_class("-empty"):
            (self.last if self.focused is self.chains else self.chains).focus()
            self.footer.repaint()
