"""Keys take effect one after the other, however fast they come.

Textual hands each key to what is focused when it arrives, while the effect of the key before it is
still on its way through the widgets' queues: of `/groq` typed during a slow moment, `groq` would go
to the list and not to the filter that `/` opens. Here a key waits until the one before it has had
its effect.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from textual import events
from textual.app import App
from textual.message import Message
from textual.timer import Timer

_PATIENCE = 2.0
"""Seconds after which the next key goes on, if what had the last one is gone with all its mail."""


class TypeAhead(App[None]):
    """An App that lets a key in when the one before it is done."""

    class Done(Message):
        """Follows a key through the same queues, up to the App."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting = deque[events.Event]()
        self._under_way: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if not typed:
            await super().on_event(event)
        elif self._under_way is not None:
            self._waiting.append(event)
        else:
            await self._let_in(event)

    async def _let_in(self, event: events.Event) -> None:
        self._under_way = self.set_timer(_PATIENCE, self._next)
        target = self.focused or self.screen
        await super().on_event(event)
        if not target.post_message(self.Done()):
            await self._next()

    def on_type_ahead_done(self) -> None:
        # Behind what the key's effect asked for later, as a change of the focus does.
        self.call_later(self._next)

    async def _next(self) -> None:
        if self._under_way is not None:
            self._under_way.stop()
            self._under_way = None
        if self._waiting:
            await self._let_in(self._waiting.popleft())
