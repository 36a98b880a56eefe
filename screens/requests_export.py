"""Saving the listed requests in a file, as CSV or JSON lines, in pieces as they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.requests_filter import Wanted
from screens.saving import Kinds, save

if TYPE_CHECKING:
    from screens.shell import Shell


def export(shell: Shell, wanted: Wanted) -> None:
    """Ask where to, then write what is listed."""
    picture, admin = shell.feed.latest, shell.admin
    if picture is None:
        return

    told = "every request of the log" if wanted.is_all else "the requests that are listed"
    name = f"requests-{picture.now.astimezone():%Y-%m-%d}.csv"
    kinds: Kinds = {
        ".csv": lambda: admin.requests_csv(**wanted.asked),
        ".jsonl": lambda: admin.requests_jsonl(**wanted.asked),
    }
    shell.run_worker(save(shell, "export the requests", told, name, kinds), group="export")
