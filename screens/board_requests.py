"""The last requests, as the board lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from app.request_snapshot import Request
from screens.board_figures import stale
from screens.line import Line, fit
from screens.listing import Listing, Row
from screens.picture import Picture
from screens.requests_words import outcome_words, put_served, put_total, tokens_words
from screens.trail import put_trail

_SERVED = 24
"""The column of who served."""


class LastRequests(Listing):
    """A heading, then the newest requests, those that run on top."""

    DEFAULT_CSS: ClassVar[str] = "LastRequests { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None
        self._ended: dict[str, tuple[int, Line]] = {}
        """Rows that do not change any more, with the column at which they end."""

    def show(self, picture: Picture | None) -> None:
        self._picture = picture
        self.repaint()

    def request(self, id: str | None) -> Request | None:
        """A request of the list."""
        if self._picture is None:
            return None
        return next((one for one in self._picture.requests if one.id == id), None)

    def _keep_in_sight(self, height: int) -> None:
        if self.has_focus:
            super()._keep_in_sight(height)
        else:
            self._top = 0

    def _marked(self, row: Row) -> Line:
        return super()._marked(row) if self.has_focus else row.line

    def rows(self, width: int, height: int) -> Sequence[Row]:
        if self._picture is None:
            return []
        end = width - 1
        requests = self._picture.requests
        lines = [Row(self._drawn(one, end), one.id) for one in requests]
        self._ended = {one.id: self._ended[one.id] for one in requests if one.id in self._ended}
        if not lines:
            lines = [Row(self._none(width))]
        if self._picture.silent_s >= 2:
            lines = [Row(stale(row.line), row.key) for row in lines]
        return [Row(self._heading(end)), *lines]

    def _heading(self, end: int) -> Line:
        line = Line()
        at = line.put(1, "last requests", "text", "bu" if self.has_focus else "b") + 1
        line.right(end, "total", "muted")
        stop = line.right(end - 8, "tokens", "muted") - 1
        line.put(at, self.stage.symbols.rule * (stop - at), "rule")
        return line

    def _none(self, width: int) -> Line:
        line = Line()
        assert self._picture is not None
        text = f"No request yet. Point a program at {self._picture.status.base_url}."
        line.put(1, fit(text, width - 2, self.stage.symbols.cut), "muted")
        return line

    def _drawn(self, request: Request, end: int) -> Line:
        drawn = self._ended.get(request.id)
        if drawn is not None and drawn[0] == end:
            return drawn[1]
        line = self._line(request, end)
        if request.outcome is not None:
            self._ended[request.id] = (end, line)
        return line

    def _line(self, request: Request, end: int) -> Line:
        line = Line()
        symbols = self.stage.symbols
        line.put(1, f"{request.time.astimezone():%H:%M:%S}", "muted")
        line.put(11, fit(request.chain, 5, symbols.cut), "text")
        put_trail(line, 17, request.trail, symbols)
        put_served(line, _SERVED, request, end - 23 - _SERVED, symbols)
        word, ink = outcome_words(request, short=True)
        line.put(end - 22, word, ink)
        tokens = request.tokens_in + request.tokens_out
        if tokens or request.outcome is not None:
            line.right(end - 8, tokens_words(tokens, request))
        put_total(line, end, request, symbols)
        return line
