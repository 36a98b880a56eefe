"""docs/routing.md: no word, header or code of the program is missing in it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

from proxy import conclusion, replies, trail, upstream
from proxy.limits.blocks import LADDERS
from proxy.limits.readings import Meaning
from proxy.limits.status import LIMIT_REASONS
from proxy.server import Server
from store.settings import RoutingSettings, TimeoutSettings
from tests.app.running import config, running
from tests.docs.configuration_parts import written
from tests.docs.tables import page, rows, section, words

_PAGE = page("routing.md")


def _column(title: str, index: int = 0) -> list[str]:
    """What stands in code in a column of a section's tables."""
    cells = [row[index] for row in rows(section(_PAGE, title)) if len(row) > index]
    return [word for cell in cells for word in words(cell)]


def _reasons() -> set[str]:
    """Every REASON: the table that all of them go through on their way into a trail."""
    table: dict[str, Any] = vars(trail)["_OF_REASON"]
    return set(table)


def test_every_reason_is_explained_once() -> None:
    told = _column("Why an entry is skipped")

    assert sorted(told) == sorted(_reasons())
    assert _reasons() >= LIMIT_REASONS | {ladder.reason for ladder in LADDERS.values()}


def test_every_word_of_the_trail_is_explained() -> None:
    failures = set(get_args(get_type_hints(upstream.Failed)["word"]))
    plain = {"ok", "not-tried", "trying", "skipped:REASON"}

    told = {word for word in _column("The trail") if not word.isdigit()}

    assert told == failures | plain


def test_every_header_is_explained() -> None:
    sent = set(re.findall(r'"(x-[a-z0-9-]+)"', inspect.getsource(replies.job_headers)))

    assert set(_column("Headers")) == sent
    assert len(sent) == 8


def test_every_code_that_a_request_without_an_answer_gets_is_there() -> None:
    called = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(conclusion)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Conclusion"
    ]
    codes = {
        argument.value
        for call in called
        for argument in call.args[3:4]
        if isinstance(argument, ast.Constant) and argument.value is not None
    }

    told = _column("What the client gets", 2)

    assert {code for code in told if not code.startswith("retry")} == codes


_MEANS: Mapping[Meaning, str] = {
    Meaning.LIMIT: "429 that names a limit",
    Meaning.WAIT: "429 with a wait and no limit",
    Meaning.SILENT: "429 without a word",
    Meaning.CREDIT: "out of credit, no allowance, key refused, model gone",
    Meaning.NO_ALLOWANCE: "out of credit, no allowance, key refused, model gone",
    Meaning.BAD_KEY: "out of credit, no allowance, key refused, model gone",
    Meaning.NO_MODEL: "out of credit, no allowance, key refused, model gone",
    Meaning.CONCURRENT: "too many of your requests at once",
    Meaning.OVERLOADED: "overloaded (503, 529, a busy queue)",
    Meaning.TOO_LONG: "too large for its limit or its window",
    Meaning.INCAPABLE: '"takes no tools", "takes no images"',
    Meaning.PARAMETERS: "parameters it does not know",
    Meaning.CAP_TOO_LARGE: "`max_tokens` too large, with a number",
    Meaning.BAD_REQUEST: "any other 400, 422, or a 403 about the content",
    Meaning.FAILURE: "408, 5xx, 3xx, anything else, a timeout, no connection",
}


def test_everything_that_a_refusal_can_mean_has_its_row() -> None:
    told = {row[0] for row in rows(section(_PAGE, "What an answer does"))}

    assert set(_MEANS) == set(Meaning)
    assert told - set(_MEANS.values()) == {
        "a completion",
        "200 that is HTML, empty, broken, or carries an error",
    }
    assert set(_MEANS.values()) <= told


async def test_every_route_of_the_proxy_port_is_there(tmp_path: Path) -> None:
    async with running(tmp_path, config("")) as instance:
        routes = Server(instance.engine).routes
    served = {f"{methods[0]} {path}" for path, (methods, _) in routes.items()}
    # One model of the list: its name is part of the path.
    served |= {"GET /v1/models/{id}", "GET /models/{id}"}

    told = set(_column("What can be sent"))

    bare = {name.replace(" /v1/", " /") for name in told}
    assert served == told | bare


def test_every_timeout_is_there() -> None:
    told = {word.removeprefix("timeouts.") for word in _column("Streams")}

    assert told == set(TimeoutSettings.model_fields)


def test_the_defaults_of_waiting_are_right() -> None:
    for key, default, _ in rows(section(_PAGE, "When nobody is left")):
        table, _, name = key.strip("`").partition(".")
        model = {"routing": RoutingSettings, "timeouts": TimeoutSettings}[table]
        field = model.model_fields[name]
        told = default.strip("`").replace('"60s"', '"1m"')
        assert told == written(field.default, field), key
