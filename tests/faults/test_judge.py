"""The judge itself: it lets good outcomes pass and finds what is wrong with the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.faults.cases import Also, Case, load_cases
from tests.faults.judge import Outcome, read_stream, verdict
from tests.upstreams.raw_client import RawAnswer

ERROR: dict[str, Any] = {"message": "m", "type": "t", "param": None, "code": None}
FINE = b'data: {"choices":[{"delta":{"content":"FIRST"}}]}\n\ndata: [DONE]\n\n'
PARTIAL = b'data: {"choices":[{"delta":{"content":"FI"}}]}\n\ndata: {"error":{}}\n\n'


def a_case(mode: str, **expect: Any) -> Case:
    case = next(case for case in load_cases() if case.mode == mode)
    return replace(case, expect=expect, also=Also())


def an_outcome(status: int, body: bytes, provider: str = "", **headers: str) -> Outcome:
    fields = {"x-429chain-provider": provider, **headers}
    answer = RawAnswer(status, fields, body, b"")
    return Outcome(answer, "", 0.1, 1, 0, 0.0)


def test_scripts_give_cases_with_ids_of_their_own():
    cases = load_cases()
    assert len({case.id for case in cases}) == len(cases) == len({case.name for case in cases})
    assert all(len(case.id) == 4 for case in cases)


@pytest.mark.parametrize(
    "status, body, good",
    [
        (503, {"error": ERROR}, True),
        (500, {"error": ERROR}, False),
        (503, {"detail": "no"}, False),
        (503, {"error": {"message": "m"}}, False),
    ],
)
def test_an_error_has_its_status_and_shape(status: int, body: object, good: bool):
    case = a_case("non_stream", kind="error", status_in=(503,))
    assert (verdict(case, an_outcome(status, orjson.dumps(body))) == "") is good


@pytest.mark.parametrize(
    "body, good",
    [
        (FINE, True),
        (FINE + b"data: [DONE]\n\n", False),
        (FINE.replace(b"FIRST", b"OTHER"), False),
        (FINE.removesuffix(b"data: [DONE]\n\n"), False),
        (PARTIAL, False),
        (b"data: {\n\n", False),
    ],
)
def test_a_stream_is_whole_and_ends_with_one_done(body: bytes, good: bool):
    case = a_case("stream", kind="ok", content="FIRST", served_by="first")
    assert (verdict(case, an_outcome(200, body, case.id)) == "") is good


@pytest.mark.parametrize(
    "body, good",
    [
        (PARTIAL, True),
        (PARTIAL + b"data: [DONE]\n\n", False),
        (PARTIAL.removesuffix(b'data: {"error":{}}\n\n'), False),
        (PARTIAL.replace(b"FI", b"FISEC"), False),
    ],
)
def test_an_interrupted_stream_says_so_once(body: bytes, good: bool):
    case = a_case("stream", kind="partial", content_prefix="FI")
    assert (verdict(case, an_outcome(200, body, case.id)) == "") is good


def test_what_else_has_to_hold_is_looked_at():
    case = a_case("non_stream", kind="error", status_in=(503,))
    fine = an_outcome(503, orjson.dumps({"error": {**ERROR, "message": "EVIL"}}))
    assert verdict(case, fine) == ""
    for also in (
        Also(elapsed_max=0.05),
        Also(client_body_max=10),
        Also(client_no_substring=("EVIL",)),
        Also(upstream_requests_max=0),
    ):
        assert verdict(replace(case, also=also), fine) != ""
    assert verdict(case, replace(fine, answer=None, broken="cut")) == "no whole answer: cut"


def test_a_stream_is_read_as_clients_read_it():
    assert read_stream(b": hi\n\n" + FINE).content == "FIRST"
    with pytest.raises(ValueError):
        read_stream(b'data: {"a": NaN}\n\n')
