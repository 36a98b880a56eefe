"""`429chain ask`: one prompt through the running instance, and who answered it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from app import words
from app.contract import AdminError, Prompt
from app.instance_address import Target, connected
from app.options import UserError
from app.request_snapshot import Answered, Step, Text
from app.status import told
from proxy.text import safe_text

Write = Callable[[str], None]


def ask(target: Target, prompt: str, chain: str | None, *, answer: Write, note: Write) -> bool:
    """Send a prompt; whether somebody served it. Raises UserError.

    `answer` takes the pieces of the answer as they come, `note` lines about the way it took.
    """
    try:
        return asyncio.run(_ask(target, prompt, chain, answer, note))
    except AdminError as error:
        raise UserError(told(error)) from None


async def _ask(target: Target, prompt: str, chain: str | None, answer: Write, note: Write) -> bool:
    async with connected(target) as admin:
        name = chain or (await admin.status()).default_chain
        wanted = Prompt(prompt=prompt, chain=name, stream=True)
        async with aclosing(admin.test_stream(wanted)) as events:
            async for event in events:
                if isinstance(event, Text):
                    answer(safe_text(event.content, len(event.content) * 12, lines=True))
                elif isinstance(event, Answered):
                    answer("\n")
                    for line in _end(event):
                        note(line)
                    return event.outcome == "ok"
    raise UserError("the stream ended before the answer did")


def _end(answered: Answered) -> list[str]:
    """Who served, and who was passed over and why."""
    passed = [step for step in answered.trail if step.outcome not in ("ok", "not-tried")]
    lines = [f"  {step.entry}: {_why(step)}" for step in passed]
    if lines:
        lines.insert(0, "passed over:")
    if answered.error:
        lines.append(safe_text(answered.error, 2000))
    if answered.entry is not None:
        about = "~" if answered.estimated else ""
        lines.append(
            f"served by {answered.entry} in {words.duration(answered.duration_ms)} "
            f"(first token {words.duration(answered.first_token_ms)}), "
            f"{about}{answered.tokens_in} tokens in, {about}{answered.tokens_out} out"
        )
    return lines


def _why(step: Step) -> str:
    word = step.outcome
    if word.startswith("skipped:"):
        word = f"skipped, {words.reason_in_words(word.removeprefix('skipped:'))}"
    detail = f" ({safe_text(step.detail, 200)})" if step.detail else ""
    return f"{word}{detail}"
