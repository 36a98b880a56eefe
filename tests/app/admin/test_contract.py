"""Each method of Admin has its route, and both of its implementations have the method."""

from __future__ import annotations

import inspect

import aiohttp
from pydantic import SecretStr

from app.admin.local import LocalAdmin
from app.contract import Admin
from app.operations import OPERATIONS
from app.remote import remote_admin
from app.web.openapi import describe

METHODS = {name for name, value in vars(Admin).items() if inspect.isfunction(value)} - {
    "__init__",
    "_no_init_or_replace_init",
    "__subclasshook__",
}
ROUTES = """
GET /api/status
GET /api/limits
POST /api/limits/{provider}/{model}/clear
GET /api/providers
POST /api/providers
GET /api/providers/{id}
PATCH /api/providers/{id}
DELETE /api/providers/{id}
GET /api/providers/{id}/models
POST /api/providers/{id}/check
GET /api/presets
GET /api/chains
POST /api/chains
GET /api/chains/{name}
PUT /api/chains/{name}
DELETE /api/chains/{name}
POST /api/undo
GET /api/requests
GET /api/requests/{id}
GET /api/requests.csv
GET /api/requests.jsonl
GET /api/stats
POST /api/test
GET /api/events
GET /metrics
"""
"""DESIGN A7, the routes of the table."""

FIELDS = {
    "Counts": "in_flight waiting requests_per_minute requests_today failed_today tokens_today "
    "tokens_out_today saved_today_usd waterfalled_share entries entries_out config_version",
    "Status": "version restart_needed counts",
    "Gauge": "scope pool dimension window kind limit remaining resets_at source guess",
    "Health": "attempts refused failed error_rate p50_ms p95_ms first_token_p50_ms",
    "EntryLimits": "entry state reason until gauges health",
    "Chain": "name entries next first_back waiting",
    "BackAt": "entry at",
    "SecretState": "set hint source",
    "ListedModel": "id context_window max_output tools vision free entry_in",
    "ModelList": "items fetched_at",
    "Request": "id time client agent chain entry status outcome stream attempts trail tokens_in "
    "tokens_out estimated duration_ms first_token_ms saved_usd client_closed",
    "Attempt": "entry outcome status started_ms duration_ms first_token_ms detail",
    "RequestPage": "items next",
    "RequestDetail": "attempts bodies bodies_kept",
    "Bodies": "request request_cut answer answer_cut",
    "Check": "ok detail models missing checked_at key_tested",
    "StatsRow": "requests attempts refused failed waterfalled tokens_in tokens_out mean_ms p95_ms "
    "saved_usd landed",
}
"""DESIGN A7, the names of fields."""


def test_each_method_has_a_route_and_each_route_a_method() -> None:
    assert len(METHODS) > 20
    assert {operation.name for operation in OPERATIONS} == METHODS


def test_the_routes_are_those_that_were_promised() -> None:
    made = {f"{operation.method} {operation.path}" for operation in OPERATIONS}

    assert set(ROUTES.split("\n")) - {""} == made - {"POST /api/limits/{provider}/clear"}


def test_the_local_admin_takes_what_the_contract_says() -> None:
    for name in METHODS:
        promised = inspect.signature(getattr(Admin, name))
        made = inspect.signature(getattr(LocalAdmin, name))
        assert list(made.parameters) == list(promised.parameters), name
        for parameter in promised.parameters.values():
            assert made.parameters[parameter.name].kind == parameter.kind, name
            assert made.parameters[parameter.name].default == parameter.default, name


async def test_the_remote_admin_has_every_method_and_no_other() -> None:
    async with aiohttp.ClientSession() as session:
        remote = remote_admin("http://127.0.0.1:1", SecretStr("x"), session)

        assert all(callable(getattr(remote, name)) for name in METHODS)
        assert not hasattr(remote, "something_else")


def test_every_method_and_field_is_described() -> None:
    document = describe("chain429_4291")

    operations = [verb for verbs in document["paths"].values() for verb in verbs.values()]
    ids = [verb["operationId"] for verb in operations]
    assert len(ids) == len(set(ids))
    assert all(verb["summary"] for verb in operations)
    schemas = document["components"]["schemas"]
    assert {"Status", "Counts", "Gauge", "Health", "Chain", "Provider", "Request"} <= set(schemas)
    for name, fields in FIELDS.items():
        assert set(fields.split()) <= set(schemas[name]["properties"]), name
