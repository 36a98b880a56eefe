"""Placeholder until its owner writes it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from screens.dialog import Dialog, Words
from screens.view import View


class Help(Dialog[None]):
    def __init__(self, view: View) -> None:
        super().__init__(f"help · {view.TAB}")

    def body(self) -> Iterable[Widget]:
        yield Words(["help"])
