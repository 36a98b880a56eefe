"""The form in which a provider is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import Binding
from textual.widget import Widget

from app.contract import AdminError, ProviderEdit
from app.snapshot import Provider
from screens.add_provider_parts import label
from screens.dialog import Buttons, Dialog, Words
from screens.field import Field
from screens.line import Line, fit
from screens.painted import Painted
from screens.providers_words import key_words
from screens.themes import Role

if TYPE_CHECKING:
    from screens.shell import Shell


class BadPair(ValueError):
    """A part of a list of `name=value` that is none."""


def pairs(text: str) -> dict[str, str]:
    """`rpm=30, tpd=100000` as a table; a name without value is to be removed (`rpm=`)."""
    table: dict[str, str] = {}
    for part in text.replace(",", " ").split():
        name, equals, value = part.partition("=")
        if not name or not equals:
            raise BadPair(part)
        table[name] = value
    return table


def changed_pairs(before: Mapping[str, str], text: str) -> dict[str, str | None]:
    """What differs from `before`: None for what is no longer there."""
    after = {name: value for name, value in pairs(text).items() if value}
    changes: dict[str, str | None] = {
        name: value for name, value in after.items() if before.get(name) != value
    }
    return changes | {name: None for name in before if name not in after}


def header_pairs(text: str) -> dict[str, str | None]:
    """`x-team: a; x-old:`: headers to set, and those without value to remove."""
    table: dict[str, str | None] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, colon, value = part.partition(":")
        if not name.strip() or not colon:
            raise BadPair(part.strip())
        table[name.strip()] = value.strip() or None
    return table


def _shown(table: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in table.items())


class Switch(Painted, can_focus=True):
    """`[x]`, switched by space, enter or a click."""

    GROUND: ClassVar[Role] = "panel"
    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("space,enter", "flip", show=False)
    ]

    def __init__(self, word: str, *, on: bool) -> None:
        super().__init__()
        self._word = word
        self.on = on

    def paint(self, width: int, height: int) -> list[Line]:
        line = Line("panel")
        if self.has_focus:
            line.put(0, self.stage.symbols.cursor, "flow")
        at = line.put(1, "[x]" if self.on else "[ ]", "flow" if self.on else "muted")
        line.put(at + 1, self._word)
        return [line]

    def action_flip(self) -> None:
        self.on = not self.on
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.focus()
        self.action_flip()


class EditProvider(Dialog[bool]):
    """Gives whether the key has to be checked again; None where nothing was saved."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("tab,down", "app.focus_next", show=False),
        Binding("shift+tab,up", "app.focus_previous", show=False),
        Binding("ctrl+s", "save", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = "EditProvider Box { width: 74; height: auto; max-height: 100%; }"

    def __init__(self, provider: Provider) -> None:
        super().__init__(f"edit {provider.id}", "tab next · enter save · esc close")
        self._provider = provider
        source, hint, _ = key_words(provider, "…")
        kept = f"{source} {hint}".strip()
        self._limits_before = {name: str(size) for name, size in provider.limits.items()}
        self._timeouts_before = {
            name: f"{seconds:g}s" for name, seconds in provider.timeouts.items()
        }
        self._address = Field(provider.base_url)
        self._key = Field(secret=True, hint=f"{kept}; empty keeps it")
        self._limits = Field(_shown(self._limits_before), hint="none set; rpm=30 rpd=1000 sets two")
        self._timeouts = Field(
            _shown(self._timeouts_before), hint="none set; first_token=90s sets one"
        )
        names = ", ".join(provider.headers)
        self._headers = Field(
            hint=f"{names} kept; x-team: a sets, x-team: removes"
            if names
            else "none set; x-team: a sets one"
        )
        self._enabled = Switch("enabled; off: its entries are skipped", on=provider.enabled)
        self._wrong = Words(["", ""])
        self._buttons = Buttons(("Save", "Cancel"))

    @property
    def _shell(self) -> Shell:
        return cast("Shell", self.app)  # pyright: ignore[reportUnknownMemberType]

    def body(self) -> Iterable[Widget]:
        yield Words([""])
        for told, field in (
            ("base URL", self._address),
            ("API key   paste another one", self._key),
            ("limits of the account   name=size; what is deleted is removed", self._limits),
            ("timeouts of an attempt   connect first_token plain idle total", self._timeouts),
            ("headers   name: value; name: value", self._headers),
        ):
            yield Words([label(told)])
            yield field
        yield Words([""])
        yield self._enabled
        yield self._wrong
        yield self._buttons

    def on_mount(self) -> None:
        self._address.focus()

    def on_field_entered(self, _: Field.Entered) -> None:
        self.action_save()

    def action_button(self, number: int) -> None:
        if number == 0:
            self.action_save()
        else:
            self.dismiss(None)

    # Saving.

    def action_save(self) -> None:
        try:
            edit = self._edit()
        except BadPair as part:
            self._say(f"{part} is no name with a value: rpm=30, or x-team: a for a header.")
            return
        except ValueError:
            self._say("A limit is a whole number: rpm=30.")
            self._limits.focus()
            return
        if not edit:
            self.dismiss(None)
            return
        self.run_worker(self._save(edit), exclusive=True, group="save")

    def _edit(self) -> ProviderEdit:
        provider = self._provider
        edit: ProviderEdit = {}
        address = self._address.value.strip()
        if address != provider.base_url:
            edit["base_url"] = address or None
        if self._key.value:
            edit["api_key"] = self._key.value
        limits = changed_pairs(self._limits_before, self._limits.value)
        if limits:
            edit["limits"] = {
                name: None if size is None else int(size.replace("_", ""))
                for name, size in limits.items()
            }
        if timeouts := changed_pairs(self._timeouts_before, self._timeouts.value):
            edit["timeouts"] = timeouts
        if headers := header_pairs(self._headers.value):
            edit["headers"] = headers
        if self._enabled.on != provider.enabled:
            edit["enabled"] = self._enabled.on
        return edit

    async def _save(self, edit: ProviderEdit) -> None:
        id, notes = self._provider.id, list[str]()

        async def act(version: str) -> str:
            done = await self._shell.admin.change_provider(id, edit, if_match=version)
            notes.extend(done.notes)
            return done.version

        told = _told(id, edit)
        if not await self._shell.writing.do(told, act, refused=self._refused):
            return
        self._shell.tell(f"Saved: {told} · ctrl+z undoes")
        for note in notes:
            self._shell.tell(f"{id}: {note}.", "low")
        self.dismiss("api_key" in edit or "base_url" in edit)

    def _refused(self, error: AdminError) -> None:
        self._say(f"{error} {error.hint}")
        fields: Mapping[str, Field] = {
            "base_url": self._address,
            "api_key": self._key,
            "limits": self._limits,
            "timeouts": self._timeouts,
            "headers": self._headers,
        }
        field = fields.get((error.field or "").partition(".")[0])
        if field is not None:
            field.focus()

    def _say(self, text: str) -> None:
        cut = self._shell.symbols.cut
        line, second = Line("panel"), Line("panel")
        head = text[:68]
        if len(text) > 68:
            head = head[: head.rfind(" ")] if " " in head else head
        line.put(1, head, "out")
        second.put(1, fit(text[len(head) :].lstrip(), 68, cut), "out")
        self._wrong.say([line, second])


def _told(id: str, edit: ProviderEdit) -> str:
    """`groq: rpm set to 30`, `groq: api_key, base_url changed`."""
    limits = edit.get("limits", {})
    if set(edit) == {"limits"} and len(limits) == 1:
        name, size = next(iter(limits.items()))
        return f"{id} {name} removed" if size is None else f"{id} {name} set to {size} by hand"
    if set(edit) == {"enabled"}:
        return f"{id} switched {'on' if edit.get('enabled') else 'off'}"
    words = {"api_key": "key", "base_url": "base URL"}
    return f"{id}: {', '.join(words.get(name, name) for name in edit)} changed"
