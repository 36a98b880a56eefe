"""The providers: their keys, how they do, what they list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from app.contract import AdminError
from app.snapshot import Preset, Provider
from screens.add_provider import AddProvider
from screens.dialog import Ask
from screens.keys import Key, bindings
from screens.listing import Listing
from screens.picture import Picture
from screens.providers_checks import Checks
from screens.providers_detail import NarrowDetail, Shown, WideDetail
from screens.providers_edit import EditProvider
from screens.providers_list import ProviderList, ProvidersHead
from screens.providers_models import ModelsDialog
from screens.providers_panes import Empty, SaidPane
from screens.providers_said import LastWords
from screens.view import View

_WIDE = 116
"""Columns from which the detail stands beside the list."""
_ASK_EVERY = 2.0
"""Seconds between two reads of the providers: their health moves with every request."""


class ProvidersView(View):
    """The list, and the provider under the cursor."""

    TAB: ClassVar[str] = "providers"
    VERBS = (
        Key("providers.add", "a", "add", "add", "add a provider"),
        Key("providers.edit", "enter", "edit", "edit", "edit address and key"),
        Key("providers.check", "r", "check", "check", "test its key, for free"),
        Key("providers.models", "m", "models", "models", "its models and limits"),
        Key("providers.clear", "c", "clear", "clear", "lift its cooldowns"),
        Key("providers.remove", "d", "remove", "delete", "delete the provider"),
        Key("providers.switch", "space", "switch", "", "switch it off or on"),
        Key("providers.copy", "y", "copy", "", "copy its base URL"),
    )
    BINDINGS = bindings(VERBS)  # pyright: ignore[reportAssignmentType]
    DEFAULT_CSS: ClassVar[str] = """
    ProvidersView #left { width: 1fr; height: 1fr; }
    ProvidersView #right { width: 41; height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._head = ProvidersHead()
        self._list = ProviderList()
        self._detail = NarrowDetail()
        self._said = SaidPane()
        self._empty = Empty()
        self._wide_detail = WideDetail()
        self._left, self._right = Vertical(id="left"), Vertical(id="right")
        self._picture: Picture | None = None
        self._providers: Sequence[Provider] | None = None
        self._trouble: AdminError | None = None
        self._presets: dict[str, Preset] = {}
        self._checks = Checks(self)
        self._words, self._read_of = LastWords(), ("", float("-inf"))

    def body(self) -> Iterable[Widget]:
        with Horizontal():
            with self._left:
                yield self._head
                yield self._list
                yield self._detail
                yield self._said
                yield self._empty
            with self._right:
                yield self._wide_detail

    # What is shown.

    def show(self, picture: Picture | None) -> None:
        self._picture = picture
        now = self.shell.feed.elapsed()
        version = picture.version if picture is not None else ""
        if version != self._read_of[0] or now - self._read_of[1] >= _ASK_EVERY:
            self._read_of = (version, now)
            self.run_worker(self._read(), exclusive=True, group="read")
        self._repaint()

    async def _read(self) -> None:
        admin, picture = self.shell.admin, self._picture
        try:
            self._providers = (await admin.providers()).items
            if not self._presets:
                self._presets = {one.id: one for one in await admin.presets()}
            self._trouble = None
        except AdminError as error:
            self._trouble = error
        self._repaint()
        if picture is not None and await self._words.look(admin, picture.requests):
            self._repaint()

    @property
    def _under_cursor(self) -> Provider | None:
        return next((one for one in self._providers or () if one.id == self._list.cursor), None)

    def _repaint(self) -> None:
        if not self._list.is_mounted:
            return
        picture, providers = self._picture, self._providers
        wide = self.size.width >= _WIDE
        known = bool(picture is not None and providers)
        for widget, seen in (
            (self._head, known),
            (self._list, known),
            (self._detail, known and not wide),
            (self._said, known and wide),
            (self._right, known and wide),
            (self._empty, not known),
        ):
            if widget.display != seen:
                widget.display = seen
        if picture is None or not providers:
            self._say_empty()
            return
        self._arrange(len(providers), wide=wide)
        self._head.show(providers, wide=wide)
        self._list.show(picture, providers, self._checks.standing, wide=wide)
        shown = self._shown(picture)
        for pane in (self._detail, self._said, self._wide_detail):
            pane.show(shown)

    def _say_empty(self) -> None:
        if self._picture is not None and self._providers is not None:
            text = (
                "No provider yet. a adds one; 429chain --demo shows everything without an account."
            )
            self._empty.say((text, "text"))
        else:
            trouble = self._trouble or self.shell.feed.trouble
            self._empty.say_trouble(self.shell.surroundings.address, trouble)

    def _shown(self, picture: Picture) -> Shown:
        provider = self._under_cursor
        preset = self._presets.get(provider.preset) if provider is not None else None
        check = self._checks.of(provider.id) if provider is not None else None
        return Shown(picture, provider, preset, check, self._words)

    def _arrange(self, providers: int, *, wide: bool) -> None:
        room = self.size.height - 4 - 2
        below = min(9, room // 2)
        height = min(providers, room - (6 if wide else below))
        if self._list.styles.height is None or self._list.styles.height.value != height:
            self._list.styles.height = height
        content = min(self.size.width, 160)
        gap = 2 if wide else 0
        if self._left.styles.padding.right != gap:
            self._left.styles.padding = (0, gap, 0, 0)
        if wide and self._right.styles.margin.right != self.size.width - content:
            self._right.styles.margin = (0, self.size.width - content, 0, 0)

    def on_resize(self, _: events.Resize) -> None:
        self._repaint()

    def on_listing_moved(self, _: Listing.Moved) -> None:
        self._repaint()
        self.refresh_bindings()

    def on_listing_chosen(self, _: Listing.Chosen) -> None:
        self.action_edit()

    # Keys.

    def action_add(self) -> None:
        used = [one.id for one in self._providers or ()]
        self.shell.push_screen(AddProvider(used), self._added)

    def _added(self, id: str | None) -> None:
        if id is not None:
            self._list.choose(id)
            self._read_of = ("", float("-inf"))
            self.shell.look_again()

    def action_edit(self) -> None:
        provider = self._under_cursor
        if provider is None:
            return

        def saved(check_key: bool | None) -> None:
            self._read_of = ("", float("-inf"))
            if check_key:
                self.run_worker(self._check(provider.id), group=f"check {provider.id}")

        self.shell.push_screen(EditProvider(provider), saved)

    def action_check(self) -> None:
        if (provider := self._under_cursor) is not None:
            self.run_worker(self._check(provider.id), exclusive=True, group=f"check {provider.id}")

    async def _check(self, id: str) -> None:
        async for _ in self._checks.run(id):
            self._repaint()

    def action_models(self) -> None:
        provider, picture = self._under_cursor, self._picture
        if provider is not None and picture is not None:
            self.shell.push_screen(ModelsDialog(provider, picture.chains))

    def action_clear(self) -> None:
        if (provider := self._under_cursor) is not None:
            self.run_worker(self._clear(provider.id), exclusive=True, group="clear")

    async def _clear(self, id: str) -> None:
        try:
            await self.shell.admin.clear(id)
        except AdminError as error:
            self.shell.tell_error(error)
            return
        self.tell(f"Cleared: {id} is asked again with the next request.")
        self._read_of = ("", float("-inf"))
        self.shell.look_again()

    def action_switch(self) -> None:
        if (provider := self._under_cursor) is not None:
            self.run_worker(self._switch(provider.id, on=not provider.enabled), group="write")

    async def _switch(self, id: str, *, on: bool) -> None:
        async def act(version: str) -> str:
            edit = await self.shell.admin.change_provider(id, {"enabled": on}, if_match=version)
            return edit.version

        word = "on" if on else "off"
        toast = f"Switched {word} {id} · ctrl+z undoes"
        await self.shell.writing.do(f"{id} switched {word}", act, toast=toast)

    def reason_against(self, action: str) -> str:
        provider = self._under_cursor
        if action == "remove" and provider is not None and provider.chains:
            chains = provider.chains
            names = " and ".join((", ".join(chains[:-1]), chains[-1]) if chains[1:] else chains)
            return f"{provider.id} is used in {names}. Remove it there first."
        return super().reason_against(action)

    def action_remove(self) -> None:
        provider = self._under_cursor
        if provider is None:
            return
        if why := self.reason_against("remove"):
            self.tell(why, "low")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._remove(provider.id), group="write")

        text = (
            "Its key and limits leave config.toml. No chain uses it.",
            "Requests in flight on it end normally.",
        )
        id = provider.id
        ask = Ask(f"delete provider {id}?", text, keep="Cancel", act=f"Delete {id}")
        self.shell.push_screen(ask, answered)

    async def _remove(self, id: str) -> None:
        async def act(version: str) -> None:
            await self.shell.admin.remove_provider(id, if_match=version)

        toast = f"Deleted the provider {id} · ctrl+z undoes"
        await self.shell.writing.do(f"provider {id} deleted", act, toast=toast)

    def action_copy(self) -> None:
        if (provider := self._under_cursor) is not None:
            self.shell.copy(provider.base_url, f"Copied the base URL {provider.base_url}")
