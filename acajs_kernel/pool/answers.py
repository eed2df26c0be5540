"""Reading the service's answers, of either API family.

The readers are strict where a wrong guess would change what a cell did (its status) and
lenient elsewhere: a field that is missing or of another type gives its neutral value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Literal

from acajs_kernel.http.failure import ShapeError
from acajs_kernel.http.redaction import Redactor, shorten
from acajs_kernel.pool.results import (
    Execution,
    JsonValue,
    NamedVersion,
    PoolMetadata,
    ServiceErrorDetail,
    SessionFile,
    SessionInfo,
)

__all__ = [
    "is_new_allocation",
    "parse_error",
    "parse_execution",
    "parse_file",
    "parse_files",
    "parse_json",
    "parse_pool",
    "parse_session",
    "parse_sessions",
]

_FINAL_STATES: dict[str, Literal["Succeeded", "Failed"]] = {
    "success": "Succeeded",
    "succeeded": "Succeeded",
    "failure": "Failed",
    "failed": "Failed",
}
_MAXIMUM_DETAILS = 10
_FRACTION = re.compile(r"\.(\d{1,9})")
_TAGS = re.compile(r"(?is)<(script|style|head)\b.*?</\1>|<[^>]*>")


def parse_json(body: bytes, *, is_secret: bool = False) -> JsonValue:
    """Parse a JSON text.

    Args:
        body: The text.
        is_secret: Whether no part of it may be shown.

    Raises:
        ShapeError: It is not JSON, or nested too deeply.
    """
    try:
        value: JsonValue = json.loads(body)
    except (ValueError, RecursionError) as error:
        kind = "nested too deeply" if isinstance(error, RecursionError) else "not JSON"
        shown = "" if is_secret else f": {shorten(body.decode('utf-8', 'replace'))!r}"
        raise ShapeError(f"it is {kind}{shown}") from None
    return value


def parse_execution(value: JsonValue, *, operation_id: str, redact: Redactor) -> Execution:
    """Read the answer to an execution.

    Raises:
        ShapeError: There is no final status in it.
    """
    outer = _unwrapped(value)
    status = outer.get("status")
    final = _FINAL_STATES.get(status.lower()) if isinstance(status, str) else None
    if final is None:
        what = f"its status is {status!r}" if status is not None else "it has no status"
        raise ShapeError(f"{what}, which is neither success nor failure")
    inner = outer.get("result")
    result = inner if isinstance(inner, dict) else outer
    duration = result.get("executionTimeInMilliseconds")
    return Execution(
        status=final,
        stdout=_text(result.get("stdout")),
        stderr=_text(result.get("stderr")),
        result=result.get("executionResult", ""),
        duration_milliseconds=_integer(duration),
        operation_id=operation_id or redact(_text(outer.get("id"))),
        error=_error_detail(outer.get("error"), redact),
    )


def is_new_allocation(headers: Mapping[str, str]) -> bool:
    """Tell whether an answer says that its session was allocated for this request.

    ``X-Ms-New-Allocation`` is in a version of the vendor's sample of Python sessions, where its
    values are not described; an answer without it says nothing.
    """
    return headers.get("x-ms-new-allocation", "").strip().lower() in {"true", "1", "yes"}


def parse_files(value: JsonValue, directory: str) -> tuple[list[SessionFile], str]:
    """Read one page of a listing, and the link to the next page or ``""``.

    Raises:
        ShapeError: There is no list in it.
    """
    items = value.get("value") if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise ShapeError("it holds no list of files")
    files = [parse_file(item, directory) for item in items]
    return files, _text(value.get("nextLink")) if isinstance(value, dict) else ""


def parse_file(value: JsonValue, directory: str) -> SessionFile:
    """Read one file's description.

    Raises:
        ShapeError: There is no name in it.
    """
    item = _unwrapped(value)
    listed = item.get("value")
    if isinstance(listed, list) and listed:  # an upload answers with a list of one
        item = _unwrapped(listed[0])
    name = _text(item.get("name")) or _text(item.get("filename"))
    if not name:
        raise ShapeError("a file in it has no name")
    size = _integer(item.get("sizeInBytes"))
    where = item.get("directory")
    return SessionFile(
        name=name,
        directory=where.strip("/") if isinstance(where, str) else directory,
        kind="directory" if _text(item.get("type")).lower() == "directory" else "file",
        size_bytes=size if size is not None else _integer(item.get("size")),
        modified_at=_time(item.get("lastModifiedAt") or item.get("lastModifiedTime")),
        content_type=_text(item.get("contentType")),
    )


def parse_session(value: JsonValue, identifier: str) -> SessionInfo:
    """Read a session's description.

    Raises:
        ShapeError: It is not an object.
    """
    item = _unwrapped(value)
    return SessionInfo(
        identifier=_text(item.get("identifier")) or identifier,
        created_at=_time(item.get("createdAt")),
        last_accessed_at=_time(item.get("lastAccessedAt")),
        expires_at=_time(item.get("expireAt") or item.get("expiresAt")),
        etag=_text(item.get("etag")),
    )


def parse_sessions(value: JsonValue) -> tuple[list[SessionInfo], str]:
    """Read one page of the pool's sessions, and the link to the next page or ``""``.

    Raises:
        ShapeError: There is no list in it.
    """
    # `sessions` is what one user of the service has seen.
    items = value.get("value", value.get("sessions")) if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise ShapeError("it holds no list of sessions")
    sessions = [parse_session(item, "") for item in items]
    # Without its identifier a session can neither be named nor stopped.
    named = [session for session in sessions if session.identifier]
    return named, _text(value.get("nextLink")) if isinstance(value, dict) else ""


def parse_pool(value: JsonValue) -> PoolMetadata:
    """Read a pool's description.

    Raises:
        ShapeError: It is not an object.
    """
    item = _unwrapped(value)
    kernel = item.get("jupyterKernel")
    kernel = kernel if isinstance(kernel, dict) else {}
    return PoolMetadata(
        runtimes=_named_versions(item.get("runtimes")),
        preinstalled_packages=_named_versions(item.get("preInstalledPackages")),
        kernel_name=_text(kernel.get("name")),
        kernel_version=_text(kernel.get("version")),
        project_url=_text(kernel.get("projectUrl")),
        raw=item,
    )


def parse_error(body: bytes, redact: Redactor) -> ServiceErrorDetail:
    """Read an error answer, whatever its shape: the API's, an older one, text or HTML."""
    text = body.decode("utf-8", "replace").strip()
    try:
        value = parse_json(body)
    except ShapeError:
        return ServiceErrorDetail("", shorten(redact(_TAGS.sub(" ", text))))
    detail = _error_detail(value, redact)
    return detail or ServiceErrorDetail("", shorten(redact(text)))


