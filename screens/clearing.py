"""Lifting an entry's cooldown by hand; asked first where the provider itself named the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.contract import AdminError
from app.snapshot import EntryLimits
from app.words import reason_in_words
from screens.dialog import Ask
from screens.gauge import ranked, usable, when
from screens.names import split

if TYPE_CHECKING:
    from screens.shell import Shell

_LASTING = frozenset({"no-key", "disabled"})
"""What only an edit of the config can end."""


def reason_against_clearing(limits: EntryLimits | None) -> str:
    """Why there is nothing to clear; empty where there is."""
    if limits is None:
        return "Put the cursor on an entry first."
    provider = split(limits.entry)[0].rstrip("/")
    if usable(limits):
        return f"{provider} is usable here: nothing to clear."
    if limits.reason in _LASTING:
        why = reason_in_words(limits.reason)
        return f"{provider}: {why}. A clear cannot change that; press 5."
    return ""


def clear(shell: Shell, limits: EntryLimits | None) -> None:
    """Clear an entry, with a question where that would go against the provider's own word."""
    against = reason_against_clearing(limits)
    if limits is None or against:
        shell.tell(against, "low", "clear")
        return
    picture = shell.feed.latest
    gauges = ranked(limits)
    said = bool(gauges) and gauges[0].remaining <= 0 and gauges[0].source == "header"
    if picture is None or not said:
        shell.run_worker(_clear(shell, limits.entry), group="clear", exclusive=True)
        return

    def answered(yes: bool | None) -> None:
        if yes:
            shell.run_worker(_clear(shell, limits.entry), group="clear", exclusive=True)

    provider = split(limits.entry)[0].rstrip("/")
    back = " ".join(when(limits, gauges[0], picture.now)) or "later"
    text = (f"{provider} itself says: {back}.", "Asked before, it will most likely refuse again.")
    shell.push_screen(Ask("clear the cooldown?", text, keep="Keep it", act="Clear it"), answered)


async def _clear(shell: Shell, entry: str) -> None:
    provider, model = split(entry)
    try:
        await shell.admin.clear(provider.rstrip("/"), model)
    except AdminError as error:
        shell.tell_error(error)
        return
    shell.tell(f"Cleared: {provider.rstrip('/')} is asked again with the next request.")
    shell.look_again()
