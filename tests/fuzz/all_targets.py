"""Every fuzz target there is."""

from __future__ import annotations

from tests.fuzz import config, limits, requests, streams, text

TARGETS = (
    *streams.TARGETS,
    *limits.TARGETS,
    *requests.TARGETS,
    *config.TARGETS,
    *text.TARGETS,
)
