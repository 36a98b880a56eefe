"""Durations, sizes, addresses, secrets: the words inside the config file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from proxy.addresses import Reach, reach_of_host
from store.base_url import BadAddress, read_base_url
from store.secret_references import SecretReader, read_dotenv
from store.units import byte_size, positive_seconds, seconds


@pytest.mark.parametrize(
    "written, expected",
    [
        ("500ms", 0.5),
        ("5s", 5),
        ("10m", 600),
        ("1h", 3600),
        ("7d", 604800),
        ("1.5s", 1.5),
        ("0s", 0),
        (" 5 s ", 5),
    ],
)
def test_durations(written: str, expected: float) -> None:
    assert seconds(written) == expected


@pytest.mark.parametrize(
    "written",
    ["5", "", "s", "5 minutes", "1e3s", "inf", "infs", "nans", "9" * 400 + "h", "٥s", "-5s"],
)
def test_what_is_no_duration(written: str) -> None:
    with pytest.raises(ValueError, match="must"):
        seconds(written)


@pytest.mark.parametrize("written", [5, 5.0, float("inf"), True, None, ["5s"]])
def test_a_duration_is_text(written: object) -> None:
    with pytest.raises(ValueError, match="such as"):
        seconds(written)


def test_a_timeout_is_longer_than_nothing() -> None:
    with pytest.raises(ValueError, match="longer than 0s"):
        positive_seconds("0ms")


@pytest.mark.parametrize(
    "written, expected",
    [("16MiB", 16 * 1024**2), ("1 KiB", 1024), ("2MB", 2_000_000), ("1GiB", 1024**3)],
)
def test_sizes(written: str, expected: int) -> None:
    assert byte_size(written) == expected


@pytest.mark.parametrize("written", ["16", 16, "16MB!", "0B", "1B", "99999GiB", "-1MiB", "1" * 999])
def test_what_is_no_size(written: object) -> None:
    with pytest.raises(ValueError, match="must"):
        byte_size(written)


@pytest.mark.parametrize(
    "host, reach",
    [
        ("127.0.0.1", "loopback"),
        ("127.1", "loopback"),
        ("2130706433", "loopback"),
        ("0x7f.1", "loopback"),
        ("localhost", "loopback"),
        ("[::1]", "loopback"),
        ("[::ffff:127.0.0.1]", "loopback"),
        ("192.168.1.5", "private"),
        ("100.64.0.1", "private"),
        ("[fd12::1]", "private"),
        ("ollama", "private"),
        ("box.lan", "private"),
        ("8.8.8.8", "public"),
        ("api.groq.com", "public"),
        ("[2001:4860:4860::8888]", "public"),
        ("169.254.169.254", "refused"),
        ("[::ffff:169.254.169.254]", "refused"),
        ("[64:ff9b::a9fe:a9fe]", "refused"),
        ("2852039166", "refused"),
        ("100.100.100.200", "refused"),
        ("[fd00:ec2::254]", "refused"),
        ("[fe80::1]", "refused"),
        ("0.0.0.0", "refused"),
        ("[::]", "refused"),
        ("224.0.0.1", "refused"),
        ("metadata.google.internal", "refused"),
        ("metadata.google.internal.", "refused"),
    ],
)
def test_what_lies_behind_a_host(host: str, reach: Reach) -> None:
    assert reach_of_host(host) == reach


@pytest.mark.parametrize(
    "raw, url, origin",
    [
        (
            "https://api.groq.com/openai/v1/",
            "https://api.groq.com/openai/v1",
            "https://api.groq.com:443",
        ),
        ("HTTP://Box.LAN:8000/V1", "HTTP://Box.LAN:8000/V1", "http://box.lan:8000"),
        ("http://[::1]:80", "http://[::1]:80", "http://[::1]:80"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
    ],
)
def test_base_urls(raw: str, url: str, origin: str) -> None:
    address = read_base_url(raw)
    assert (address.url, address.origin) == (url, origin)


@pytest.mark.parametrize(
    "raw, words",
    [
        ("", "begin with http"),
        ("api.groq.com", "begin with http"),
        ("ftp://host/", "not ftp"),
        ("file:///etc/passwd", "not file"),
        ("https://user:pw@host/v1", "name or password"),
        ("https://host/v1?x=1", 'before "?"'),
        ("https://host/v1#x", 'before "?"'),
        ("https:///v1", "no valid host"),
        ("https://a b/v1", "no valid host"),
        ("https://a\r\nb/v1", "no valid host"),
        ("https://-a/v1", "no valid host"),
        ("https://1.2.3.400/v1", "no valid host"),
        ("https://münchen.example/v1", "no valid host"),
        ("https://host:0/v1", "port"),
        ("https://host:70000/v1", "port"),
        ("https://host:/v1", "port"),
        ("https://host/v 1", "no path"),
        ("https://host/{account_id}/v1", "gap"),
        ("http://169.254.169.254/latest", "may not point to"),
        ("http://0/", "may not point to"),
        ("http://[fe80::1]/", "may not point to"),
    ],
)
def test_refused_base_urls(raw: str, words: str) -> None:
    with pytest.raises(BadAddress, match=words):
        read_base_url(raw)


@given(st.text("htps:/.@[]?#aB1-_% \n{}0:é", max_size=30).map(lambda text: f"http://{text}"))
def test_what_is_read_as_a_base_url_is_plain(raw: str) -> None:
    try:
        address = read_base_url(raw)
    except BadAddress:
        return
    assert address.url.isascii()
    assert not set(address.url) & set("?#{} \n")
    assert "@" not in address.url.split("/")[2]
    assert address.reach != "refused"
    assert 1 <= address.port <= 65535


def reader(tmp_path: Path, environ: dict[str, str], **dotenv: str) -> SecretReader:
    return SecretReader(environ, dotenv, tmp_path)


def test_where_secrets_come_from(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    secrets = reader(tmp_path, {"A": " from-a \n", "EMPTY": ""}, A="dotenv", B="from-b", EMPTY="e")
    for written, value, source in [
        ("literal", "literal", "config"),
        ("env:A", "from-a", "env:A"),
        ("env:B", "from-b", "env:B"),
        ("env:EMPTY", "e", "env:EMPTY"),
        ("file:key", "from-file", "file:key"),
        (f"file:{tmp_path}/key", "from-file", f"file:{tmp_path}/key"),
    ]:
        resolved = secrets.resolve(SecretStr(written))
        assert resolved.value is not None, written
        assert resolved.value.get_secret_value() == value
        assert resolved.source == source
    assert secrets.files == [tmp_path / "key", tmp_path / "key"]


@pytest.mark.parametrize(
    "written, reason, malformed",
    [
        ("env:NOPE", "variable NOPE is not set", False),
        ("env:sk-pasted", "env: is not followed by a variable's name", True),
        ("env:", "env: is not followed by a variable's name", True),
        ("file:nope", "file nope cannot be read: no such file or directory", False),
        ("file:", "file: is not followed by a path", True),
        ("a b", "holds a blank, a control character or one outside ASCII", True),
        ("a\x07b", "holds a blank, a control character or one outside ASCII", True),
        ("schlüssel", "holds a blank, a control character or one outside ASCII", True),
        ("  ", "is empty", False),
    ],
)
def test_secrets_that_lead_nowhere(
    tmp_path: Path, written: str, reason: str, malformed: bool
) -> None:
    resolved = reader(tmp_path, {}).resolve(SecretStr(written))
    assert resolved.value is None
    assert (resolved.reason, resolved.malformed) == (reason, malformed)


def test_a_header_may_hold_blanks(tmp_path: Path) -> None:
    resolved = reader(tmp_path, {}).resolve(SecretStr("a b"), blanks=True)
    assert resolved.value == SecretStr("a b")


def test_dotenv(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert read_dotenv(path) == {}
    assert read_dotenv(tmp_path) == {}
    path.write_text(
        "# comment\n\nA=1\nexport B = 'two words # not a comment'\n"
        'C="with \\"quotes\\" and $HOME"\nD=plain # comment\nE=\nnonsense\n1X=2\n'
        'F=a#b\r\nG="a" # c\n'
    )
    assert read_dotenv(path) == {
        "A": "1",
        "B": "two words # not a comment",
        "C": 'with "quotes" and $HOME',
        "D": "plain",
        "E": "",
        "F": "a#b",
        "G": "a",
    }
