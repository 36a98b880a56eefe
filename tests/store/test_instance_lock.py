from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from store.instance_lock import (
    AlreadyRunning,
    Instance,
    find_instance,
    hold_instance_lock,
    lock_path,
)
from tests.store.made import mode

_HOLDER = """
import sys
from pathlib import Path
from store.instance_lock import hold_instance_lock
with hold_instance_lock(Path(sys.argv[1])) as lock:
    lock.announce("http://127.0.0.1:4291")
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return lock_path(tmp_path / "data" / "429chain.db")


def _holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_stands_beside_the_database_and_is_private(path: Path) -> None:
    assert path.name == "429chain.lock"
    with hold_instance_lock(path) as lock:
        assert lock.problem is None
        assert mode(path) == 0o600
        assert mode(path.parent) == 0o700


def test_a_second_process_is_told_whom_to_talk_to_and_a_killed_one_is_forgotten(path: Path) -> None:
    with _holder(path) as process:
        try:
            assert find_instance(path) == Instance(process.pid, "http://127.0.0.1:4291")
            with pytest.raises(AlreadyRunning) as caught, hold_instance_lock(path):
                pass
            assert caught.value.pid == process.pid
            assert caught.value.url == "http://127.0.0.1:4291"
            assert f"pid {process.pid}" in str(caught.value)
        finally:
            process.kill()
            process.wait()
    assert path.read_text()
    assert find_instance(path) is None
    with hold_instance_lock(path) as lock:
        assert lock.problem is None


def test_the_lock_ends_with_the_block(path: Path) -> None:
    with hold_instance_lock(path):
        assert find_instance(path) is not None
    assert find_instance(path) is None
    with hold_instance_lock(path):
        pass


def test_a_shorter_announcement_leaves_nothing_of_the_longer(path: Path) -> None:
    with hold_instance_lock(path) as lock:
        lock.announce("http://a-rather-long-name.example:4291")
        lock.announce("http://[::1]:1")
        found = find_instance(path)
        assert found is not None
        assert found.url == "http://[::1]:1"
        lock.announce(None)
        assert path.read_text().endswith("null}")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x", "url": 3}', "\0\0", '{"pid"'])
def test_what_the_file_says_is_not_trusted(path: Path, text: str) -> None:
    with hold_instance_lock(path):
        path.write_text(text)
        assert find_instance(path) == Instance(None, None)
        with pytest.raises(AlreadyRunning, match="another 429chain"), hold_instance_lock(path):
            pass


def test_no_lock_where_there_can_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bad = tmp_path / "file" / "429chain.lock"
    with hold_instance_lock(bad) as lock:
        assert lock.problem is not None
        assert str(bad) in lock.problem
        lock.announce("http://127.0.0.1:4291")
    assert find_instance(bad) is None


def test_a_link_in_its_place_is_not_followed(path: Path) -> None:
    path.parent.mkdir()
    target = path.parent / "precious"
    target.write_text("kept")
    path.symlink_to(target)
    with hold_instance_lock(path) as lock:
        assert lock.problem is not None
    assert target.read_text() == "kept"
