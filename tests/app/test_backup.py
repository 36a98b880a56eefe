"""`429chain backup`: what is in the archive, who may read it, what it leaves alone."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from app import cli
from app.backup import back_up
from app.options import UserError
from app.progress import percent
from tests.e2e.process import completed, config, running
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion
from tests.upstreams.waiting import until

_CONFIG = '[server]\napi_keys = ["sk-client"]\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a config and a database of one row, as a running instance leaves them."""
    (tmp_path / "mine.toml").write_text(_CONFIG)
    with closing(sqlite3.connect(tmp_path / "429chain.db")) as database:
        database.executescript("CREATE TABLE note (text); INSERT INTO note VALUES ('kept')")
    return tmp_path


def _back_up(home: Path, target: Path) -> list[float]:
    """How far it said it was."""
    seen: list[float] = []
    config, database = home / "mine.toml", home / "429chain.db"
    back_up(target, config=config, database=database, progress=seen.append)
    return seen


def _unpack(archive: Path, folder: Path) -> dict[str, int]:
    """The names in it and their modes; the files are in `folder` then."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
        return {member.name: member.mode for member in tar}


def _rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def test_config_and_database_are_in_it_under_their_own_names(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.tgz"
    seen = _back_up(home, target)

    assert _unpack(target, tmp_path / "back") == {"config.toml": 0o600, "429chain.db": 0o600}
    assert (tmp_path / "back" / "config.toml").read_text() == _CONFIG
    assert _rows(tmp_path / "back" / "429chain.db", "SELECT text FROM note") == [("kept",)]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_what_is_there_is_not_overwritten(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.tgz"
    target.write_text("an older one")

    with pytest.raises(UserError, match=r"backup.tgz exists already: choose another name"):
        _back_up(home, target)
    assert target.read_text() == "an older one"


def test_a_broken_database_leaves_no_archive(home: Path, tmp_path: Path) -> None:
    (home / "429chain.db").write_bytes(b"no database at all" * 100)
    before = set(tmp_path.iterdir())

    with pytest.raises(UserError, match="cannot be copied: file is not a database"):
        _back_up(home, tmp_path / "backup.tgz")
    assert set(tmp_path.iterdir()) == before


def test_without_a_config_it_asks_for_one(home: Path, tmp_path: Path) -> None:
    (home / "mine.toml").unlink()

    with pytest.raises(UserError, match=r"mine.toml: no such file.*--config"):
        _back_up(home, tmp_path / "backup.tgz")
    assert not (tmp_path / "backup.tgz").exists()


def test_a_folder_that_is_not_there_is_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be written: no such file or directory"):
        _back_up(home, tmp_path / "nowhere" / "backup.tgz")


def test_before_the_first_start_there_is_only_a_config(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "backup.tgz"
    flags = ["--config", str(home / "mine.toml"), "--data-dir", str(tmp_path / "empty")]

    assert cli.main(["backup", str(target), *flags]) == 0
    told = capsys.readouterr().out
    assert f"wrote {target} (0.0 MiB, readable by you only)" in told
    assert f"no database: there is none yet at {tmp_path / 'empty' / '429chain.db'}" in told
    assert _unpack(target, tmp_path / "back") == {"config.toml": 0o600}


def test_percents_are_for_a_terminal_and_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    piped, terminal = io.StringIO(), io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    for stream in (piped, terminal):
        show = percent(stream)
        for done in (0.1, 0.101, 0.5, 1.0, 1.0):
            show(done)

    assert piped.getvalue() == ""
    assert terminal.getvalue() == "\r10 %\r50 %\r     \r"


async def test_a_running_instance_is_backed_up_whole_and_goes_on(tmp_path: Path) -> None:
    async with (
        fake_provider([completion("hi")] * 40) as up,
        running(tmp_path, config(a=up)) as chain,
    ):
        database = chain.data / "429chain.db"
        for _ in range(20):
            assert (await chain.chat()).status == 200
        await until(lambda: _rows(database, "SELECT count(*) FROM requests") == [(20,)])
        flags = ["--config", chain.config, "--data-dir", chain.data]
        (tmp_path / "apart").mkdir()
        # While it answers, and writes what it answered.
        done, answers = await asyncio.gather(
            completed(tmp_path / "apart", "backup", tmp_path / "backup.tgz", *flags),
            asyncio.gather(*(chain.chat() for _ in range(20))),
        )
        assert done.process.returncode == 0, done.stderr
        assert f"wrote {tmp_path / 'backup.tgz'}" in done.stdout
        assert [answer.status for answer in answers] == [200] * 20
        assert await chain.stop() == 0

    _unpack(tmp_path / "backup.tgz", tmp_path / "back")
    copy = tmp_path / "back" / "429chain.db"
    assert _rows(copy, "PRAGMA integrity_check") == [("ok",)]
    ((rows,),) = _rows(copy, "SELECT count(*) FROM requests")
    assert isinstance(rows, int)
    assert 20 <= rows <= 40
    assert _rows(database, "SELECT count(*) FROM requests") == [(40,)]
