"""The dialog that adds a provider: presets at the left, what is known and the key at the right."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget

from app.contract import AdminError, ProviderEdit
from app.snapshot import Check, Preset
from screens.add_provider_draft import Draft
from screens.add_provider_parts import (
    PresetChoices,
    PresetFacts,
    Rule,
    Verdict,
    free_id,
    key_label,
    label,
    needs_address,
    next_step,
)
from screens.dialog import Buttons, Dialog, Words
from screens.field import Field
from screens.listing import Listing
from screens.picker import Divider, Filter

if TYPE_CHECKING:
    from screens.shell import Shell

_SETTLED = 0.4
"""Seconds after a paste until the key is tested."""


class AddProvider(Dialog[str]):
    """Gives the id of the provider that was added.

    A test needs the provider in the config, so it is written before it is tested, and taken back
    where the dialog is closed without adding it.
    """

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("up", "presets(-1)", show=False),
        Binding("down", "presets(1)", show=False),
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
        Binding("ctrl+y,y", "copy_link", show=False),
        Binding("escape", "leave", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    AddProvider Box { width: 74; height: 20; padding: 0; }
    AddProvider #presets { width: 25; height: 1fr; }
    AddProvider #facts { width: 1fr; height: 1fr; }
    """

    def __init__(self, used: Collection[str]) -> None:
        super().__init__("add a provider", "tab next · enter test and add · esc close")
        self._used = used
        self._presets: tuple[Preset, ...] = ()
        self._filter = Filter(prefix="/")
        self._choices = PresetChoices(used)
        self._count = Words([""])
        self._facts = PresetFacts()
        self._id = Field()
        self._gap = Words([""])
        self._address_label = Words([label("base URL")])
        self._address = Field(hint="http://127.0.0.1:8000/v1")
        self._key_label = Words([""])
        self._key = Field(secret=True)
        self._verdict = Verdict()
        self._buttons = Buttons(("Add it", "Cancel"))
        self._soon: Timer | None = None
        self._round = 0
        self._adding = False

    @property
    def _shell(self) -> Shell:
        return cast("Shell", self.app)  # pyright: ignore[reportUnknownMemberType]

    @cached_property
    def _draft(self) -> Draft:
        return Draft(self._shell)

    def body(self) -> Iterable[Widget]:
        with Horizontal():
            with Vertical(id="presets"):
                yield Words([""])
                yield self._filter
                yield Rule()
                yield self._choices
                yield self._count
                yield Words([""])
            yield Divider()
            with Vertical(id="facts"):
                yield Words([""])
                yield self._facts
                yield Words([label("id")])
                yield self._id
                yield self._gap
                yield self._address_label
                yield self._address
                yield self._key_label
                yield self._key
                yield Words([""])
                yield self._verdict
                yield Words([next_step()])
                yield Words([""])
                yield self._buttons

    def on_mount(self) -> None:
        self._filter.focus()
        self.run_worker(self._load(), group="presets")

    async def _load(self) -> None:
        try:
            self._presets = await self._shell.admin.presets()
        except AdminError as error:
            self._verdict.tell(f"{error} {error.hint}", "out")
            return
        self._narrow()

    # Choosing a preset.

    def _narrow(self) -> None:
        self._choices.show(self._presets, self._filter.value)
        self._count.say([label(f"{len(self._choices.found)} of {len(self._presets)} presets", 1)])
        self._show_preset()

    @property
    def _preset(self) -> Preset | None:
        return next((one for one in self._presets if one.id == self._choices.cursor), None)

    def _show_preset(self) -> None:
        preset = self._preset
        self._facts.show(preset)
        if preset is None:
            return
        asks = needs_address(preset)
        self._address_label.display = self._address.display = asks
        self._gap.display = not asks
        # A server of one's own has fewer facts, and one field more.
        self._facts.styles.height = 4 if asks else 5
        self._address.put(preset.base_url if asks else "")
        self._id.put(free_id(preset.id, self._used))
        self._key.put("")
        self._key_label.say([key_label(preset)])
        self._key.hint(f"{preset.key_found} is set: empty uses it" if preset.key_found else "")
        self._verdict.tell("")

    def on_listing_moved(self, _: Listing.Moved) -> None:
        self.run_worker(self._draft.take_back(), group="back")
        self._show_preset()

    def on_listing_chosen(self, _: Listing.Chosen) -> None:
        self._to_fields()

    def action_presets(self, by: int) -> None:
        if self._filter.has_focus or self._choices.has_focus:
            self._choices.action_move(by)
        elif by > 0:
            self._shell.action_focus_next()
        else:
            self._shell.action_focus_previous()

    def _to_fields(self) -> None:
        (self._address if self._address.display else self._key).focus()

    async def action_copy_link(self) -> None:
        preset = self._preset
        if preset is not None and preset.key_page:
            self._shell.copy(preset.key_page, f"Copied {preset.key_page}")

    # Testing.

    def on_field_changed(self, event: Field.Changed) -> None:
        if event.field is self._filter:
            self._choices.cursor = None
            self._narrow()
            return
        self._draft.tested = False
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        if event.field is self._key and event.pasted:
            self._soon = self.set_timer(_SETTLED, self._start_test)
        else:
            self._verdict.tell("")

    def on_field_entered(self, event: Field.Entered) -> None:
        if event.field is self._filter or event.field is self._id:
            self._to_fields()
        elif event.field is self._address:
            self._key.focus()
        elif self._draft.tested:
            self.run_worker(self._add(), group="test")
        else:
            self._start_test()

    def _start_test(self) -> None:
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        self.run_worker(self._test(), group="test")

    async def _test(self) -> None:
        preset = self._preset
        if preset is None:
            return
        if preset.needs_key and not self._key.value and not preset.key_found:
            self._verdict.tell("Paste a key first.", "low")
            return
        self._round += 1
        name, this = self._id.value, self._round
        self._verdict.tell(f"asking {name} …", "low", "cooling")
        begun = self._shell.feed.elapsed()
        if not await self._write():
            return
        try:
            check = await self._shell.admin.check(name)
        except AdminError as error:
            self._verdict.tell(f"{error} {error.hint}", "out", "exhausted")
            return
        if this != self._round:
            # Another key is being tested by now.
            return
        self._draft.tested = True
        self._say_check(name, check, self._shell.feed.elapsed() - begun)

    def _say_check(self, name: str, check: Check, took: float) -> None:
        if check.ok:
            self._buttons.focus()
        self._verdict.tell_check(name, check, took)

    async def _write(self) -> bool:
        """Write what the fields say into the config; whether it stands there."""
        name, preset = self._id.value, self._preset
        if preset is None:
            return False
        edit: ProviderEdit = {}
        if self._key.value:
            edit["api_key"] = self._key.value
        if self._address.display:
            edit["base_url"] = self._address.value
        return await self._draft.write(name, preset.id, edit, self._refused)

    def _refused(self, error: AdminError) -> None:
        self._verdict.tell(f"{error} {error.hint}", "out", "exhausted")
        fields = {"id": self._id, "base_url": self._address, "api_key": self._key}
        field = fields.get(error.field or "")
        if field is not None and field.display:
            field.focus()

    # The end.

    def action_button(self, number: int) -> None:
        if number == 0:
            self.run_worker(self._add(), group="test")
        else:
            self.action_leave()

    async def _add(self) -> None:
        if self._adding:
            return
        self._adding = True
        try:
            written = self._draft.tested or await self._write()
        finally:
            self._adding = False
        name = self._draft.id
        if name is None or not written:
            return
        told = f"Added {name}" if self._draft.tested else f"Added {name}, not tested"
        self._shell.tell(f"{told}. m picks models into a chain · ctrl+z undoes")
        self.dismiss(name)

    def action_leave(self) -> None:
        if self._soon is not None:
            self._soon.stop()
        self.run_worker(self._leave(), group="leave")

    async def _leave(self) -> None:
        await self._draft.take_back()
        self.dismiss(None)