def _error_detail(value: JsonValue, redact: Redactor, depth: int = 0) -> ServiceErrorDetail | None:
    """Read an error object, or None where there is none."""
    if isinstance(value, str) and value:
        return ServiceErrorDetail("", shorten(redact(value)))
    if not isinstance(value, dict):
        return None
    inner = value.get("error")
    if isinstance(inner, (dict, str)) and inner:
        return _error_detail(inner, redact, depth)
    # Older answers, and those of gateways, spell these words with capitals.
    members = {key.lower(): member for key, member in value.items()}
    code, message = members.get("code"), members.get("message")
    if not isinstance(code, (str, int)) and not isinstance(message, str):
        return None
    nested = members.get("details")
    details = (
        [_error_detail(item, redact, depth + 1) for item in nested[:_MAXIMUM_DETAILS]]
        if isinstance(nested, list) and depth < _MAXIMUM_DETAILS
        else []
    )
    return ServiceErrorDetail(
        code=shorten(redact(str(code)), 100) if isinstance(code, (str, int)) else "",
        message=shorten(redact(message)) if isinstance(message, str) else "",
        target=shorten(redact(_text(members.get("target"))), 200),
        details=tuple(detail for detail in details if detail is not None),
    )


def _unwrapped(value: JsonValue) -> dict[str, JsonValue]:
    """Return the object itself, which the older family keeps under ``properties``."""
    if not isinstance(value, dict):
        raise ShapeError("it is not a JSON object")
    inner = value.get("properties")
    return inner if isinstance(inner, dict) else value


def _named_versions(value: JsonValue) -> tuple[NamedVersion, ...]:
    items = value if isinstance(value, list) else []
    return tuple(
        NamedVersion(_text(item.get("name")), _text(item.get("version")))
        if isinstance(item, dict)
        else NamedVersion(_text(item), "")
        for item in items
    )


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: JsonValue) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if abs(value) < float(2**63) else None


def _time(value: JsonValue) -> datetime | None:
    """Read an RFC 3339 time; without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    # Python 3.10 reads neither a Z nor a fraction of other than 3 or 6 digits, .NET's has 7.
    text = _FRACTION.sub(lambda found: f".{found.group(1):0<6.6}", value.strip())
    if text[-1:] in {"Z", "z"}:
        text = f"{text[:-1]}+00:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
