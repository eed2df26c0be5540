"""The words of the REST API: versions, errors, JSON bodies in and out, however they travel."""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "API_VERSIONS",
    "FIRST_WITH_STREAM_LENGTH",
    "MAXIMUM_JSON_BYTES",
    "Family",
    "RestError",
    "api_family",
    "checked_identifier",
    "encode_json",
    "error_content",
    "error_headers",
    "parse_json_object",
]

MAXIMUM_JSON_BYTES = 16 * 1024 * 1024
"""The largest JSON body that is read."""


class Family(Enum):
    """The two shapes that the service's REST API has had."""

    CODE_EXECUTE = "code/execute"
    EXECUTIONS = "executions"


API_VERSIONS: Mapping[str, Family] = {
    "2024-02-02-preview": Family.CODE_EXECUTE,
    "2024-08-02-preview": Family.CODE_EXECUTE,
    "2024-10-02-preview": Family.EXECUTIONS,
    "2025-02-02-preview": Family.EXECUTIONS,
    "2025-10-02-preview": Family.EXECUTIONS,
}
"""The versions of the service's REST API that the embedded pool speaks."""

FIRST_WITH_STREAM_LENGTH = "2025-10-02-preview"
"""The first version that has the field ``outputStreamsMaxLength``."""

# The service's rule for a session identifier.
_IDENTIFIER = re.compile(r"[A-Za-z0-9|\-&^%$#(){}\[\];<>]{4,128}")


class RestError(Exception):
    """A request that is answered with an error body.

    Args:
        status: The HTTP status.
        code: The error's code, also sent as the header ``x-ms-error-code``.
        message: What was tried and what happened.
        headers: Further response headers.
    """

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


def encode_json(content: object) -> bytes:
    """Encode a body; unlike Starlette's encoder this survives lone surrogates."""
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(content, separators=(",", ":")).encode()


def error_content(error: RestError) -> dict[str, object]:
    """Return the service's error body for an error."""
    return {"error": {"code": error.code, "message": error.message}}


def error_headers(error: RestError) -> dict[str, str]:
    """Return the headers that go with the error body."""
    return {**error.headers, "x-ms-error-code": error.code}


def api_family(version: str | None) -> Family:
    """Tell the API family from a request's ``api-version``.

    Raises:
        RestError: 400, the version is missing or unknown.
    """
    known = ", ".join(API_VERSIONS)
    if version is None:
        raise RestError(
            400,
            "MissingApiVersionParameter",
            f"The query parameter api-version is missing. Known versions: {known}.",
        )
    family = API_VERSIONS.get(version)
    if family is None:
        raise RestError(
            400,
            "UnsupportedApiVersion",
            f"The api-version {version[:40]!r} is unknown. Known versions: {known}.",
        )
    return family


def checked_identifier(identifier: str | None) -> str:
    """Return a request's session identifier.

    Raises:
        RestError: 400, it is missing or breaks the service's rule.
    """
    if identifier is None:
        raise RestError(
            400, "MissingSessionIdentifier", "The query parameter identifier is missing."
        )
    if not _IDENTIFIER.fullmatch(identifier):
        raise RestError(
            400,
            "InvalidSessionIdentifier",
            "The session identifier must be 4 to 128 characters out of letters, digits and "
            "| - & ^ % $ # ( ) { } [ ] ; < >.",
        )
    return identifier


def parse_json_object(body: bytes | bytearray) -> dict[str, object]:
    """Read a body as a JSON object.

    Raises:
        RestError: 413 where it is larger than ``MAXIMUM_JSON_BYTES``, 400 where it is none.
    """
    if len(body) > MAXIMUM_JSON_BYTES:
        raise RestError(
            413, "RequestBodyTooLarge", f"The body is larger than {MAXIMUM_JSON_BYTES} bytes."
        )
    try:
        content = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise RestError(400, "InvalidJson", "The body is not valid JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise RestError(400, "InvalidJson", "The body is not a JSON object.")
    return content
