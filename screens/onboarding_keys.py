"""The first start's keys: each is written into the config, then tested at no cost in quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.contract import AdminError, NewProvider
from screens.onboarding_plan import Candidate

if TYPE_CHECKING:
    from screens.shell import Shell


class KeyTests:
    """Writes what is tested, and leaves nothing of it behind where the page is left."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._writes = 0
        self._ended = False

    async def test(self, one: Candidate) -> None:
        """What comes of it stands in the candidate afterwards. Never raises AdminError."""
        one.phase, one.told, one.asked_at = "asking", "", self._shell.feed.elapsed()
        admin = self._shell.admin
        if not await self._put(one):
            return
        try:
            check = await admin.check(one.id)
            if not check.ok:
                one.phase, one.told = "failed", check.detail
                return
            one.models = (await admin.models(one.id)).items
        except AdminError as error:
            one.phase, one.told = "failed", str(error)
            return
        one.key_tested = check.key_tested or not one.preset.needs_key
        word = "works" if one.key_tested else "answers"
        one.phase, one.told = "works", f"{word}, {len(one.models)} models"

    async def _put(self, one: Candidate) -> bool:
        """Make the config say it; whether it does now."""
        if (one.added or one.there) and not one.key:
            return True
        changes = one.added or one.there

        async def act(version: str) -> str:
            self._stop_if_ended()
            admin = self._shell.admin
            if changes:
                edit = await admin.change_provider(one.id, {"api_key": one.key}, if_match=version)
                return edit.version
            new: NewProvider = {"id": one.id}
            if one.key:
                new["api_key"] = one.key
            return (await admin.add_provider(new, if_match=version)).version

        def refused(error: AdminError) -> None:
            one.phase, one.told = "failed", str(error)

        told = f"{one.id}: key changed" if changes else f"{one.id} added as a provider"
        if not await self._shell.writing.do(told, act, refused=refused):
            one.phase, one.told = "failed", one.told or "not saved, r tries again"
            return False
        self._writes += 1
        one.added = not one.there
        return True

    async def drop(self, one: Candidate) -> None:
        """Take it out of the config again, if it was put there here."""
        if one.added:
            await self._remove(one)
        if not one.added:
            one.phase, one.told, one.models = "idle", "", ()

    async def _remove(self, one: Candidate) -> None:
        async def act(_version: str) -> None:
            # Whatever else the config says by now, what was put there here goes.
            await self._shell.admin.remove_provider(one.id)

        if await self._shell.writing.do(f"provider {one.id} deleted", act):
            self._writes += 1
            one.added = False

    async def take_back(self, every: list[Candidate]) -> None:
        """Leave the config as it was found; if others wrote since, what was added is removed."""
        self._ended = True
        await self._shell.writing.ended()
        if await self._shell.writing.take_back(self._writes):
            return
        for one in every:
            if one.added:
                await self._remove(one)

    def _stop_if_ended(self) -> None:
        if self._ended:
            raise AdminError("Too late", "The page was left.")
