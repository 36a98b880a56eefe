"""What the fast reading takes, it takes as tomlkit does, with which edits are written."""

from __future__ import annotations

import random

import pytest
import tomlkit

from store.problems import ConfigError
from store.toml_text import parse
from tests.store.written_configs import Writer, config

TEXTS = {
    "numbers": "a = 1_000\nb = 0xDEAD_beef\nc = -0\nd = 0o17\ne = 0b11\nf = +9223372036854775808\n",
    "floats": "a = 1e5\nb = -0.0\nc = 6.02_2e+23\nd = inf\ne = -inf\nf = 3.0\n",
    "escapes": 'a = "\\u00fc\\t\\\\\\""\nb = \'C:\\raw\'\n',
    "long texts": 'a = """\none\\\n   two"""\nb = ' + "'''\n'x'''\n",
    "tables": "[a.b]\nc.d = 1\n[[e]]\n[[e]]\nf = {g = {}, h.i = [1, [2, 'x'],]}\n[a]\n'' = 2\n",
    "line break in an inline table": "a = {\n  b = 1,\n}\n",
    "CRLF in a long text": 'a = """\r\none\r\ntwo"""\r\n',
}
TIMES = (
    "a = 1979-05-27T07:32:00Z\nb = 1979-05-27T00:32:00.999-07:00\nc = 1979-05-27T07:32:00\n"
    "d = 1979-05-27\ne = 07:32:00.5\nf = 1979-05-27 07:32:00+01:30\n"
)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_is_read_as_it_is_written(text: str) -> None:
    # `repr`: 1 is not 1.0 here, nor -0.0 0.0.
    assert repr(parse(text, "t").table) == repr(tomlkit.parse(text).unwrap())


def test_times_are_the_same_moments() -> None:
    assert parse(TIMES, "t").table == tomlkit.parse(TIMES).unwrap()


@pytest.mark.parametrize("seed", range(100))
def test_any_config_is_read_as_it_is_written(seed: int) -> None:
    rnd = random.Random(seed)
    text = "\n".join(line.text for line in Writer(rnd).file(config(rnd)))

    # Out of order, so is the table that tomlkit makes of it: the values count.
    assert parse(text, "t").table == tomlkit.parse(text).unwrap()


@pytest.mark.parametrize("text", ["a = 1\na = 2\n", "a = [1\n", "a = 2025-02-30\n", "=\n"])
def test_what_is_no_toml_is_none_either_way(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^t:[12]: column"):
        parse(text, "t")
