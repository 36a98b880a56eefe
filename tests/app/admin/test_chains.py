"""Chains through the API: read, reordered, renamed, removed, undone."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from store import config_file
from tests.app.running import Instance, config, running
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import refusal


async def test_a_reorder_is_on_disk_and_live_and_keeps_the_comments(instance: Instance) -> None:
    answer = await instance.ask(
        "PUT", "/api/chains/free", json={"entries": ["lab/n", "lab/m", "lab/deep/model:free"]}
    )

    assert answer.status == 200
    assert answer.body["entries"] == ["lab/n", "lab/m", "lab/deep/model:free"]
    assert answer.body["next"] == "lab/n"
    assert answer.headers["ETag"] == f'"{answer.body["version"]}"'
    assert [e.name for e in instance.engine.configuration.chains["free"].entries] == (
        answer.body["entries"]
    )
    assert "# best first" in instance.text()


async def test_rename_add_remove(instance: Instance) -> None:
    renamed = await instance.ask("PUT", "/api/chains/free", json={"name": "main"})
    added = await instance.ask("POST", "/api/chains", json={"name": "b", "entries": ["lab/m"]})
    taken = await instance.ask("POST", "/api/chains", json={"name": "b", "entries": ["lab/m"]})
    default = await instance.ask("DELETE", "/api/chains/main")
    removed = await instance.ask("DELETE", "/api/chains/b")
    listed = await instance.ask("GET", "/api/chains")

    assert (renamed.status, renamed.body["default"]) == (200, True)
    assert added.status == 201
    assert (taken.status, taken.body["error"]["field"]) == (409, "name")
    assert default.status == 409
    assert removed.status == 204
    assert [chain["name"] for chain in listed.body["items"]] == ["main"]
    assert (await instance.ask("GET", "/api/chains/free")).status == 404


async def test_undo_takes_changes_back_one_by_one(instance: Instance) -> None:
    before = instance.text()
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})
    await instance.ask("PUT", "/api/chains/free", json={"name": "main"})

    first = await instance.ask("POST", "/api/undo")
    second = await instance.ask("POST", "/api/undo")
    third = await instance.ask("POST", "/api/undo")

    assert (first.status, first.body["change"], first.body["left"]) == (
        200,
        "rename chain free to main",
        1,
    )
    assert (second.status, second.body["left"]) == (200, 0)
    assert third.status == 409
    assert instance.text() == before
    assert list(instance.engine.configuration.chains) == ["free"]


async def test_the_last_twenty_changes_can_be_undone(instance: Instance) -> None:
    for number in range(25):
        await instance.ask("PUT", f"/api/chains/{_nth(number)}", json={"name": _nth(number + 1)})
    undone = [await instance.ask("POST", "/api/undo") for _ in range(20)]
    refused = await instance.ask("POST", "/api/undo")

    assert [(one.body["change"], one.body["left"]) for one in undone] == [
        (f"rename chain {_nth(number)} to {_nth(number + 1)}", number - 5)
        for number in reversed(range(5, 25))
    ]
    assert refused.status == 409
    assert list(instance.engine.configuration.chains) == [_nth(5)]


def _nth(number: int) -> str:
    return f"chain-{number}" if number else "free"


async def test_a_change_of_nothing_is_none_to_undo(instance: Instance) -> None:
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})
    for _ in range(3):
        again = await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})
        assert again.status == 200
    undone = await instance.ask("POST", "/api/undo")

    assert undone.body["change"] == "change chain free"
    assert undone.body["left"] == 0
    assert instance.engine.configuration.chains["free"].entries[0].name == "lab/m"


async def test_undo_does_not_lose_an_edit_by_hand(instance: Instance) -> None:
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})
    instance.path.write_text(instance.text() + "# mine\n", "utf-8")
    await instance.configured.reload()
    answer = await instance.ask("POST", "/api/undo")

    assert answer.status == 409
    assert "edited by hand" in answer.body["error"]["message"]
    assert instance.text().endswith("# mine\n")


async def test_if_match_lets_the_second_of_two_readers_know(instance: Instance) -> None:
    etag = (await instance.ask("GET", "/api/chains")).headers["ETag"]

    async def write(entry: str) -> int:
        answer = await instance.ask(
            "PUT", "/api/chains/free", json={"entries": [entry]}, headers={"if-match": etag}
        )
        return answer.status

    assert sorted(await asyncio.gather(write("lab/n"), write("lab/o"))) == [200, 412]
    assert (
        await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/p"]})
    ).status == 200
    newest = (await instance.ask("GET", "/api/chains/free")).headers["ETag"]
    answer = await instance.ask("DELETE", "/api/chains/x", headers={"if-match": newest})
    assert answer.status == 404


async def test_a_file_that_had_to_be_rewritten_in_place_is_told(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    before = (await instance.ask("GET", "/api/status")).body["config_warnings"]
    monkeypatch.setattr(config_file.os, "replace", busy)
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})
    after = (await instance.ask("GET", "/api/status")).body["config_warnings"]

    assert "lab/n" in instance.text()
    assert [one for one in before if "in place" in one] == []
    assert ["mount its folder" in one for one in after if "in place" in one] == [True]


async def test_an_edit_by_hand_is_not_overwritten(instance: Instance) -> None:
    by_hand = instance.text().replace("rpm = 100", "rpm = 99")
    instance.path.write_text(by_hand, "utf-8")
    refused = await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})
    again = await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})

    assert refused.status == 412
    assert again.status == 200
    assert "rpm = 99" in instance.text()


async def test_a_broken_edit_by_hand_is_told_and_kept(instance: Instance) -> None:
    broken = instance.text() + "\n[chains.x]\nentries = 7\n"
    instance.path.write_text(broken, "utf-8")
    await instance.configured.reload()
    status = await instance.ask("GET", "/api/status")
    write = await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})

    assert "config.toml:" in status.body["config_error"]
    assert write.status == 412
    assert instance.text() == broken
    assert (await instance.chat()).status == 200


async def test_a_config_that_is_gone_is_no_fault_of_the_change(instance: Instance) -> None:
    instance.path.unlink()
    write = await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})

    assert (write.status, write.body["error"]["field"]) == (409, None)
    assert write.body["error"]["message"] == "No such file."
    assert not instance.path.exists()


@pytest.mark.parametrize(
    "body, field",
    [
        ({"entries": []}, "entries"),
        ({"entries": ["nobody/m"]}, "entries"),
        ({"entries": ["lab"]}, "entries"),
        ({"entries": ["lab/m", "lab/m"]}, "entries"),
        ({"entries": "lab/m"}, "entries"),
        ({"entries": [7]}, "entries.0"),
        ({"name": "a b"}, "name"),
        ({"name": ""}, "name"),
        ({"entires": ["lab/m"]}, "entires"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_written(
    body: object, field: str, instance: Instance
) -> None:
    before = instance.text()
    answer = await instance.ask("PUT", "/api/chains/free", json=body)

    assert answer.status == 400
    assert answer.body["error"]["field"] == field
    assert instance.text() == before


@pytest.mark.parametrize(
    "body, field",
    [
        ({"name": "new", "entries": []}, "entries"),
        ({"name": "new", "entries": ["nobody/m"]}, "entries"),
        ({"name": "new", "entries": ["lab/m", "lab/m"]}, "entries"),
        ({"name": "entries", "entries": ["lab"]}, "entries"),
        ({"name": "a b", "entries": ["lab/m"]}, "name"),
    ],
)
async def test_what_is_wrong_with_a_new_chain_is_named(
    body: object, field: str, instance: Instance
) -> None:
    answer = await instance.ask("POST", "/api/chains", json=body)

    assert (answer.status, answer.body["error"]["field"]) == (400, field)


async def test_an_exhausted_chain_says_who_is_back_first(tmp_path: Path) -> None:
    async with (
        fake_provider([refusal(429, headers={"retry-after": "300"})]) as a,
        fake_provider([refusal(429, headers={"retry-after": "100"})]) as b,
    ):
        text = config(
            f'routing = {{ max_wait = "0s" }}\n{provider("a", a)}\n{provider("b", b)}\n'
            '[chains.free]\nentries = ["a/m", "b/m"]\n'
        ).replace("[server]", '[routing]\nmax_wait = "0s"\n[server]', 1)
        text = text.replace('routing = { max_wait = "0s" }\n', "")
        async with running(tmp_path, text) as made:
            assert (await made.chat()).status == 429
            chain = (await made.ask("GET", "/api/chains/free")).body
            limits = (await made.ask("GET", "/api/limits")).body["items"]
            cleared = await made.ask("POST", "/api/limits/b/m/clear")
            after = (await made.ask("GET", "/api/chains/free")).body

    assert chain["next"] is None
    assert chain["first_back"]["entry"] == "b/m"
    assert [(e["entry"], e["state"], e["reason"]) for e in limits] == [
        ("a/m", "cooling", "cooldown"),
        ("b/m", "cooling", "cooldown"),
    ]
    assert chain["first_back"]["at"][:19] == limits[1]["until"][:19]
    assert limits[0]["health"]["refused"] == 1
    assert [e["state"] for e in cleared.body["items"]] == ["available"]
    assert (after["next"], after["first_back"]) == ("b/m", None)


def provider(id: str, fake: FakeProvider) -> str:
    return f'[providers.{id}]\npreset = "openai-compatible"\nbase_url = "{fake.base_url}"'


async def test_what_the_environment_sets_stays(tmp_path: Path, lab: FakeProvider) -> None:
    text = config(f'{provider("lab", lab)}\n[chains.free]\nentries = ["lab/m"]\n')
    environ = {"CHAIN429_PROVIDERS__LAB__BASE_URL": lab.base_url}
    async with running(tmp_path, text, environ) as made:
        answer = await made.ask(
            "PATCH", "/api/providers/lab", json={"base_url": "http://127.0.0.1:1/v1"}
        )

    assert answer.status == 409
    assert "CHAIN429_PROVIDERS__LAB__BASE_URL" in answer.body["error"]["message"]


@pytest.mark.parametrize("model", ["q/r:free", "q%2Fr:free", "q%2fr%3Afree"])
async def test_a_model_with_slashes_can_be_cleared(model: str, instance: Instance) -> None:
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/q/r:free"]})
    answer = await instance.ask("POST", f"/api/limits/lab/{model}/clear")

    assert [entry["entry"] for entry in answer.body["items"]] == ["lab/q/r:free"]
