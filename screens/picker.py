"""The entry picker: a provider at the left, its live model list at the right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from app.contract import AdminError
from app.snapshot import ListedModel, Provider
from screens.dialog import Dialog, Words
from screens.field import Field
from screens.line import Line, fit
from screens.listing import Listing
from screens.painted import Painted
from screens.picker_lists import ModelChoices, ProviderChoices
from screens.themes import Role

if TYPE_CHECKING:
    from screens.shell import Shell

_QUICK = 0.2
"""Seconds that an answer may take before anything is said about it."""


class Filter(Field):
    """Where a part of a name is typed. Names have no blanks: `space` marks instead."""

    DEFAULT_CSS: ClassVar[str] = "Filter { padding: 0 0 0 1; }"

    class Spaced(Message):
        pass

    def on_key(self, event: events.Key) -> None:
        if event.key == "space":
            event.stop()
            event.prevent_default()
            self.post_message(self.Spaced())


class Divider(Painted):
    """A thin line between two panes of a dialog."""

    GROUND: ClassVar[Role] = "panel"
    DEFAULT_CSS: ClassVar[str] = "Divider { width: 2; height: 1fr; }"

    def paint(self, width: int, height: int) -> list[Line]:
        lines = [Line("panel") for _ in range(height)]
        for line in lines[:-1]:
            line.put(0, self.stage.symbols.box[3], "rule")
        return lines


class Picker(Dialog[Sequence[str]]):
    """Gives the entries that were picked, in order; None where none was."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("up", "models('move', -1)", show=False),
        Binding("down", "models('move', 1)", show=False),
        Binding("pageup", "models('page', -1)", show=False),
        Binding("pagedown", "models('page', 1)", show=False),
        Binding("tab,shift+tab", "switch_pane", show=False),
        Binding("ctrl+r", "ask_again", show=False),
        Binding("enter", "add", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    Picker Box { width: 74; height: 20; padding: 0; }
    """

    def __init__(
        self,
        title: str,
        providers: Sequence[Provider],
        held: Collection[str] = (),
        *,
        first: str | None = None,
    ) -> None:
        super().__init__(title, "tab list · space mark · enter add · esc close")
        self._providers = ProviderChoices(providers)
        self._providers.cursor = first or (providers[0].id if providers else None)
        self._filter = Filter(prefix="/", hint="type to filter, or a model's id")
        self._head = Words([""])
        self._models = ModelChoices(held)
        self._note = Words(["", ""])
        self._listed: dict[str, Sequence[ListedModel]] = {}
        self._failed: dict[str, str] = {}
        self._marks: list[str] = []

    def body(self) -> Iterable[Widget]:
        with Horizontal():
            yield self._providers
            yield Divider()
            with Vertical():
                yield Words([""])
                yield self._filter
                yield self._head
                yield self._models
                yield self._note

    @property
    def _provider(self) -> str:
        return self._providers.cursor or ""

    def on_mount(self) -> None:
        self._filter.focus()
        self._head.say([self._heading()])
        self._ask()

    def _heading(self) -> Line:
        line = Line("panel")
        line.put(4, "model", "muted")
        for word, before_end in ModelChoices.HEAD:
            line.right(52 - before_end, word, "muted")
        return line

    # The list of a provider.

    def _ask(self, *, again: bool = False) -> None:
        if again:
            self._listed.pop(self._provider, None)
            self._failed.pop(self._provider, None)
        self._show()
        if self._provider and self._provider not in self._listed:
            self.run_worker(self._load(self._provider), exclusive=True, group="models")

    async def _load(self, provider: str) -> None:
        said = self.set_timer(_QUICK, lambda: self._say(f"asking {provider} for its models …"))
        try:
            listed = await cast("Shell", self.app).admin.models(provider)  # pyright: ignore[reportUnknownMemberType]
        except AdminError as error:
            told = error.message.rstrip(".")
            self._failed[provider] = f"{told}. Type a model id by hand, or press r."
        else:
            self._listed[provider] = listed.items
        finally:
            said.stop()
        self._show()

    def _show(self) -> None:
        listed = self._listed.get(self._provider, ())
        self._models.show(self._provider, listed, self._filter.value, self._marks)
        if self._provider in self._failed:
            self._say(self._failed[self._provider], "out")
        elif self._provider in self._listed:
            self._say(self._count())
        else:
            self._say("")

    def _count(self) -> str:
        listed = self._listed[self._provider]
        free = sum(one.free is True for one in listed)
        of_them = f", {free} free" if free else ""
        marked = f" · {len(self._marks)} marked" if self._marks else ""
        return f"{len(listed)} models{of_them}{marked}"

    def _say(self, text: str, ink: Role = "muted") -> None:
        cut = cast("Shell", self.app).symbols.cut  # pyright: ignore[reportUnknownMemberType]
        lines = [Line("panel"), Line("panel")]
        words, row = text.split(" "), 0
        rows = ["", ""]
        for word in words:
            if row == 0 and len(rows[0]) + len(word) > 49:
                row = 1
            rows[row] += f"{word} "
        for line, told in zip(lines, rows, strict=True):
            line.put(1, fit(told.rstrip(), 50, cut), ink)
        self._note.say(lines)

    def on_listing_moved(self, event: Listing.Moved) -> None:
        if event.listing is self._providers:
            self._filter.put("")
            self._ask()

    async def on_listing_chosen(self, event: Listing.Chosen) -> None:
        if event.listing is self._models:
            self.action_add()
        else:
            self._filter.focus()

    # Keys.

    def on_field_changed(self, _: Field.Changed) -> None:
        # In a list that did not come, the first letter may be the key that asks again.
        if self._filter.value == "r" and self._provider in self._failed:
            self._filter.put("")
            self.action_ask_again()
            return
        self._models.cursor = None
        self._show()

    def on_model_choices_mark_clicked(self, _: ModelChoices.MarkClicked) -> None:
        # The click puts the cursor on its row after this.
        self.call_after_refresh(self._mark)

    def on_filter_spaced(self, _: Filter.Spaced) -> None:
        if self._mark():
            self._models.action_move(1)

    def _mark(self) -> bool:
        """Mark the model under the cursor, or take its mark away; whether it can be."""
        model = self._models.cursor
        if model is None or self._models.is_held(model):
            return False
        entry = f"{self._provider}/{model}"
        if entry in self._marks:
            self._marks.remove(entry)
        else:
            self._marks.append(entry)
        self._show()
        return True

    def on_field_entered(self, _: Field.Entered) -> None:
        self.action_add()

    def action_models(self, what: str, by: int) -> None:
        if what == "page":
            self._models.action_page(by)
        else:
            self._models.action_move(by)

    def action_switch_pane(self) -> None:
        (self._filter if self._providers.has_focus else self._providers).focus()

    def action_ask_again(self) -> None:
        self._ask(again=True)

    def action_add(self) -> None:
        """Take what is marked, else what the cursor stands on."""
        if self._providers.has_focus:
            self._filter.focus()
            return
        model = self._models.cursor
        picked = list(self._marks)
        if not picked and model is not None and not self._models.is_held(model):
            picked = [f"{self._provider}/{model}"]
        if picked:
            self.dismiss(picked)
