"""What a request asks of a limit: measured once per request, estimated per entry (DESIGN A6)."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from proxy.limits.subjects import LEAST_DIVISOR, TOKENS_OF_IMAGE, Facts
from proxy.model import Entry

CAP_FLOOR = 4096
"""An answer's cap is not lowered below this to fit a token limit."""
CAP_COUNTED = 1000
"""Of a cap that the provider does not count in full."""
CAP_UNKNOWN = 500
"""For an answer whose length nobody limited."""


class Need(NamedTuple):
    """What a client's request needs, whichever entry serves it."""

    prompt_bytes: int = 1
    """UTF-8 bytes of messages, tool calls, tool definitions and schemas."""
    images: int = 0
    cap: int | None = None
    """The client's own limit of the answer, in tokens."""
    answers: int = 1
    """`n`."""
    tools: bool = False
    vision: bool = False

    @property
    def tokens_at_most(self) -> int:
        """What no entry's estimate exceeds (`Demand.least`)."""
        answer = CAP_UNKNOWN if self.cap is None else min(self.cap, CAP_FLOOR)
        prompt = ceil(self.prompt_bytes / LEAST_DIVISOR) + TOKENS_OF_IMAGE * self.images
        return prompt + answer * self.answers

    def is_no_smaller(self, other: Need) -> bool:
        """Whether it takes at least as many tokens of any entry."""
        if self is other:
            return True
        if self.cap is None or other.cap is None:
            more_capped = self.cap is other.cap
        else:
            more_capped = self.cap >= other.cap
        return (
            more_capped
            and self.prompt_bytes >= other.prompt_bytes
            and self.images >= other.images
            and self.answers >= other.answers
        )


SMALLEST = Need()
"""The request by which an entry's shown state is judged."""


class Demand(NamedTuple):
    """The same need in one entry's tokens."""

    prompt: int
    least: int
    """To be reserved at least: the prompt and the smallest answer it makes sense to ask for."""
    most: int
    """To be reserved where there is room."""
    cap: int | None
    """The cap that the entry takes; None where the client named none."""
    counts_cap: bool


def demand_of(need: Need, entry: Entry, facts: Facts, now: float) -> Demand:
    """Estimate the tokens of a request on an entry, its answer included."""
    prompt = facts.prompt_tokens(need.prompt_bytes, need.images)
    cap = need.cap
    if cap is None:
        answer = CAP_UNKNOWN * need.answers
        return Demand(prompt, prompt + answer, prompt + answer, None, False)
    largest = facts.listed.max_output if entry.max_output is None else entry.max_output
    if facts.max_output is not None and facts.max_output[1] > now:
        learned = facts.max_output[0]
        largest = learned if largest is None else min(largest, learned)
    if largest is not None:
        cap = min(cap, largest)
    if not entry.provider.preset.counts_cap:
        answer = min(cap, CAP_COUNTED) * need.answers
        return Demand(prompt, prompt + answer, prompt + answer, cap, False)
    return Demand(
        prompt=prompt,
        least=prompt + min(cap, CAP_FLOOR) * need.answers,
        most=prompt + cap * need.answers,
        cap=cap,
        counts_cap=True,
    )
