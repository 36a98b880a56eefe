"""Was what the client got what it had to get?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from tests.faults.cases import Case
from tests.upstreams.raw_client import RawAnswer, strict_json


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case. `broken` says why there is no whole answer."""

    answer: RawAnswer | None
    broken: str
    elapsed: float
    upstream_requests: int
    observer_requests: int
    rss_growth: float
    """MiB."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A stream as the client understands it."""

    content: str
    errors: int
    done: int
    ends_with_done: bool
    ends_with_error: bool


def verdict(case: Case, outcome: Outcome) -> str:
    """ "" where all is as it has to be, else what is not."""
    if outcome.answer is None:
        return f"no whole answer: {outcome.broken}"
    try:
        problem = _as_expected(case, case.expect, outcome.answer)
    except ValueError as error:
        problem = f"not what it says it is: {error}"
    return problem or _also(case, outcome, outcome.answer)


def _as_expected(case: Case, expect: Mapping[str, Any], answer: RawAnswer) -> str:
    match expect["kind"]:
        case "any_of":
            problems = [_as_expected(case, one, answer) for one in expect["of"]]
            return "" if "" in problems else " and ".join(problems)
        case "error":
            return _error(expect, answer)
        case "ok":
            return _ok(case, expect, answer)
        case "partial":
            return _partial(expect, answer)
        case kind:
            return f"unknown kind of outcome {kind!r}"


def _error(expect: Mapping[str, Any], answer: RawAnswer) -> str:
    if answer.status not in expect["status_in"]:
        return f"status {answer.status}, not {expect['status_in']}: {answer.body[:300]!r}"
    error = cast("Mapping[str, Any]", answer.json()).get("error")
    if not isinstance(error, dict) or not {"message", "type", "param", "code"} <= error.keys():
        return f"no error object: {answer.body[:300]!r}"
    if between := expect.get("retry_after_between"):
        stated = answer.headers.get("retry-after", "")
        if not stated.isdigit() or not between[0] <= int(stated) <= between[1]:
            return f"retry-after {stated!r}, not between {between}"
    return ""


def _ok(case: Case, expect: Mapping[str, Any], answer: RawAnswer) -> str:
    if answer.status != 200:
        return f"status {answer.status}, not 200: {answer.body[:300]!r}"
    if served := expect.get("served_by"):
        wanted = "second" if served == "second" else case.id
        if answer.headers.get("x-429chain-provider") != wanted:
            return f"served by {answer.headers.get('x-429chain-provider')!r}, not {served}"
    if case.mode == "stream":
        stream = read_stream(answer.body)
        if stream.errors or stream.done != 1 or not stream.ends_with_done:
            return f"not a whole stream: {stream}"
        content: object = stream.content
    else:
        content = answer.json()["choices"][0]["message"].get("content")
    if "content" in expect and (content or "") != (expect["content"] or ""):
        return f"content {str(content)[:100]!r}, not {expect['content']!r}"
    return ""


def _partial(expect: Mapping[str, Any], answer: RawAnswer) -> str:
    if answer.status != 200:
        return f"status {answer.status}, not 200: {answer.body[:300]!r}"
    stream = read_stream(answer.body)
    if not stream.content.startswith(expect["content_prefix"]):
        return f"content {stream.content[:100]!r} does not start as expected"
    if stream.errors != 1 or not stream.ends_with_error or stream.done:
        return f"not an interrupted stream: {stream}"
    if "SEC" in stream.content:
        return "the second entry went on where the first had broken off"
    return ""


def read_stream(body: bytes) -> Streamed:
    """Read the events of a whole stream. Raises ValueError where one is no strict JSON."""
    content: list[str] = []
    done = errors = 0
    last = ""
    for block in body.split(b"\n\n"):
        data = b"\n".join(
            line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:")
        )
        if not data:
            continue
        if data == b"[DONE]":
            done, last = done + 1, "done"
            continue
        event: dict[str, Any] = strict_json(data)
        if "error" in event:
            errors, last = errors + 1, "error"
            continue
        last = "chunk"
        for choice in event.get("choices", ()):
            content.append(choice.get("delta", {}).get("content") or "")
    return Streamed("".join(content), errors, done, last == "done", last == "error")


def _also(case: Case, outcome: Outcome, answer: RawAnswer) -> str:
    also = case.also
    if also.elapsed_max is not None and outcome.elapsed > also.elapsed_max:
        return f"took {outcome.elapsed:.2f} s, at most {also.elapsed_max} s"
    if also.client_body_max is not None and len(answer.body) > also.client_body_max:
        return f"body of {len(answer.body)} bytes, at most {also.client_body_max}"
    for text in also.client_no_substring:
        if text.encode() in answer.head + answer.body:
            return f"the client got {text!r}"
    if also.client_strict_json and case.mode == "non_stream":
        try:
            answer.json()
        except ValueError as error:
            return f"no strict JSON: {error}"
    if (most := also.observer_requests_max) is not None and outcome.observer_requests > most:
        return f"another host got {outcome.observer_requests} requests"
    if (most := also.upstream_requests_max) is not None and outcome.upstream_requests > most:
        return f"{outcome.upstream_requests} requests, at most {most}"
    if also.rss_growth_max is not None and outcome.rss_growth > also.rss_growth_max:
        return f"memory grew by {outcome.rss_growth:.0f} MiB, at most {also.rss_growth_max}"
    return ""
