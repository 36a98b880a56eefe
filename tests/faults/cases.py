"""The fault scripts as cases: a script, a kind of request, and who else is in the chain."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tests.upstreams.scripted import Listen, Step

DATA = Path(__file__).parent.parent / "data"
FILES = (DATA / "fault-scripts.json", DATA / "fault-scripts-more.json")

Mode = Literal["non_stream", "stream"]
Variant = Literal["only", "with_second"]

_MODES: tuple[Mode, ...] = ("non_stream", "stream")
_VARIANTS: tuple[Variant, ...] = ("only", "with_second")

# The scripts allow several statuses; DESIGN A4 names one. 401: keys are all that is wrong.
_STATUS_BY_DESIGN: Mapping[str, tuple[int, ...]] = {"401-status": (502,), "403-html": (502, 503)}
_FAILED = (503,)
_TIMED_OUT = (504,)


@dataclass(frozen=True, slots=True)
class Also:
    """What else has to hold."""

    elapsed_max: float | None = None
    """Seconds."""
    client_body_max: int | None = None
    client_no_substring: tuple[str, ...] = ()
    client_strict_json: bool = False
    observer_requests_max: int | None = None
    upstream_requests_max: int | None = None
    rss_growth_max: float | None = None
    """MiB. Such a case runs alone."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request to make, and what has to come of it."""

    id: str
    """Of its provider and its chain: cases share no circuit and no limit."""
    script: str
    why: str
    level: Literal["must", "should"]
    mode: Mode
    variant: Variant
    listen: Listen
    steps: tuple[Step, ...]
    expect: Mapping[str, Any]
    also: Also

    @property
    def name(self) -> str:
        return f"{self.script}/{self.mode}/{self.variant}"


@dataclass(frozen=True, slots=True)
class Profile:
    """Timeouts that the product is configured with, in milliseconds."""

    connect: int
    headers: int
    first_token: int
    idle: int
    total: int


def load_profile() -> Profile:
    raw = json.loads(FILES[0].read_text())["profile"]
    names = ("connect", "headers", "first_token", "idle", "total")
    return Profile(*(raw[f"{name}_ms"] for name in names))


def load_cases(files: Iterable[Path] = FILES) -> list[Case]:
    """Every script of the files, for each kind of request it has steps for, alone and not."""
    profile = load_profile()
    cases: list[Case] = []
    for file in files:
        content = json.loads(file.read_text())
        exact = content.get("statuses_by_design", False)
        for script in content["scripts"]:
            for mode in _MODES:
                if mode not in script["steps"]:
                    continue
                for variant in _VARIANTS:
                    case = _case(f"c{len(cases):03d}", script, mode, variant)
                    cases.append(_patient(case if exact else _by_design(case), profile))
    return cases


def _case(case_id: str, script: Mapping[str, Any], mode: Mode, variant: Variant) -> Case:
    also = script.get("also", {})
    return Case(
        id=case_id,
        script=script["name"],
        why=script["why"],
        level=script["level"],
        mode=mode,
        variant=variant,
        listen=script["listen"],
        steps=tuple(script["steps"][mode]),
        expect=script["expect"][mode][variant],
        also=Also(
            elapsed_max=_seconds(also.get("elapsed_max_ms")),
            client_body_max=also.get("client_body_max_bytes"),
            client_no_substring=tuple(also.get("client_no_substring", ())),
            client_strict_json=also.get("client_strict_json", False),
            observer_requests_max=also.get("observer_requests_max"),
            upstream_requests_max=also.get("upstream_requests_max"),
            rss_growth_max=also.get("rss_growth_max_mb"),
        ),
    )


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _patient(case: Case, profile: Profile) -> Case:
    """Give a lonely entry the time it is given.

    A deadline for the first token does not end the attempt of the only usable entry (A5), so what
    the script expects within that deadline comes when the attempt's `total` is over.
    """
    elapsed = case.also.elapsed_max
    timed_out = 504 in case.expect.get("status_in", ())
    if elapsed is None or not timed_out or case.variant != "only":
        return case
    longest = max(elapsed, profile.total / 1000 + 1.5)
    return replace(case, also=replace(case.also, elapsed_max=longest))


def _by_design(case: Case) -> Case:
    """Narrow the statuses that a script allows to the one that DESIGN A4 names."""
    return replace(case, expect=_narrowed(case.script, case.expect))


def _narrowed(script: str, expect: Mapping[str, Any]) -> Mapping[str, Any]:
    if expect["kind"] == "any_of":
        return {**expect, "of": [_narrowed(script, one) for one in expect["of"]]}
    statuses = expect.get("status_in")
    if statuses is None:
        return expect
    if script in _STATUS_BY_DESIGN:
        return {**expect, "status_in": _STATUS_BY_DESIGN[script]}
    if len(statuses) == 1:
        return {**expect, "status_in": tuple(statuses)}
    return {**expect, "status_in": _TIMED_OUT if statuses[0] == 504 else _FAILED}
