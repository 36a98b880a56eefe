"""The simulated dialects by the names of their presets."""

from __future__ import annotations

from collections.abc import Mapping

from app.demo.cerebras import Cerebras
from app.demo.dialect import Dialect
from app.demo.gemini import Gemini
from app.demo.mistral import Mistral
from app.demo.openai import Groq, OpenAI
from app.demo.openrouter import OpenRouter
from app.demo.quiet import Nvidia, Ollama
from proxy.clock import Clock

_DIALECTS: Mapping[str, type[Dialect]] = {
    kind.name: kind
    for kind in (Dialect, OpenAI, Groq, Cerebras, OpenRouter, Gemini, Mistral, Nvidia, Ollama)
}

DIALECT_NAMES = tuple(_DIALECTS)


def dialect(name: str, clock: Clock) -> Dialect:
    """The dialect of a provider by the name of its preset. Raises KeyError for another name."""
    return _DIALECTS[name](clock)
