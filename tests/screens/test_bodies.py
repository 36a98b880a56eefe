"""What a request asked and was answered: laid out, put together, and loaded again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.request_snapshot import Bodies
from screens.bodies import GONE, OFF, Asked, asked_in, missing, rows
from screens.inks import Inks
from screens.prompt import TestView as PromptView
from screens.symbols import UNICODE
from screens.themes import THEMES, colours_of
from tests.screens.conftest import MakeShell
from tests.screens.history import history
from tests.screens.instance import FakeAdmin
from tests.screens.seen import rows as rows_of
from tests.screens.seen import settled, shows

_INKS = Inks(colours_of(THEMES[0], {}))
ASKED = json.dumps(
    {
        "model": "free",
        "messages": [
            {"role": "system", "content": "Be short.\nIn three rules."},
            {"role": "user", "content": "Explain a waterfall of rate limits to a colleague."},
        ],
    }
)
STREAM = (
    'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
    'data: {"choices":[{"delta":{"content":"Count before "}}]}\n\n'
    'data: {"choices":[{"delta":{"content":"you send."}}]}\n\ndata: [DONE]\n\n'
)


def drawn(bodies: Bodies, width: int = 80) -> list[str]:
    return [line.strip(width, _INKS).text.rstrip() for line in rows(bodies, width, UNICODE)]


def both(request: str = ASKED, answer: str = STREAM, *, cut: bool = False) -> Bodies:
    return Bodies(request, cut, answer, cut)


def test_json_is_laid_out_and_lines_of_a_text_are_lines() -> None:
    text = drawn(both(), 60)
    assert text[0].startswith(" asked ──")
    assert text[0].endswith(f"── {len(ASKED)} bytes")
    assert '   "model": "free",' in text
    at = text.index(r'       "content": "Be short.\n')
    assert text[at + 1] == '           In three rules."'


@pytest.mark.parametrize(
    "answer",
    [
        STREAM,
        'event: x\ndata: {"type":"delta","delta":{"text":"Count before you send."}}\n',
        'data: {"type":"response.output_text.delta","delta":"Count before you send."}\n\n',
        'data: {"choices":[{"text":"Count before you send."}]}\n\n',
    ],
)
def test_a_stream_is_put_together(answer: str) -> None:
    text = drawn(both(answer=answer))
    at = next(at for at, row in enumerate(text) if row.startswith(" answered ──"))
    assert text[at + 1] == " Count before you send."
    assert text[at + 3] == " as it came"


def test_what_is_cut_says_so_and_what_is_no_json_stands_as_it_came() -> None:
    text = drawn(both(ASKED[:60], "<html>no</html>", cut=True))
    assert text[0].endswith("── the first 60 bytes")
    assert text.count(" cut here: of a longer body only its beginning is kept") == 2
    assert " <html>no</html>" in text
    assert drawn(both(answer=""))[-1] == " nothing"


@given(request=st.text(max_size=300), answer=st.text(max_size=300), width=st.integers(20, 200))
def test_no_row_is_wider_than_the_screen(request: str, answer: str, width: int) -> None:
    wrapped = json.dumps({"messages": [{"content": request}]})
    for line in rows(Bodies(wrapped, False, answer, False), width, UNICODE):
        assert line.strip(400, _INKS).text.rstrip() == line.strip(width, _INKS).text.rstrip()


@pytest.mark.parametrize(
    "request_, found",
    [
        (ASKED, Asked("Explain a waterfall of rate limits to a colleague.", 2)),
        ('{"input": "hi"}', Asked("hi", 1)),
        ('{"prompt": "once"}', Asked("once", 1)),
        (
            '{"messages": [{"role": "user", "content": [{"type": "text", "text": "a"},'
            ' {"type": "image_url"}, {"type": "text", "text": "b"}]}]}',
            Asked("a\nb", 1),
        ),
        ('{"messages": [{"role": "system", "content": "x"}]}', None),
        ("[1]", None),
        ("{", None),
    ],
)
def test_the_last_thing_that_was_asked(request_: str, found: Asked | None) -> None:
    assert asked_in(both(request_)) == found


def test_why_there_are_none() -> None:
    like = history()[0]
    assert missing(like) == OFF
    assert missing(replace(like, bodies_kept=True)) == GONE
    assert missing(replace(like, bodies=both(), bodies_kept=True)) == ""


def keeping(bodies: Bodies | None) -> FakeAdmin:
    admin = FakeAdmin()
    admin.log = [replace(one, bodies=bodies, bodies_kept=True) for one in admin.log]
    return admin


async def test_b_shows_them_and_the_attempts_again(shell: MakeShell) -> None:
    app = shell(keeping(both()), mode="requests")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await shows(pilot, "b shows the bodies")
        await pilot.press("b")
        text = await shows(pilot, " asked ──", '"model": "free"')
        assert "served by" not in text
        await pilot.press("end")
        await shows(pilot, "data: [DONE]")
        await pilot.press("b")
        await shows(pilot, "served by")


async def test_beside_the_list_they_take_the_place_of_the_attempts(shell: MakeShell) -> None:
    app = shell(keeping(both()), mode="requests")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("b")
        await shows(pilot, " asked ──", "14:04:29")
        await pilot.press("end")
        await shows(pilot, "data: [DONE]")
        await pilot.press("tab", "shift+tab", "b")
        await shows(pilot, "asked by")


@pytest.mark.parametrize(
    "bodies, prompt, told",
    [
        (both(), "Explain a waterfall of rate limits to a colleague.", "of 2 messages"),
        (both('{"messages": [{"role": "user", "content": "hi"}]}'), "hi", ""),
        (both(ASKED[:40], cut=True), "", "longer than what is kept"),
        (both('{"messages": []}'), "", "holds no text"),
        (None, "", "Its bodies are gone"),
    ],
)
async def test_t_loads_the_prompt(
    shell: MakeShell, bodies: Bodies | None, prompt: str, told: str
) -> None:
    app = shell(keeping(bodies), mode="requests")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("down", "t")
        await shows(pilot, "send to code", told)
        screen = app.screen
        assert isinstance(screen, PromptView)
        assert screen.prompt.text == prompt


async def test_hostile_bodies_send_no_control_character(shell: MakeShell) -> None:
    evil = json.dumps({"a": "\x1b]0;owned\x07 \u202e"}, ensure_ascii=False)
    app = shell(keeping(both(evil, "\x1b[2J\x00")), mode="requests")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("b")
        await shows(pilot, " asked ──", "owned")
        text = "".join(rows_of(app))
        assert all(letter.isprintable() for letter in text)
