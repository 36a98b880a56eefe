"""Reading the log for its screen: the first page, older ones, what is new, how many there are."""

from __future__ import annotations

from app.contract import AdminError
from app.request_snapshot import RequestPage
from screens.log_table import LogTable
from screens.log_window import PAGE
from screens.picture import Picture
from screens.requests_filter import Wanted
from screens.view import View

_FILTERED_EVERY = 1.0
"""Seconds between two looks for new requests that pass a filter; all of them are in the picture."""

_COUNTED_EVERY = 15.0


class LogReading(View):
    """A view with a table of the log. `wanted` is what is listed."""

    def __init__(self) -> None:
        super().__init__()
        self.table = LogTable(self._need)
        self.wanted = Wanted()
        self.total: int | None = None
        """Requests of the log, None until they are counted."""
        self._begun = False
        self._asking: int | None = None
        self._counted_at = self._asked_at = float("-inf")

    def keep_up(self, picture: Picture) -> None:
        """Bring the table up to a picture."""
        elapsed = self.shell.feed.elapsed()
        if not self._begun:
            self.begin()
        elif not self.shell.frozen:
            self._renew(picture, elapsed)
        if elapsed - self._counted_at >= _COUNTED_EVERY:
            self._counted_at = elapsed
            self.run_worker(self._count(), group="count", exclusive=True)

    def begin(self) -> None:
        """Read the log from its newest row on."""
        self._begun = True
        self.run_worker(self._read_first(self.wanted), group="log", exclusive=True)

    async def _read_first(self, wanted: Wanted) -> None:
        page = await self._page(None, wanted)
        if page is not None and wanted == self.wanted:
            self._asking = None
            self.table.begin(page)

    async def _page(
        self, before: int | None, wanted: Wanted, limit: int = PAGE
    ) -> RequestPage | None:
        try:
            return await self.shell.admin.requests(before=before, limit=limit, **wanted.asked)
        except AdminError as error:
            self.tell_trouble(error)
            return None

    def tell_trouble(self, error: AdminError) -> None:
        """Say why the log is not there; the rest of the screen lives on."""
        hint = error.hint or "r asks again"
        self.table.empty = (error.title, error.message, hint)
        self.table.repaint()
        self.shell.tell_error(error)

    def _need(self, before: int, limit: int) -> None:
        if self._asking != before:
            self._asking = before
            reading = self._read_page(before, wanted=self.wanted, limit=limit)
            self.run_worker(reading, group="page", exclusive=True)

    async def _read_page(self, before: int, *, wanted: Wanted, limit: int) -> None:
        page = await self._page(before, wanted, limit)
        self._asking = None
        if page is None or wanted != self.wanted:
            return
        if before == self.table.window.next:
            self.table.add(page)
        else:
            self.table.fill(before, page)

    def _renew(self, picture: Picture, elapsed: float) -> None:
        if self.wanted.is_all:
            if not self.table.renew(picture.requests):
                self.begin()
        elif elapsed - self._asked_at >= _FILTERED_EVERY:
            self._asked_at = elapsed
            self.run_worker(self._read_newest(self.wanted), group="newest", exclusive=True)

    async def _read_newest(self, wanted: Wanted) -> None:
        page = await self._page(None, wanted, 50)
        if page is not None and wanted == self.wanted and not self.table.renew(page.items):
            self.begin()

    async def _count(self) -> None:
        """How many requests there are, as the daily totals say: the log itself is not counted."""
        try:
            days = await self.shell.admin.stats("day")
        except AdminError:
            return
        self.total = sum(day.requests + day.unserved for day in days)
        self.show(self.shell.feed.latest)
