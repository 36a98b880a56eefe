"""Placeholder until its owner writes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from screens.dialog import Words
from screens.picture import Picture
from screens.view import View


class ProvidersView(View):
    TAB: ClassVar[str] = "providers"

    def body(self) -> Iterable[Widget]:
        yield Words(["providers"])

    def show(self, picture: Picture | None) -> None:
        return
