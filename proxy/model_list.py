"""`GET /v1/models` in the two shapes that clients know."""

from __future__ import annotations

from typing import Any

from proxy.replies import iso

_CREATED = 1767225600
"""Of every listed model: clients want a number, nobody reads it."""

Listed = tuple[str, str]
"""An id and its owner, as `listed_models` gives them."""


def model_list(listed: list[Listed], *, anthropic: bool) -> dict[str, Any]:
    """The whole list. Anthropic's pages are one: `has_more` is false."""
    data = [model(one, anthropic=anthropic) for one in listed]
    if not anthropic:
        return {"object": "list", "data": data}
    ids = [id for id, _ in listed] or [None]
    return {"data": data, "has_more": False, "first_id": ids[0], "last_id": ids[-1]}


def model(listed: Listed, *, anthropic: bool) -> dict[str, Any]:
    id, owner = listed
    if anthropic:
        return {"type": "model", "id": id, "display_name": id, "created_at": iso(_CREATED)}
    return {"id": id, "object": "model", "created": _CREATED, "owned_by": owner}
