"""From an HTTP request to the arguments of an operation. What is wrong is told by its field."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from aiohttp import hdrs, web
from pydantic import ValidationError

from app.contract import AdminError
from app.operations import Operation, Parameter
from proxy.errors import RequestFault
from proxy.intake import read_body

MOST_BODY = 2 * 1024 * 1024
MOST_NAME = 200
"""Characters of a name in the path."""
_MOST_TEXT = 2_000
VERSION_TAG = r'^("[0-9]+(-[0-9a-f]+)?"|[0-9]+(-[0-9a-f]+)?|\*)$'
"""What `If-Match` may say: an ETag, its bare text, the bare `config_version`, or `*`."""


async def read_arguments(request: web.Request, operation: Operation) -> dict[str, Any]:
    """By the names of the method's parameters. Raises AdminError (400, 408, 413)."""
    arguments = _query(request, operation)
    for parameter in operation.parameters:
        if parameter.place == "path":
            text = request.match_info[parameter.wire]
            arguments[parameter.name] = _text(parameter.wire, text, MOST_NAME)
        elif parameter.place == "header" and hdrs.IF_MATCH in request.headers:
            arguments[parameter.name] = _version(request.headers[hdrs.IF_MATCH])
        elif parameter.place == "body":
            arguments[parameter.name] = await _body(request, parameter)
    return arguments


def _query(request: web.Request, operation: Operation) -> dict[str, Any]:
    known = {one.wire: one for one in operation.parameters if one.place == "query"}
    arguments: dict[str, Any] = {}
    for name in dict.fromkeys(request.query):
        parameter = known.get(name)
        if parameter is None:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known) or 'none'}"
            raise AdminError("Unknown parameter", "The query has an unknown name.", hint, name[:64])
        values = request.query.getall(name)
        if len(values) > 1:
            raise AdminError("Given twice", f"'{name}' is given twice.", "send it once", name)
        if values[0]:
            arguments[parameter.name] = _valid_text(parameter, _text(name, values[0]))
    return arguments


def _text(field: str, text: str, most: int = _MOST_TEXT) -> str:
    if len(text) > most or any("\ud800" <= char <= "\udfff" for char in text):
        raise AdminError("Bad text", f"'{field}' is too long or no UTF-8.", "", field)
    return text


def _valid_text(parameter: Parameter, text: str) -> Any:
    try:
        return parameter.adapter.validate_strings(text)
    except ValidationError as error:
        raise _wrong(error, parameter.wire) from None


def _version(header: str) -> str:
    tag = header.strip().removeprefix("W/")
    if re.fullmatch(VERSION_TAG, tag) is None:
        raise AdminError(
            "Bad If-Match", "If-Match holds no version.", "send the ETag of a read", "if-match"
        )
    return tag.strip('"')


async def _body(request: web.Request, parameter: Parameter) -> Any:
    try:
        raw = await read_body(request, MOST_BODY)
    except RequestFault as fault:
        raise AdminError("Body refused", fault.message, status=fault.status) from None
    try:
        return parameter.adapter.validate_json(raw, strict=True)
    except ValidationError as error:
        raise _wrong(error, None) from None


def _wrong(error: ValidationError, field: str | None) -> AdminError:
    """The first fault, without the value that has it: that may be a key."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    named = field or ".".join(map(str, first["loc"])) or None
    message = first["msg"]
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        message = "No such key"
    elif first["type"] == "json_invalid":
        message, named = f"The body is no JSON: {message.removeprefix('Invalid JSON: ')}", None
    told = f"{named}: {message}." if named else f"{message}."
    return AdminError("Not as it should be", told, "GET /api/openapi.json describes it", named)
