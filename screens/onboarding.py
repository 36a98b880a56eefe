"""The first start: keys that are there, a first chain, the lines to paste. One page, no wizard."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar

from textual.widget import Widget

from app.contract import AdminError, NewChain
from screens.keys import Key, bindings
from screens.listing import Listing
from screens.onboarding_keys import KeyTests
from screens.onboarding_page import OnboardingPage
from screens.onboarding_plan import Candidate, candidates, first_chain, looked_again
from screens.picture import Picture
from screens.ready import Ready
from screens.view import View

_AT_ONCE = 4


class Onboarding(View):
    """`esc` leaves it at any time, and takes back what it added."""

    TAB: ClassVar[str] = "onboarding"
    VERBS = (
        Key("start.next", "tab", "step(1)", "next", "to the next step", "tab"),
        Key("start.pick", "space", "pick", "pick", "use the provider, or not"),
        Key("start.key", "enter", "enter", "key", "type a key, or save", "enter"),
        Key("start.again", "r", "again", "look", "look again for keys"),
        Key("start.drop", "d", "drop", "", "take an entry out of the first chain"),
        Key("start.down", "J,shift+down", "shift(1)", "", "move the entry down", "J"),
        Key("start.up", "K,shift+up", "shift(-1)", "", "move the entry up", "K"),
        Key("start.all", "slash", "all", "", "show all presets", "/"),
        Key("start.skip", "escape", "skip", "skip", "leave without saving", "esc"),
    )
    BINDINGS = bindings(VERBS)  # pyright: ignore[reportAssignmentType]
    DEFAULT_CSS: ClassVar[str] = """
    Onboarding Masthead { display: none; }
    Onboarding #body { align-horizontal: center; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.page = OnboardingPage()
        self._every: list[Candidate] = []
        self._chain: list[str] = []
        self._dropped: set[str] = set()
        self._trouble = ""
        self._places = asyncio.Semaphore(_AT_ONCE)

    def body(self) -> Iterable[Widget]:
        yield self.page

    @cached_property
    def _tests(self) -> KeyTests:
        return KeyTests(self.shell)

    def show(self, picture: Picture | None) -> None:
        self._paint()

    def _paint(self) -> None:
        now = self.shell.feed.elapsed()
        self.page.show(self._every, self._chain, now, self._trouble)

    def on_mount(self) -> None:
        self.run_worker(self._look(), group="look", exclusive=True)

    async def _look(self) -> None:
        try:
            presets = await self.shell.admin.presets()
            configured = {one.id for one in (await self.shell.admin.providers()).items}
        except AdminError as error:
            self._trouble = f"{error} {error.hint or 'r asks again'}"
            self._paint()
            return
        self._trouble, begins = "", not self._every
        self._every = looked_again(self._every, candidates(presets, configured))
        self._paint()
        if begins and self._every:
            self.page.choose(f"key:{self._every[0].id}")
        for one in self._every:
            if one.picked and one.phase == "idle":
                self._test(one)

    def _test(self, one: Candidate) -> None:
        one.phase = "asking"
        self.run_worker(self._ask(one), group=f"ask-{one.id}", exclusive=True)

    async def _ask(self, one: Candidate) -> None:
        async with self._places:
            await self._tests.test(one)
        self._propose()

    def _propose(self) -> None:
        """Put new entries at their place; what the person has ordered stays as it is."""
        proposed = [entry for entry in first_chain(self._every) if entry not in self._dropped]
        kept = [entry for entry in self._chain if entry in proposed]
        fresh = [entry for entry in proposed if entry not in kept]
        self._chain = (
            proposed
            if not kept or kept == [e for e in proposed if e in kept]
            else [
                *kept,
                *fresh,
            ]
        )
        self._paint()

    # Keys.

    def action_step(self, by: int) -> None:
        order = ("key:", "entry:", "go")
        cursor = self.page.cursor or "key:"
        at = next((number for number, step in enumerate(order) if cursor.startswith(step)), 0)
        to = order[(at + by) % len(order)]
        if to == "entry:" and not self._chain:
            to = "go"
        first = {"key:": f"key:{self._every[0].id}" if self._every else None, "go": "go"}
        self.page.choose(first.get(to) or f"entry:{self._chain[0]}")

    def action_pick(self) -> None:
        one = self.page.chosen
        if one is None:
            return
        one.picked = not one.picked
        if one.picked and not one.has_key:
            one.picked = False
            self.page.type_key()
        elif one.picked:
            self._test(one)
        else:
            self.run_worker(self._unpick(one), group=f"ask-{one.id}", exclusive=True)

    async def _unpick(self, one: Candidate) -> None:
        await self._tests.drop(one)
        self._propose()

    def action_enter(self) -> None:
        if self.page.cursor == "go":
            self._save()
        elif self.page.cursor == "more":
            self.action_all()
        elif self.page.chosen is not None:
            self.page.type_key()

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        self.action_enter()

    def on_onboarding_page_typed(self, event: OnboardingPage.Typed) -> None:
        event.candidate.key, event.candidate.picked = event.key, True
        self._test(event.candidate)

    def action_again(self) -> None:
        self.run_worker(self._look(), group="look", exclusive=True)

    def action_all(self) -> None:
        self.page.show_all()

    def action_drop(self) -> None:
        if (entry := self.page.chosen_entry) is not None:
            self._dropped.add(entry)
            self._propose()

    def action_shift(self, by: int) -> None:
        entry = self.page.chosen_entry
        if entry is None:
            return
        at = self._chain.index(entry)
        to = max(0, min(len(self._chain) - 1, at + by))
        self._chain.insert(to, self._chain.pop(at))
        self._paint()

    def action_skip(self) -> None:
        if self.page.types:
            self.page.stop_typing()
            return
        self.run_worker(self._take_back(), group="leave", exclusive=True)

    async def _take_back(self) -> None:
        """Leave the instance as it was found."""
        await self._tests.take_back(self._every)
        self.shell.call_later(self.dismiss)

    # The end of it.

    def _save(self) -> None:
        if self._chain:
            self.run_worker(self._write(), group="save", exclusive=True)

    async def _write(self) -> None:
        picture = self.shell.feed.latest
        name = (picture.status.default_chain if picture is not None else "") or "free"

        async def act(version: str) -> str:
            new: NewChain = {"name": name, "entries": self._chain}
            return (await self.shell.admin.add_chain(new, if_match=version)).version

        if not await self.shell.writing.do(f"chain {name} created", act, refused=self._refused):
            return
        for one in self._every:
            if one.added and one.phase != "works":
                await self._tests.drop(one)
        untested = [one.id for one in self._every if one.picked and not one.key_tested]
        # Not from here: the page waits for its workers, of which this is one.
        ready = Ready(name, len(self._chain), untested)
        self.shell.call_later(self.shell.show_instead, ready)

    def _refused(self, error: AdminError) -> None:
        self._trouble = f"{error} {error.hint}".strip()
        self._paint()
