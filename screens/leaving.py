"""Quitting: asked first where a program would miss the proxy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from textual.widget import Widget

from app.words import span
from screens.dialog import Buttons, Dialog, Words
from screens.keys import Key, bindings
from screens.picture import Picture

if TYPE_CHECKING:
    from screens.shell import Shell

_LATELY = timedelta(minutes=10)


class Leave(Dialog[Literal["quit", "now"]]):
    """Whether to quit; with `now`, where requests run, without waiting for them."""

    VERBS = (
        Key("leave.quit", "y", "button(1)", "", "quit"),
        Key("leave.stay", "n", "button(0)", "", "stay"),
    )
    BINDINGS = bindings(VERBS)  # pyright: ignore[reportAssignmentType]

    def __init__(self, text: Sequence[str], *, now: bool) -> None:
        super().__init__("quit 429chain?", "y quit · n, esc stay", grave=True)
        self._text = text
        self._buttons = Buttons(("Stay", "Quit", "Quit now") if now else ("Stay", "Quit"))

    def body(self) -> Iterable[Widget]:
        yield Words(["", *self._text, ""])
        yield self._buttons
        yield Words([""])

    def on_mount(self) -> None:
        self._buttons.focus()

    def action_button(self, number: int) -> None:
        answers: Sequence[Literal["quit", "now"] | None] = (None, "quit", "now")
        self.dismiss(answers[number])


def leave(shell: Shell) -> None:
    """Quit at once where only the interface ends, or nobody asked for ten minutes."""
    picture = shell.feed.latest
    text = _missed_by(picture, shell) if picture and not shell.surroundings.attached else ()
    if not picture or not text:
        shell.exit()
        return

    def answered(how: Literal["quit", "now"] | None) -> None:
        if how is not None:
            shell.hurried = how == "now"
            shell.exit()

    runs = picture.status.counts.in_flight > 0
    shell.push_screen(Leave(text, now=runs), answered)


def _missed_by(picture: Picture, shell: Shell) -> Sequence[str]:
    """Who would miss the proxy; nothing where nobody would."""
    running = picture.status.counts.in_flight
    if running:
        are = "request is" if running == 1 else "requests are"
        grace = shell.surroundings.shutdown_grace_s
        return (f"{running} {are} running; they may end for up to {grace:g}s.",)
    if not picture.requests:
        return ()
    ago = picture.now - picture.requests[0].time
    if ago > _LATELY:
        return ()
    return (
        f"A program asked {span(ago.total_seconds())} ago.",
        f"After quitting, {shell.surroundings.address} answers nobody.",
    )
