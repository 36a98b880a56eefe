"""What a person does to the models of a chain: switch them, replace one that is gone."""

from __future__ import annotations

from collections.abc import Sequence

from app.contract import AdminError, ChainEdit, ModelEdit
from app.snapshot import Chain, Provider
from screens.chains_list import ChainList
from screens.chains_words import nearest
from screens.choose import Choice, Choose
from screens.names import split
from screens.view import View


class ModelActs(View):
    """Acts on the entry under the cursor. `entries` is the list, `shown` the chain in it."""

    def __init__(self) -> None:
        super().__init__()
        self.entries = ChainList()
        self.providers: Sequence[Provider] = ()

    @property
    def shown(self) -> Chain | None:
        raise NotImplementedError

    def show_chain(self, name: str) -> None:
        """Bring another chain to the front, now or as soon as it is there."""
        raise NotImplementedError

    async def replace(self, chain: Chain, entries: Sequence[str], told: str, toast: str) -> bool:
        """Write a chain's entries."""

        async def act(version: str) -> str:
            edit: ChainEdit = {"entries": list(entries)}
            return (await self.shell.admin.change_chain(chain.name, edit, if_match=version)).version

        return await self.shell.writing.do(told, act, toast=toast)

    def action_switch(self) -> None:
        entry, picture = self.entries.cursor, self.shell.feed.latest
        if entry is None or picture is None or self.entries.lifted:
            return
        known = picture.limits.get(entry)
        on = known is not None and known.state == "off" and known.reason == "disabled"
        self.run_worker(self._switch(entry, on=on), group="write")

    async def _switch(self, entry: str, *, on: bool) -> None:
        provider, model = split(entry)
        edit: ModelEdit = {"enabled": on}
        picture = self.shell.feed.latest
        chains = picture.chains if picture is not None else ()
        where = ", ".join(chain.name for chain in chains if entry in chain.entries)

        async def act(version: str) -> str:
            done = await self.shell.admin.change_provider(
                provider.rstrip("/"), {"models": {model: edit}}, if_match=version
            )
            return done.version

        word = "on" if on else "off"
        toast = f"Switched {word} {entry} everywhere it stands ({where}) · ctrl+z undoes"
        await self.shell.writing.do(f"{entry} switched {word}", act, toast=toast)

    async def offer_nearest(self, entry: str) -> None:
        """Ask which listed model is to take the place of one that is gone."""
        provider, model = split(entry)
        try:
            listed = await self.shell.admin.models(provider.rstrip("/"))
        except AdminError as error:
            self.shell.tell_error(error)
            return
        ids = nearest(model, [one.id for one in listed.items if one.id != model])
        if not ids:
            self.tell(f"{provider.rstrip('/')} lists no model to take its place.", "low")
            return

        def chosen(id: str | None) -> None:
            if id:
                self.run_worker(self._replace_model(entry, f"{provider}{id}"), group="write")

        dialog = Choose(
            "model gone",
            [Choice(id, id) for id in ids],
            says=f"{entry} is listed no more. Nearest:",
            does="replaces it in every chain",
        )
        self.shell.push_screen(dialog, chosen)

    async def _replace_model(self, old: str, new: str) -> None:
        picture = self.shell.feed.latest
        done: list[str] = []
        for chain in picture.chains if picture is not None else ():
            if old not in chain.entries:
                continue
            entries = [new if one == old else one for one in chain.entries]
            # An entry stands in a chain once.
            entries = list(dict.fromkeys(entries))
            told = f"{old} replaced by {new} in {chain.name}"
            if not await self.replace(chain, entries, told, ""):
                break
            done.append(chain.name)
        if done:
            undoes = "ctrl+z undoes" if len(done) == 1 else "ctrl+z undoes one by one"
            self.tell(f"Replaced by {new} in {', '.join(done)} · {undoes}")
            self.entries.choose_soon(new)
