"""Quitting: asked first where a program would miss the proxy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from app.words import span
from screens.dialog import Ask
from screens.picture import Picture

if TYPE_CHECKING:
    from screens.shell import Shell

_LATELY = timedelta(minutes=10)


def leave(shell: Shell) -> None:
    """Quit at once where only the interface ends, or nobody asked for ten minutes."""
    picture = shell.feed.latest
    text = _missed_by(picture, shell) if picture and not shell.surroundings.attached else ()
    if not text:
        shell.exit()
        return

    def answered(yes: bool | None) -> None:
        if yes:
            shell.exit()

    shell.push_screen(Ask("quit 429chain?", text, keep="Stay", act="Quit"), answered)


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
