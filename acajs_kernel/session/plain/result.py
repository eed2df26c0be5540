"""The service's ``executionResult`` as a Jupyter MIME bundle."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from acajs_kernel.session.plain.node_inspect import inspect

__all__ = ["result_bundle"]

_IMAGE_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "svg+xml": "image/svg+xml",
}


def result_bundle(result: Any) -> dict[str, Any] | None:  # noqa: ANN401 -- any JSON value
    """Return the MIME bundle of an execution's result, or None when there is nothing to show.

    The result has the JSON type of the value (the service's documentation): an undefined
    value is ``""``, other text comes as Node printed it, numbers, booleans, null and what
    else is JSON come as such. Images come as
    ``{"type": "image", "format": "png", "base64_data": "…"}``, as the service's Python
    sessions send them.
    """
    if result == "" and isinstance(result, str):
        return None
    if isinstance(result, str):
        return {"text/plain": result}
    image = _image_bundle(result)
    return image if image is not None else {"text/plain": inspect(result)}


def _image_bundle(result: Any) -> dict[str, Any] | None:  # noqa: ANN401 -- any JSON value
    if not isinstance(result, dict) or result.get("type") != "image":
        return None
    mime_type = _IMAGE_TYPES.get(str(result.get("format", "")).lower())
    encoded = result.get("base64_data")
    if mime_type is None or not isinstance(encoded, str):
        return None
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    text = {"text/plain": f"<{mime_type}, {len(content)} bytes>"}
    if mime_type == "image/svg+xml":
        # Jupyter carries SVG as text, every other image as base64.
        return text | {mime_type: content.decode("utf-8", errors="replace")}
    return text | {mime_type: encoded}
