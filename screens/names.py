"""`provider/model` in few cells: the vendor's path goes first, the `:tag` stays."""

from __future__ import annotations

from rich.cells import cell_len

from screens.line import Line, fit, visible
from screens.themes import Role


def split(entry: str) -> tuple[str, str]:
    """`("groq/", "llama-3.3")`; a name without a provider is all model."""
    provider, slash, model = entry.partition("/")
    return (provider + slash, model) if slash else ("", entry)


def short(entry: str, cells: int, cut: str = "…") -> tuple[str, str]:
    """The provider's part and the model's, together at most so many cells."""
    provider, model = (visible(part) for part in split(entry))
    if cell_len(provider) + cell_len(model) > cells:
        model = model.rpartition("/")[2]
    room = cells - cell_len(provider)
    if cell_len(model) <= room:
        return provider, model
    if room < 4:
        return fit(provider + model, cells, cut), ""
    name, colon, tag = model.rpartition(":")
    if colon and name and room - cell_len(tag) - 1 >= 4:
        return provider, fit(name + cut, room - cell_len(tag) - 1, cut) + colon + tag
    return provider, fit(model, room, cut)


def put_name(
    line: Line,
    column: int,
    entry: str,
    cells: int,
    *,
    ink: Role = "text",
    attributes: str = "",
    cut: str = "…",
) -> int:
    """Put an entry's name, its provider muted; returns the column after it."""
    provider, model = short(entry, cells, cut)
    at = line.put(column, provider, "muted") if provider else column
    return line.put(at, model, ink, attributes) if model else at
