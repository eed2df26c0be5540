"""An OpenAPI 3 description of the session pool's REST API, as the embedded pool speaks it."""

from __future__ import annotations

from typing import Any

__all__ = ["IDENTIFIERS", "describe_pool"]

IDENTIFIERS = ("fuzzed-session-1", "fuzzed-session-2")
"""The sessions that are used, so that not every request starts one."""

_OLD = ["2024-02-02-preview", "2024-08-02-preview", "2020-01-01"]
_NEW = ["2024-10-02-preview", "2025-02-02-preview", "2025-10-02-preview", ""]

_EXECUTION = {
    "type": "object",
    "properties": {
        "codeInputType": {"type": "string", "enum": ["Inline", "inline"]},
        "executionType": {"type": "string", "enum": ["Synchronous", "synchronous"]},
        "code": {"type": "string"},
        "timeoutInSeconds": {"type": "integer", "maximum": 5},
        "outputStreamsMaxLength": {"type": "integer"},
    },
    "required": ["codeInputType", "executionType", "code"],
}
_UPLOAD = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "string", "format": "binary"}},
            "required": ["file"],
        }
    }
}


def _parameter(name: str, where: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _operation(
    versions: list[str], *more: dict[str, Any], body: dict[str, Any] | None = None
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "parameters": [
            _parameter("api-version", "query", {"type": "string", "enum": versions}),
            _parameter("identifier", "query", {"type": "string", "enum": list(IDENTIFIERS)}),
            *more,
        ],
        "responses": {"default": {"description": "The service's answer or error"}},
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def describe_pool() -> dict[str, Any]:
    """Return the description."""
    text = {"type": "string"}
    name = _parameter("name", "path", {"type": "string", "minLength": 1})
    path = _parameter("path", "query", text)
    recursive = _parameter("recursive", "query", {"type": "boolean"})
    skip = _parameter("skip", "query", {"type": "integer"})
    old_body = {"type": "object", "properties": {"properties": _EXECUTION}}
    # The path parameters of the two families differ in their place only.
    return {
        "openapi": "3.0.3",
        "info": {"title": "Session pool", "version": "2025-10-02-preview"},
        "paths": {
            "/code/execute": {
                "post": _operation(_OLD, body={"application/json": {"schema": old_body}})
            },
            "/executions": {
                "post": _operation(_NEW, body={"application/json": {"schema": _EXECUTION}})
            },
            "/files/upload": {"post": _operation(_OLD, body=_UPLOAD)},
            "/files": {
                "get": _operation([*_OLD, *_NEW], path, recursive, skip),
                "post": _operation(_NEW, path, body=_UPLOAD),
            },
            "/files/content/{name}": {"get": _operation(_OLD, name)},
            "/files/{name}": {
                "get": _operation(_NEW, name, path),
                "delete": _operation([*_OLD, *_NEW], name, path),
            },
            "/files/{name}/content": {"get": _operation(_NEW, name, path)},
            "/session": {"get": _operation(_NEW), "delete": _operation(_NEW)},
            "/metadata": {"get": _operation(_NEW)},
            "/listSessions": {"get": _operation(_NEW)},
        },
    }
