"""What a person does to chains: each act one change of the config, one step of undo, one toast."""

from __future__ import annotations

from collections.abc import Sequence

from app.contract import AdminError, ChainEdit
from app.snapshot import Chain
from screens.chains_models import ModelActs
from screens.chains_words import as_toml, name_in
from screens.dialog import Ask
from screens.name_ask import NameAsk
from screens.names import split
from screens.picker import Picker
from screens.reorder import Move

_MOVED = (
    "config.toml was changed outside; your move was not saved. The new order is shown: move again."
)
_ON_A_CHAIN = ("shift", "remove", "rename", "duplicate", "delete", "copy")


class ChainActs(ModelActs):
    """The acts of the chains' screen on chains and their order."""

    # Moving.

    async def save_move(self, name: str, move: Move) -> None:
        """Write an order, unless the one that it was made from is no longer in force."""
        first, last = move.places
        called = name_in(move.after, move.key)

        async def act(version: str) -> str:
            chain = await self.shell.admin.chain(name)
            if chain.entries != move.before:
                raise AdminError("The chain moved", _MOVED, status=412)
            edit: ChainEdit = {"entries": list(move.after)}
            done = await self.shell.admin.change_chain(name, edit, if_match=version)
            return done.version

        await self.shell.writing.do(
            f"{called} moved from {first} to {last}",
            act,
            toast=f"{called} moved to {last} · ctrl+z undoes",
            moved=_MOVED,
        )

    # Adding and removing.

    def action_add(self) -> None:
        chain = self.shown
        if chain is None:
            self.action_new()
            return
        if not self.providers:
            self.tell("No provider yet. Press 5, then a.", "low")
            return
        cursor = self.entries.cursor
        first = split(cursor)[0].rstrip("/") if cursor else None

        def picked(entries: Sequence[str] | None) -> None:
            if entries:
                self.run_worker(self._add(chain.name, cursor, list(entries)), group="write")

        self.shell.push_screen(
            Picker(f"add to {chain.name}", self.providers, chain.entries, first=first), picked
        )

    async def _add(self, name: str, below: str | None, fresh: list[str]) -> None:
        picture = self.shell.feed.latest
        chain = picture.chain(name) if picture is not None else None
        if chain is None:
            return
        at = chain.entries.index(below) + 1 if below in chain.entries else len(chain.entries)
        entries = [*chain.entries[:at], *fresh, *chain.entries[at:]]
        what = fresh[0] if len(fresh) == 1 else f"{len(fresh)} entries"
        if await self.replace(
            chain, entries, f"{what} added", f"Added {what} to {name} · ctrl+z undoes"
        ):
            self.entries.choose_soon(fresh[-1])

    def action_remove(self) -> None:
        chain, entry = self.shown, self.entries.cursor
        if self.refuses("remove") or chain is None:
            return
        if entry not in chain.entries or self.entries.lifted:
            return
        self.entries.settle()
        if len(chain.entries) == 1:
            self._ask_delete(chain, f"{chain.name} has no other entry. Delete the chain?")
            return
        self.run_worker(self._remove(chain, entry), group="write")

    async def _remove(self, chain: Chain, entry: str) -> None:
        at = chain.entries.index(entry)
        rest = [one for one in chain.entries if one != entry]
        toast = f"Removed {entry} from {chain.name} · ctrl+z undoes"
        if await self.replace(chain, rest, f"{entry} removed", toast):
            self.entries.choose_soon(rest[min(at, len(rest) - 1)])

    def action_delete(self) -> None:
        chain = self.shown
        if self.refuses("delete") or chain is None:
            return
        if chain.default:
            self.tell(self._default_reason(chain), "low")
            return
        entries = "1 entry" if len(chain.entries) == 1 else f"{len(chain.entries)} entries"
        self._ask_delete(chain, f"It has {entries}. Its models stay with their providers.")

    def _ask_delete(self, chain: Chain, text: str) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._delete(chain), group="write")

        ask = Ask(f"delete chain {chain.name}?", (text,), keep="Cancel", act="Delete")
        self.shell.push_screen(ask, answered)

    async def _delete(self, chain: Chain) -> None:
        async def act(version: str) -> None:
            await self.shell.admin.remove_chain(chain.name, if_match=version)

        told = f"chain {chain.name} deleted"
        toast = f"Deleted the chain {chain.name} · ctrl+z undoes"
        await self.shell.writing.do(told, act, toast=toast)

    def _default_reason(self, chain: Chain) -> str:
        return f"{chain.name} is routing.default_chain"

    def reason_against(self, action: str) -> str:
        chain = self.shown
        if chain is None and action in _ON_A_CHAIN:
            return "There is no chain yet. n makes one."
        if action == "remove" and chain is not None and chain.default and len(chain.entries) == 1:
            return self._default_reason(chain)
        return super().reason_against(action)

    # Chains.

    @property
    def _names(self) -> list[str]:
        picture = self.shell.feed.latest
        return [chain.name for chain in picture.chains] if picture is not None else []

    def action_new(self) -> None:
        """A chain is made together with its first entries: an empty one is an error."""
        if not self.providers:
            self.tell("A chain needs a provider first. Press 5, then a.", "low")
            return

        def named(name: str | None) -> None:
            if name:
                picker = Picker(f"first entries of {name}", self.providers)
                self.shell.push_screen(picker, lambda entries: picked(name, entries))

        def picked(name: str, entries: Sequence[str] | None) -> None:
            if entries:
                self.run_worker(self._make(name, entries, "created"), group="write")

        first = "free" if not self._names else ""
        says = "Clients ask for it by this name."
        self.shell.push_screen(NameAsk("new chain", says, taken=self._names, value=first), named)

    def action_duplicate(self) -> None:
        chain = self.shown
        if self.refuses("duplicate") or chain is None:
            return

        def named(name: str | None) -> None:
            if name:
                self.run_worker(
                    self._make(name, chain.entries, f"copied from {chain.name}"), group="write"
                )

        says = f"A copy of {chain.name} under another name."
        ask = NameAsk("copy chain", says, taken=self._names, value=f"{chain.name}-copy")
        self.shell.push_screen(ask, named)

    async def _make(self, name: str, entries: Sequence[str], how: str) -> None:
        async def act(version: str) -> str:
            new = await self.shell.admin.add_chain(
                {"name": name, "entries": list(entries)}, if_match=version
            )
            return new.version

        toast = f"Made the chain {name} · ctrl+z undoes"
        if await self.shell.writing.do(f"chain {name} {how}", act, toast=toast):
            self.show_chain(name)

    def action_rename(self) -> None:
        chain = self.shown
        if self.refuses("rename") or chain is None:
            return

        def named(name: str | None) -> None:
            if name:
                self.run_worker(self._rename(chain.name, name), group="write")

        others = [name for name in self._names if name != chain.name]
        says = "Clients that ask for the old name get the default chain."
        ask = NameAsk(f"rename {chain.name}", says, taken=others, value=chain.name)
        self.shell.push_screen(ask, named)

    async def _rename(self, old: str, new: str) -> None:
        if new == old:
            return

        async def act(version: str) -> str:
            done = await self.shell.admin.change_chain(old, {"name": new}, if_match=version)
            return done.version

        toast = f"Renamed {old} to {new} · ctrl+z undoes"
        if await self.shell.writing.do(f"chain {old} renamed to {new}", act, toast=toast):
            self.show_chain(new)

    def action_copy(self) -> None:
        chain = self.shown
        if not self.refuses("copy") and chain is not None:
            told = f"Copied {chain.name} and its providers as TOML, keys as env: names"
            self.shell.copy(as_toml(chain, self.providers), told)
