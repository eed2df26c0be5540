"""Requests and responses of the REST API as Starlette has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from .rest import (
    MAXIMUM_JSON_BYTES,
    Family,
    RestError,
    api_family,
    checked_identifier,
    encode_json,
    error_content,
    error_headers,
    parse_json_object,
)

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = [
    "JsonResponse",
    "error_response",
    "read_json_object",
    "request_family",
    "request_identifier",
]


class JsonResponse(Response):
    """A JSON body."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Encode the body."""
        return encode_json(content)


def error_response(error: RestError) -> JsonResponse:
    """The service's error body and header for ``error``."""
    return JsonResponse(
        error_content(error), status_code=error.status, headers=error_headers(error)
    )


def request_family(request: Request) -> Family:
    """Tell the API family from the request's ``api-version``.

    Raises:
        RestError: 400, the version is missing or unknown.
    """
    return api_family(request.query_params.get("api-version"))


def request_identifier(request: Request) -> str:
    """Return the request's session identifier.

    Raises:
        RestError: 400, it is missing or breaks the service's rule.
    """
    return checked_identifier(request.query_params.get("identifier"))


async def read_json_object(request: Request) -> dict[str, object]:
    """Read a request's body as a JSON object, never more than ``MAXIMUM_JSON_BYTES``.

    Raises:
        RestError: 415 for another content type, 413 for a longer body, 400 for one that is
            not a JSON object.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise RestError(
            415, "UnsupportedMediaType", "The body's Content-Type must be application/json."
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAXIMUM_JSON_BYTES:
            break
    return parse_json_object(body)
