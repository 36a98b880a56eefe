"""The chains: their order is changed here, saved at once and live at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual import events
from textual.widget import Widget

from app.contract import AdminError
from app.snapshot import Chain, ListedModel
from screens.chains_acts import ChainActs
from screens.chains_below import CARD_FROM, Below, ChainBelow
from screens.chains_card import EntryPage
from screens.chains_list import ChainHead, ChainList
from screens.chains_words import dry_run, landing_of
from screens.entry_card import card, facts_of
from screens.keys import Key, bindings
from screens.line import Line, fit
from screens.listing import Listing
from screens.names import short, split
from screens.picture import Picture
from screens.reorder import Reorder

_REST = 0.4
"""Seconds that the cursor rests on an entry before its provider is asked what it lists."""


class ChainsView(ChainActs):
    """One chain at a time, as a list that is put in order."""

    TAB: ClassVar[str] = "chains"
    VERBS = (
        Key("chains.down", "J,shift+down,alt+down", "shift(1)", "move", "move down", "J K"),
        Key("chains.up", "K,shift+up,alt+up", "shift(-1)", "", "move up", "K"),
        Key("chains.add", "a", "add", "add", "add from a model list"),
        Key("chains.remove", "d", "remove", "remove", "remove the entry"),
        Key("chains.new", "n", "new", "new", "make another chain"),
        Key("chains.rename", "R", "rename", "rename", "rename the chain"),
        Key("chains.duplicate", "D", "duplicate", "copy", "copy the chain"),
        Key("chains.undo", "ctrl+z,u", "undo", "undo", "undo the last change", "^z"),
        Key("chains.switch", "space", "switch", "", "switch model off or on"),
        Key("chains.open", "enter", "open", "", "show the entry in full"),
        Key("chains.copy", "y", "copy", "", "copy the chain as TOML"),
        Key("chains.delete", "X", "delete", "", "delete the chain"),
        Key("chains.previous", "left_square_bracket", "tab(-1)", "", "the chain before", "["),
        Key("chains.next", "right_square_bracket", "tab(1)", "", "the next chain", "]"),
    )
    BINDINGS = bindings(VERBS)  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        super().__init__()
        self._head = ChainHead()
        self._below = ChainBelow()
        self._picture: Picture | None = None
        self._name: str | None = None
        self._arranged = (-1, -1)
        self._loaded_of = ""
        self._listed: dict[str, Mapping[str, ListedModel]] = {}

    def body(self) -> Iterable[Widget]:
        yield self._head
        yield self.entries
        yield self._below

    # What is shown.

    @property
    def shown(self) -> Chain | None:
        picture = self._picture
        if picture is None or not picture.chains:
            return None
        named = picture.chain(self._name) if self._name is not None else None
        return named or picture.chains[0]

    def show_chain(self, name: str) -> None:
        self._name = name
        self._repaint()

    def show(self, picture: Picture | None) -> None:
        fresh = self._picture is None or (
            picture is not None and picture.version != self._picture.version
        )
        self._picture = picture
        if picture is not None and picture.version != self._loaded_of:
            self._loaded_of = picture.version
            self.run_worker(self._load_providers(), exclusive=True, group="providers")
        if fresh:
            self.entries.release()
        self._repaint()

    def _repaint(self) -> None:
        picture, chain = self._picture, self.shown
        if chain is None or picture is None:
            self._arranged = (-1, -1)
            self.entries.styles.height = 0
            self._head.show(None, None, self.entries.fall)
            self.entries.show(None, None)
            trouble = self.shell.feed.trouble
            self._below.say_empty(self.shell.surroundings.address, picture is None, trouble)
            return
        self.entries.show(picture, chain.name)
        self._arrange()
        self._head.show(picture, chain.name, self.entries.fall)
        order = self.entries.shown_order
        pieces = dry_run(order, chain, picture.limits, picture.now)
        changes = tuple(self.shell.journal)
        self._below.show(Below(pieces, changes, partial(self._card, with_head=True)))

    def _card(self, column: int, end: int, *, with_head: bool) -> Sequence[Line]:
        picture, chain, entry = self._picture, self.shown, self.entries.cursor
        order = self.entries.shown_order
        if picture is None or chain is None or entry is None or entry not in order:
            return []
        id, model = (part.rstrip("/") for part in split(entry))
        provider = next((one for one in self.providers if one.id == id), None)
        facts = facts_of(entry, provider, self._listed.get(id, {}).get(model))
        others = [
            other.name
            for other in picture.chains
            if entry in other.entries and other.name != chain.name
        ]
        return card(
            entry,
            picture.limits.get(entry),
            facts,
            others,
            note=f"entry {order.index(entry) + 1}",
            now=picture.now,
            symbols=self.shell.symbols,
            column=column,
            end=end,
            landing=landing_of(order, chain, picture.limits) == entry,
            ground=with_head,
        )

    def _arrange(self) -> None:
        """As many rows for the entries as leave something for what is below."""
        entries, height = len(self.entries.shown_order), self.size.height - 4
        if (entries, height) == self._arranged:
            return
        self._arranged = (entries, height)
        self.entries.styles.height = min(entries + 1, max(4, height - 3 - 7))

    def on_resize(self, _: events.Resize) -> None:
        if self._picture is not None:
            self._repaint()

    def on_screen_suspend(self) -> None:
        self.entries.settle()

    async def settle(self) -> None:
        chain, move = self.shown, self.entries.take_move()
        if chain is not None and move is not None:
            await self.save_move(chain.name, move)
        await self.shell.writing.ended()

    async def _load_providers(self) -> None:
        try:
            self.providers = (await self.shell.admin.providers()).items
        except AdminError:
            # The status line says that the instance is silent; the next version asks again.
            self._loaded_of = ""

    # The list tells.

    def on_listing_moved(self, event: Listing.Moved) -> None:
        if event.listing is self.entries and event.key is not None:
            self._repaint()
            self.refresh_bindings()
            if self.size.width >= CARD_FROM:
                self.run_worker(self._ask_facts(event.key), exclusive=True, group="facts")

    async def _ask_facts(self, entry: str) -> None:
        provider = split(entry)[0].rstrip("/")
        if provider in self._listed:
            return
        await asyncio.sleep(_REST)
        try:
            listed = await self.shell.admin.models(provider)
        except AdminError:
            self._listed[provider] = {}
            return
        self._listed[provider] = {one.id: one for one in listed.items}
        self._repaint()

    def on_reorder_shifted(self, _: Reorder.Shifted) -> None:
        self._repaint()
        entry = self.entries.lifted
        self.footer.say(self._drag_words(entry) if entry is not None else "")

    def _drag_words(self, entry: str) -> Line:
        symbols = self.shell.symbols
        place = self.entries.shown_order.index(entry) + 1
        line = Line("panel")
        line.put(1, symbols.grip, "flow", "b")
        tail = f" to {place}"
        room = self.size.width - 34 - len(tail)
        name = "".join(short(f"{split(entry)[0]}{split(entry)[1].rpartition('/')[2]}", room))
        at = line.put(3, fit(name, room, symbols.cut) + tail)
        at = line.put(at + 3, "drop saves", "muted")
        at = line.put(at + 3, "esc", "flow", "b")
        line.put(at + 1, "puts it back", "muted")
        return line

    def on_reorder_done(self, event: Reorder.Done) -> None:
        chain = self.shown
        if chain is not None:
            self.run_worker(self._save(chain.name, event), group="write")

    async def _save(self, name: str, event: Reorder.Done) -> None:
        await self.save_move(name, event.move)
        # Written or refused: from the next picture on the file's order is shown.
        await self.shell.feed.look()
        self.entries.release()
        self.show(self.shell.feed.latest)

    def on_chain_list_add_asked(self, _: ChainList.AddAsked) -> None:
        self.action_add()

    def on_listing_chosen(self, _: Listing.Chosen) -> None:
        self.action_open()

    def on_chain_head_picked(self, event: ChainHead.Picked) -> None:
        if event.name is None:
            self.action_new()
        else:
            self.show_chain(event.name)
            self.entries.focus()

    # Keys.

    def action_shift(self, by: int) -> None:
        if not self.refuses("shift"):
            self.entries.shift(by)

    def action_tab(self, by: int) -> None:
        picture, chain = self._picture, self.shown
        if picture is None or chain is None or self.entries.lifted:
            return
        names = [one.name for one in picture.chains]
        self.show_chain(names[(names.index(chain.name) + by) % len(names)])

    def action_open(self) -> None:
        entry, picture = self.entries.cursor, self._picture
        if entry is None or picture is None or self.shown is None:
            return
        known = picture.limits.get(entry)
        if known is not None and known.reason == "no-model":
            self.run_worker(self.offer_nearest(entry), exclusive=True, group="nearest")
            return
        self.shell.push_screen(EntryPage(entry, partial(self._card, with_head=False)))

    async def action_undo(self) -> None:
        """Of a move that is not written yet, too."""
        if self.entries.is_held:
            self.entries.action_put_back()
            return
        await self.shell.action_undo()
