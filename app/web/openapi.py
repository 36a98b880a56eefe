"""The admin API described in OpenAPI 3.1, from the table that its routes are made from."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any, Literal

from pydantic import TypeAdapter

from app.contract import Admin
from app.operations import OPERATIONS, Operation, Parameter
from app.version import VERSION
from app.web.arguments import MOST_NAME, VERSION_TAG

_REF = "#/components/schemas/{model}"
_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["title", "message", "hint", "field"],
            "properties": {
                "title": {"type": "string"},
                "message": {"type": "string"},
                "hint": {"type": "string"},
                "field": {"type": ["string", "null"]},
            },
        }
    },
}
_ERROR = {
    "description": "What is wrong and what to do: 400 names the field, 409 and 412 what is in the "
    "way, 401 a missing or wrong token, 503 what is down.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
_Mode = Literal["validation", "serialization"]
_Key = tuple[str, str, str]


@lru_cache(maxsize=1)
def describe(cookie: str) -> dict[str, Any]:
    """The whole document; `cookie` is the name of the session's."""
    schemas, components = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        verbs = paths.setdefault(operation.path, {})
        described = verbs.setdefault(operation.method.lower(), _operation(operation, schemas))
        described["responses"][str(operation.status)]["content"] |= _content(operation, schemas)
    for path, verbs in _BESIDE.items():
        paths[path] = verbs
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "429chain admin API",
            "version": VERSION,
            "description": inspect.getdoc(Admin),
        },
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": _ERROR_SCHEMA},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": cookie},
            },
        },
    }


def _schemas() -> tuple[dict[_Key, dict[str, Any]], dict[str, Any]]:
    """Of every parameter and result, and what they have in common."""
    adapters: list[tuple[_Key, _Mode, TypeAdapter[Any]]] = []
    for operation in OPERATIONS:
        where = (operation.method, operation.path)
        for parameter in operation.parameters:
            key = (*where, f"{operation.name}.{parameter.wire}")
            adapters.append((key, "validation", parameter.adapter))
        if operation.reply in ("object", "items"):
            adapters.append(((*where, operation.name), "serialization", operation.adapter))
    made, shared = TypeAdapter.json_schemas(adapters, ref_template=_REF)
    return {key: schema for (key, _), schema in made.items()}, shared.get("$defs", {})


def _operation(operation: Operation, schemas: dict[_Key, dict[str, Any]]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name + ("_account" if operation.leaves_out else ""),
        "summary": operation.summary,
        "parameters": [
            _parameter(operation, one, schemas)
            for one in operation.parameters
            if one.place != "body"
        ],
        "responses": {
            str(operation.status): {"description": operation.summary, "content": {}},
            "default": _ERROR,
        },
    }
    if operation.tells_version:
        etag = {"description": "The config's version.", "schema": {"type": "string"}}
        described["responses"][str(operation.status)]["headers"] = {"ETag": etag}
    body = operation.body
    if operation.method == "POST" or body is not None:
        # A write without arguments has to say that it is JSON, too.
        schema: dict[str, Any] = {}
        if body is not None:
            schema = schemas[operation.method, operation.path, f"{operation.name}.{body.wire}"]
        content = {"application/json": {"schema": schema}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameter(
    operation: Operation, parameter: Parameter, schemas: dict[_Key, dict[str, Any]]
) -> dict[str, Any]:
    key = (operation.method, operation.path, f"{operation.name}.{parameter.wire}")
    schema = schemas[key]
    if parameter.place == "path":
        schema = {**schema, "minLength": 1, "maxLength": MOST_NAME}
    elif parameter.place == "header":
        schema = {"type": "string", "pattern": VERSION_TAG}
    return {
        "name": "If-Match" if parameter.place == "header" else parameter.wire,
        "in": parameter.place,
        "required": parameter.required,
        "schema": schema,
    }


def _content(operation: Operation, schemas: dict[_Key, dict[str, Any]]) -> dict[str, Any]:
    if operation.reply == "nothing":
        return {}
    if operation.reply not in ("object", "items"):
        return {operation.media: {"schema": {"type": "string"}}}
    schema = schemas[operation.method, operation.path, operation.name]
    if operation.reply == "items":
        schema = {"type": "object", "required": ["items"], "properties": {"items": schema}}
    return {operation.media: {"schema": schema}}


def _plain(summary: str, **more: Any) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _object(summary), "default": _ERROR}, **more}


def _object(summary: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {"description": summary, "content": content}


_TOKEN = {
    "type": "object",
    "required": ["token"],
    "additionalProperties": False,
    "properties": {"token": {"type": "string", "maxLength": 1000}},
}
_BESIDE: dict[str, dict[str, Any]] = {
    "/health": {"get": _plain("Whether it runs.", security=[], operationId="health")},
    "/api/openapi.json": {"get": _plain("This document.", operationId="openapi")},
    "/api/session": {
        "post": {
            **_plain("Exchange the token for a session cookie.", security=[]),
            "operationId": "open_session",
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _TOKEN}},
            },
        },
        "delete": {
            "summary": "End the session.",
            "operationId": "end_session",
            "responses": {"204": {"description": "Ended."}, "default": _ERROR},
        },
    },
}
"""What is no method of `Admin`: it is about HTTP."""
