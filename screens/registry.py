"""Which screen is behind which name of `go`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from screens.board import Board
from screens.chains import ChainsView
from screens.providers import ProvidersView
from screens.requests import RequestsView
from screens.stats import StatsView
from screens.test import TestView
from screens.view import View

PAGES: Mapping[str, Callable[[], View]] = {
    "board": Board,
    "chains": ChainsView,
    "requests": RequestsView,
    "test": TestView,
    "providers": ProvidersView,
    "stats": StatsView,
}
