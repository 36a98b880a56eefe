"""Chains: which entry would serve now, and changing their order."""

from __future__ import annotations

from app.admin.editing import Editing
from app.admin.instants import at_moment
from app.contract import AdminError, ChainEdit, NewChain
from app.snapshot import BackAt, Chain, Chains
from proxy import model
from proxy.engine import Engine
from proxy.limits.demand import SMALLEST
from proxy.text import safe_text
from store.config_edit import ConfigEdit


class ChainsView:
    """Reads chains off the engine; writes them into the config file."""

    def __init__(self, engine: Engine, editing: Editing) -> None:
        self._engine = engine
        self._editing = editing

    def chains(self) -> Chains:
        return Chains(
            tuple(map(self._chain, self._engine.configuration.chains.values())),
            self._editing.version,
        )

    def chain(self, name: str) -> Chain:
        return self._chain(self._configured(name))

    def _configured(self, name: str) -> model.Chain:
        chains = self._engine.configuration.chains
        if name not in chains:
            known = ", ".join(chains) or "none yet"
            raise AdminError(
                "No such chain",
                f"There is no chain '{safe_text(name, 64)}' in the config.",
                f"configured: {known}",
                status=404,
            )
        return chains[name]

    def _chain(self, chain: model.Chain) -> Chain:
        following, first_back = self._outlook(chain)
        return Chain(
            name=chain.name,
            entries=tuple(entry.name for entry in chain.entries),
            next=following,
            first_back=first_back,
            waiting=self._engine.line.waiting_for(chain.name),
            default=chain.name == self._engine.configuration.routing.default_chain,
            models=chain.models,
            max_wait_s=chain.max_wait,
            local_only=chain.local_only,
            version=self._editing.version,
        )

    def _outlook(self, chain: model.Chain) -> tuple[str | None, BackAt | None]:
        """The entry that would serve a small text request now; else the one that is back first."""
        guessed: str | None = None
        back: tuple[float, str] | None = None
        for entry in chain.entries:
            verdict = self._engine.ledger.verdict(entry, SMALLEST)
            if verdict is None:
                return entry.name, None
            if verdict.guess and guessed is None:
                # Nothing but an unconfirmed size is in the way: it is asked before anybody waits.
                guessed = entry.name
            if verdict.until is not None and (back is None or verdict.until < back[0]):
                back = (verdict.until, entry.name)
        if guessed is not None or back is None:
            return guessed, None
        at = at_moment(self._engine.clock, back[0])
        return None, BackAt(back[1], at) if at is not None else None

    async def add(self, new: NewChain, if_match: str | None) -> Chain:
        self._editing.expect(if_match)
        name = new["name"]
        if name in self._engine.configuration.chains:
            raise _exists(name)

        def edit(config: ConfigEdit) -> None:
            config.add_chain(name, new["entries"])

        await self._editing.apply(f"add chain {name}", edit, ("name", "entries"), if_match)
        return self.chain(name)

    async def change(self, name: str, change: ChainEdit, if_match: str | None) -> Chain:
        self._editing.expect(if_match)
        self._configured(name)
        entries, renamed = change.get("entries"), change.get("name", name)
        if renamed != name and renamed in self._engine.configuration.chains:
            raise _exists(renamed)

        def edit(config: ConfigEdit) -> None:
            if entries is not None:
                config.set_entries(name, entries)
            if renamed != name:
                config.rename_chain(name, renamed)

        told = f"rename chain {name} to {renamed}" if renamed != name else f"change chain {name}"
        await self._editing.apply(told, edit, ("entries", "name"), if_match)
        return self.chain(renamed)

    async def remove(self, name: str, if_match: str | None) -> None:
        self._editing.expect(if_match)
        chain = self._configured(name)
        if chain.name == self._engine.configuration.routing.default_chain:
            raise AdminError(
                "Chain is the default",
                f"'{name}' is the chain for model names that name none.",
                "name another one as routing.default_chain first",
                status=409,
            )
        users = [one.name for one in self._engine.configuration.clients if one.chain == name]
        users += [
            one.name
            for one in self._engine.configuration.clients
            if one.chains is not None and name in one.chains and one.name not in users
        ]
        if users:
            raise AdminError(
                "Chain is in use",
                f"'{name}' is named by the clients {', '.join(users)}.",
                "give these clients another chain first",
                status=409,
            )
        await self._editing.apply(
            f"remove chain {name}", lambda config: config.remove_chain(name), (), if_match
        )


def _exists(name: str) -> AdminError:
    return AdminError(
        "Name is taken",
        f"There is a chain '{name}' already.",
        "choose another name",
        "name",
        status=409,
    )
