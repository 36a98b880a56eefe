"""The answer to a test prompt, as it arrives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding

from app.words import count, dollars, duration
from screens.keys import Key, bindings
from screens.line import Line, heading
from screens.painted import Painted
from screens.prompt_run import Run
from screens.themes import Role
from screens.wrapped import wrap

_EMPTY = "Type a question. It goes the way of every request: skipped, tried, served."

ANSWER_KEYS = (
    Key("answer.up", "up,k", "roll(-1)", "", "scroll the answer up", "↑ k"),
    Key("answer.down", "down,j", "roll(1)", "", "scroll the answer down", "↓ j"),
    Key("answer.page-up", "pageup", "roll(-10)", "", "a page up", "pgup"),
    Key("answer.page-down", "pagedown", "roll(10)", "", "a page down", "pgdn"),
    Key("answer.reasoning", "enter", "unfold", "", "open or fold the reasoning", "enter"),
)

_Row = tuple[str, Role, str]
"""Text, ink, attributes."""

_BLANK: _Row = ("", "text", "")


def _rows(texts: Iterable[str], ink: Role, attributes: str = "") -> list[_Row]:
    return [(text, ink, attributes) for text in texts]


class AnswerPane(Painted, can_focus=True):
    """Follows the end of the text unless somebody scrolled up."""

    DEFAULT_CSS: ClassVar[str] = "AnswerPane { height: 1fr; width: 1fr; }"
    BINDINGS: ClassVar[list[Binding]] = bindings(ANSWER_KEYS)  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None
        self._saved: float | None = None
        self._from_end = 0
        self._unfolded = False

    def show(self, run: Run | None, saved: float | None = None) -> None:
        """`saved`: dollars, known when the request is logged."""
        if run is not self._run:
            self._from_end, self._unfolded = 0, False
        self._run, self._saved = run, saved
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        run = self._run
        title = "answer"
        head = Line()
        heading(head, width - 2, title, self._note(run), rule=self.stage.symbols.rule)
        if self.has_focus:
            head.put(1, title, "text", "bu")
        if run is None:
            lines = [head, Line()]
            for text in wrap(_EMPTY, width - 3):
                lines.append(Line())
                lines[-1].put(1, text, "muted")
            return lines
        rows = self._rows(run, width - 4)
        room = height - 1
        last = len(rows) - min(self._from_end, max(0, len(rows) - room))
        lines = [head]
        for text, ink, attributes in rows[max(0, last - room) : last]:
            line = Line()
            line.put(1, text, ink, attributes)
            lines.append(line)
        if run.runs and run.first_token is not None and len(lines) > 1 and last == len(rows):
            text = rows[-1][0]
            lines[-1].put(1 + len(text), self.stage.symbols.cursor, "flow")
        return lines

    def _note(self, run: Run | None) -> str:
        if run is None or run.landing is None:
            return ""
        speed = run.tokens_a_second
        rate = f" · {speed:.0f} tok/s" if speed is not None else ""
        if run.runs:
            return f"~{count(run.tokens_out)} tokens{rate}"
        about = "~" if run.answered is None or run.answered.estimated else ""
        saved = f" · {dollars(self._saved)} saved" if self._saved is not None else rate
        return f"{about}{count(run.tokens_out)} tokens · {duration(run.seconds * 1000)}{saved}"

    def _rows(self, run: Run, width: int) -> list[_Row]:
        rows = self._reasoning(run, width) + _rows(run.content.rows(width), "text")
        told, ink = self._ending(run)
        if told:
            rows += [_BLANK] if rows else []
            for paragraph in told.split("\n"):
                rows += _rows(wrap(paragraph, width), ink)
        return rows

    def _reasoning(self, run: Run, width: int) -> list[_Row]:
        if not run.reasoning.text:
            return []
        thinks = run.runs and not run.content.text
        if not thinks and not self._unfolded:
            tokens = max(1, len(run.reasoning.text) // 4)
            return [(f"reasoning, ~{count(tokens)} tokens, enter opens", "muted", "i"), _BLANK]
        rows = _rows(run.reasoning.rows(width), "muted", "i")
        return rows if thinks else [*rows, _BLANK]

    def _ending(self, run: Run) -> tuple[str, Role]:
        """Why there is no more, where that is not simply the end."""
        mark = self.stage.symbols.unknown
        if run.error is not None:
            hint = f"\n{run.error.hint}" if run.error.hint else ""
            return f"{run.error}{hint}", "out"
        if run.stopped:
            return f"{mark} stopped after ~{count(run.pieces)} tokens. enter sends again.", "low"
        answered = run.answered
        if answered is None or answered.outcome == "ok":
            return "", "text"
        if answered.outcome == "failed":
            return f"{answered.error or 'Nobody could serve this.'}\nenter sends again.", "out"
        why = f": {answered.error}" if answered.error else ""
        return (
            f"{mark} cut off after {count(run.tokens_out)} tokens{why}. enter sends again.",
            "out",
        )

    def action_roll(self, rows: int) -> None:
        if self._run is not None:
            most = max(0, len(self._rows(self._run, self.size.width - 4)) - self.size.height + 1)
            self._from_end = max(0, min(most, self._from_end - rows))
            self.repaint()

    def action_unfold(self) -> None:
        self._unfolded = not self._unfolded
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_roll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_roll(-3)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()
