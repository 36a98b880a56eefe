"""A provider's models: which are used, their limits and switches, and a way into a chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding
from textual.widget import Widget

from app.contract import AdminError, ChainEdit, ModelEdit
from app.snapshot import Chain, ListedModel, ModelSettings, Provider
from app.words import MISSING, count
from screens.choose import Choice, Choose
from screens.dialog import Dialog, Words
from screens.field import Field
from screens.line import Line, fit
from screens.listing import Listing, Row
from screens.names import short
from screens.picker import Filter
from screens.themes import Role

if TYPE_CHECKING:
    from screens.shell import Shell


@dataclass(frozen=True, slots=True)
class Offer:
    """A model: what the list says of it and what the config does."""

    id: str
    listed: ListedModel | None
    settings: ModelSettings | None
    chains: Sequence[str]

    @property
    def enabled(self) -> bool:
        return self.settings is None or self.settings.enabled


def offers(
    provider: Provider, listed: Sequence[ListedModel], chains: Sequence[Chain]
) -> list[Offer]:
    """Those in chains first, then those that the config names, then free ones, then the rest."""
    rows = {one.id: one for one in listed}
    ids = dict.fromkeys([*provider.models, *rows])
    found = [
        Offer(
            id,
            rows.get(id),
            provider.models.get(id),
            [chain.name for chain in chains if f"{provider.id}/{id}" in chain.entries],
        )
        for id in ids
        if id != "*"
    ]

    def order(offer: Offer) -> tuple[bool, bool, bool]:
        free = offer.listed is not None and offer.listed.free is True
        return (not offer.chains, offer.settings is None, not free)

    return sorted(found, key=order)


class ModelRows(Listing):
    """`[x] llama-3.3-70b-versatile   30 rpm 12K tpm   free   131K   free, code`."""

    GROUND: ClassVar[Role] = "panel"

    def __init__(self) -> None:
        super().__init__()
        self._offers: Sequence[Offer] = ()

    def show(self, offers: Sequence[Offer]) -> None:
        self._offers = offers
        self.repaint()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        return [Row(self._row(offer, width), offer.id) for offer in self._offers]

    def _row(self, offer: Offer, width: int) -> Line:
        cut = self.stage.symbols.cut
        line = Line("cursor" if offer.id == self.cursor else "panel")
        line.put(2, "[x]" if offer.enabled else "[ ]", "flow" if offer.enabled else "muted")
        provider, model = short(offer.id, 28, cut)
        line.put(6, provider + model, "text" if offer.enabled else "muted")
        sizes = offer.settings.limits.items() if offer.settings is not None else ()
        told = " ".join(f"{count(size)} {name}" for name, size in sizes) or MISSING
        line.put(36, fit(told, 12, cut), "muted")
        listed = offer.listed
        free = {True: "free", False: "paid", None: MISSING}[listed.free if listed else None]
        line.right(53, free, "flow" if free == "free" else "muted")
        window = listed.context_window if listed is not None else None
        line.right(60, count(window) if window else MISSING, "muted")
        used = ", ".join(offer.chains) or MISSING
        line.put(62, fit(used, width - 63, cut), "text" if offer.chains else "muted")
        return line

    def _marked(self, row: Row) -> Line:
        if row.key is None or row.key != self.cursor:
            return row.line
        line = Line("cursor", list(row.line.runs))
        line.put(0, self.stage.symbols.cursor, "flow")
        return line


class ModelsDialog(Dialog[None]):
    """The models of one provider."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("up", "models('move', -1)", show=False),
        Binding("down", "models('move', 1)", show=False),
        Binding("pageup", "models('page', -1)", show=False),
        Binding("pagedown", "models('page', 1)", show=False),
        Binding("ctrl+r", "ask_again", show=False),
        Binding("enter", "add", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = "ModelsDialog Box { width: 76; height: 20; padding: 0; }"

    def __init__(self, provider: Provider, chains: Sequence[Chain]) -> None:
        keys = "space on/off · enter add to a chain · ^r ask again · esc close"
        super().__init__(f"models of {provider.id}", keys)
        self._provider = provider
        self._chains = chains
        self._listed: Sequence[ListedModel] = ()
        self._filter = Filter(prefix="/", hint="type to filter")
        self._head = Words([self._heading()])
        self._rows = ModelRows()
        self._note = Words([""])

    @property
    def _shell(self) -> Shell:
        return cast("Shell", self.app)  # pyright: ignore[reportUnknownMemberType]

    def _heading(self) -> Line:
        line = Line("panel")
        line.put(6, "model", "muted")
        line.put(36, "limits", "muted")
        line.right(53, "free", "muted")
        line.right(60, "window", "muted")
        line.put(62, "in chains", "muted")
        return line

    def body(self) -> Iterable[Widget]:
        yield Words([""])
        yield self._filter
        yield self._head
        yield self._rows
        yield self._note

    def on_mount(self) -> None:
        self._filter.focus()
        self._show()
        self.action_ask_again()

    def action_ask_again(self) -> None:
        self.run_worker(self._ask(), exclusive=True, group="models")

    async def _ask(self) -> None:
        id = self._provider.id
        said = self.set_timer(0.2, lambda: self._say(f"asking {id} for its models …"))
        try:
            self._listed = (await self._shell.admin.models(id)).items
        except AdminError as error:
            told = f"{error.message.rstrip('.')}. Shown is what the config names; ^r asks again."
            self._say(told, "out")
        else:
            free = sum(one.free is True for one in self._listed)
            told = f"{len(self._listed)} models listed"
            self._say(f"{told}, {free} free" if free else told)
        finally:
            said.stop()
        self._show()

    def _show(self) -> None:
        wanted = self._filter.value.lower()
        found = offers(self._provider, self._listed, self._chains)
        self._rows.show([one for one in found if wanted in one.id.lower()])

    def _say(self, text: str, ink: Role = "muted") -> None:
        line = Line("panel")
        line.put(2, fit(text, 70, self._shell.symbols.cut), ink)
        self._note.say([line])

    # Keys.

    def on_field_changed(self, _: Field.Changed) -> None:
        self._rows.cursor = None
        self._show()

    def on_field_entered(self, _: Field.Entered) -> None:
        self.action_add()

    def on_listing_chosen(self, _: Listing.Chosen) -> None:
        self.action_add()

    def action_models(self, what: str, by: int) -> None:
        if what == "page":
            self._rows.action_page(by)
        else:
            self._rows.action_move(by)

    def on_filter_spaced(self, _: Filter.Spaced) -> None:
        model = self._rows.cursor
        if model is not None:
            settings = self._provider.models.get(model)
            on = settings is not None and not settings.enabled
            self.run_worker(self._switch(model, on=on), group="write")

    async def _switch(self, model: str, *, on: bool) -> None:
        edit: Mapping[str, ModelEdit] = {model: {"enabled": on}}
        id = self._provider.id

        async def act(version: str) -> str:
            admin = self._shell.admin
            self._provider = await admin.change_provider(id, {"models": edit}, if_match=version)
            return self._provider.version

        word = "on" if on else "off"
        if await self._shell.writing.do(f"{id}/{model} switched {word}", act):
            self._say(f"switched {word} {model}, everywhere it stands · ctrl+z on a screen undoes")
        self._show()

    def action_add(self) -> None:
        model = self._rows.cursor
        if model is None:
            return
        entry = f"{self._provider.id}/{model}"
        names = [chain.name for chain in self._chains if entry not in chain.entries]
        if not self._chains:
            names = ["free"]
        if not names:
            self._say(f"{model} stands in every chain")
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                self.run_worker(self._add(name, entry), group="write")

        dialog = Choose(
            "add to a chain",
            [Choice(one, one) for one in names],
            says=f"{entry} goes to the end of",
            does="adds it",
        )
        self._shell.push_screen(dialog, chosen)

    async def _add(self, name: str, entry: str) -> None:
        admin = self._shell.admin

        async def act(version: str) -> str:
            if not self._chains:
                return (await admin.add_chain({"name": name, "entries": [entry]})).version
            chain = await admin.chain(name)
            edit: ChainEdit = {"entries": [*chain.entries, entry]}
            return (await admin.change_chain(name, edit, if_match=version)).version

        toast = f"Added {entry} to {name} · ctrl+z undoes"
        if await self._shell.writing.do(f"{entry} added to {name}", act, toast=toast):
            self._say(f"added {entry} to {name}")
            try:
                self._chains = (await admin.chains()).items
            except AdminError as error:
                self._shell.tell_error(error)
            self._show()
