"""Test: a prompt, its answer as it arrives, and beside it the way that it took."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea
from textual.worker import Worker

from app.contract import AdminError, Prompt
from screens.chrome import WIDE
from screens.keys import Key, bindings
from screens.listing import Listing
from screens.picture import Picture
from screens.prompt_answer import AnswerPane
from screens.prompt_earlier import Earlier
from screens.prompt_options import Options
from screens.prompt_run import Run
from screens.prompt_trail import TrailPane
from screens.view import View

_REPAINTS = 0.05
"""Seconds between two repaints while an answer arrives."""
SAY_HELLO = "Say hello in five languages"


class TestView(View):
    """The prompt field has the focus; everything else is reached with `tab`."""

    TAB: ClassVar[str] = "test"
    MOVING = frozenset()
    __test__ = False
    VERBS = (
        Key("test.send", "enter", "send", "send", "send the prompt", "enter"),
        Key("test.stop", "escape", "stop", "stop", "stop the answer, then leave the field", "esc"),
        Key("test.options", "tab", "app.focus_next", "options", "to the options", "tab"),
        Key("test.clear", "ctrl+l", "clear", "clear", "clear prompt and answer", "^l"),
        Key("test.copy", "y", "copy", "copy", "copy the answer"),
    )
    BINDINGS = bindings(VERBS)  # pyright: ignore[reportAssignmentType]
    AUTO_FOCUS: ClassVar[str | None] = "PromptField"
    DEFAULT_CSS: ClassVar[str] = """
    TestView #prompt { height: 2; margin: 1 1 1 1; }
    TestView #panes { height: 1fr; width: 100%; }
    TestView TrailPane { width: 34; }
    TestView .-earlier { display: none; }
    TestView.-wide #prompt { height: 3; }
    TestView.-wide TrailPane { width: 46; }
    TestView.-wide Earlier { display: block; height: 7; }
    TestView Earlier { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.options = Options()
        self.prompt = PromptField(id="prompt")
        self.answer = AnswerPane()
        self.trail = TrailPane()
        self.earlier = Earlier()
        self._current: Run | None = None
        self._saved: float | None = None
        self._sending: Worker[None] | None = None

    def body(self) -> Iterable[Widget]:
        yield self.options
        yield self.prompt
        yield Panes(self.answer, self.earlier, self.trail)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")

    def show(self, picture: Picture | None) -> None:
        self.options.show(picture)
        run = self._current
        if run is not None and run.answered is not None and picture is not None:
            logged = next((one for one in picture.requests if one.id == run.answered.id), None)
            self._saved = logged.saved_usd if logged is not None else self._saved
        self._paint(picture)

    def _paint(self, picture: Picture | None) -> None:
        self.answer.show(self._current, self._saved)
        self.trail.show(self._current, picture.now if picture else None, self._saved)

    def load(self, prompt: str, target: str | None = None) -> None:
        """Fill the field, for another screen; `target` is a chain or an entry."""
        self.prompt.text = prompt
        if target is not None:
            self.options.target = target
        self.options.repaint()
        self.prompt.focus()

    # Sending.

    def action_send(self) -> None:
        text, picture = self.prompt.text.strip(), self.shell.feed.latest
        target = self.options.chosen(picture)
        if picture is None or not text:
            return
        if target is None:
            self.tell("There is no chain to send to yet. Press 2 to make one.", "low")
            return
        chain = picture.chain(target)
        entries = chain.entries if chain is not None else (target,)
        self._current = Run(
            text, target, entries, self.options.stream, picture.now, self.shell.feed.elapsed
        )
        self._saved = None
        prompt = Prompt(
            prompt=text,
            chain=target if chain is not None else None,
            entry=target if chain is None else None,
            stream=self.options.stream,
        )
        follow = self._follow(self._current, prompt)
        self._sending = self.run_worker(follow, exclusive=True, group="prompt")

    async def _follow(self, run: Run, prompt: Prompt) -> None:
        repainting = self.set_interval(_REPAINTS, lambda: self._paint(self.shell.feed.latest))
        try:
            async with aclosing(self.shell.admin.test_stream(prompt)) as told:
                async for event in told:
                    run.take(event)
        except AdminError as error:
            run.fail(error)
        finally:
            repainting.stop()
            run.stop()
            self.earlier.keep(run)
            self._paint(self.shell.feed.latest)
            self.shell.look_again()

    async def action_stop(self) -> None:
        if self._current is not None and self._current.runs:
            self._cancel()
        elif self.focused is self.prompt:
            self.answer.focus()
        else:
            await self.shell.action_back()

    def _cancel(self) -> None:
        if self._sending is not None:
            self._sending.cancel()

    def action_clear(self) -> None:
        if self._current is not None and self._current.runs:
            self._cancel()
        self.prompt.text = ""
        self._current = None
        self._paint(self.shell.feed.latest)
        self.prompt.focus()

    def action_copy(self) -> None:
        run = self._current
        if run is None or not run.content.text:
            self.tell("There is no answer to copy yet.", "low")
            return
        self.shell.copy(run.content.text, "Copied the answer.")

    def on_prompt_field_sent(self) -> None:
        self.action_send()

    def on_prompt_field_cleared(self) -> None:
        self.action_clear()

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        if (run := self.earlier.run_of(event.key)) is not None:
            self.load(run.prompt, run.title)


class Panes(Horizontal):
    """Answer and earlier tests at the left, the trail at the right."""

    def __init__(self, answer: AnswerPane, earlier: Earlier, trail: TrailPane) -> None:
        super().__init__(id="panes")
        self._left, self._trail = (answer, earlier), trail

    def compose(self) -> ComposeResult:
        with Vertical():
            yield from self._left
        yield self._trail


class PromptField(TextArea):
    """Several lines; enter sends them, ctrl+o breaks one."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("enter", "send", show=False, priority=True),
        Binding("ctrl+o", "break_line", show=False, priority=True),
        Binding("ctrl+l", "clear_all", show=False, priority=True),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    PromptField, PromptField:focus {
        border: none; border-left: outer $role-rule; padding: 0 1; background: $role-panel;
        color: $role-text;
    }
    PromptField:focus { border-left: outer $role-flow; }
    PromptField .text-area--cursor-line { background: $role-panel; }
    """

    class Sent(Message):
        """Enter was pressed."""

    class Cleared(Message):
        """ctrl+l was pressed."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, soft_wrap=True, show_line_numbers=False, tab_behavior="focus")
        self.cursor_blink = False

    def action_send(self) -> None:
        self.post_message(self.Sent())

    def action_clear_all(self) -> None:
        self.post_message(self.Cleared())

    def action_break_line(self) -> None:
        self.insert("\n")
