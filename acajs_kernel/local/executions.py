"""Requests to run code and their answers, in both families of the REST API."""

from __future__ import annotations

import json
import math
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from .rest import Family, RestError

if TYPE_CHECKING:
    from .interpreter import Outcome

__all__ = ["ExecutionRequest", "execution_answer", "execution_result", "parse_execution"]

# The service's REST API description.
_DEFAULT_TIMEOUT_SECONDS = 60
_DEFAULT_STREAM_CHARACTERS = 4096
_IMAGE_FORMATS = {"image/png": "png", "image/jpeg": "jpeg"}


@dataclass(frozen=True)
class ExecutionRequest:
    """A request to run code.

    Args:
        code: JavaScript.
        timeout_seconds: How long to wait for its end.
        stream_characters: Where stdout and stderr are cut, or None for nowhere.
    """

    code: str
    timeout_seconds: int
    stream_characters: int | None


def parse_execution(
    body: dict[str, object],
    family: Family,
    maximum_timeout_seconds: int,
    *,
    has_stream_length: bool = True,
) -> ExecutionRequest:
    """Read the body of a request to run code.

    Args:
        body: The JSON object.
        family: Which of the API's two shapes it has.
        maximum_timeout_seconds: The longest time limit that is accepted.
        has_stream_length: Whether the API's version has the field ``outputStreamsMaxLength``;
            else it is not looked at, as other fields that there are not.

    Raises:
        RestError: 400, a field is missing or out of range.
    """
    properties: object = body.get("properties") if family is Family.CODE_EXECUTE else body
    if not isinstance(properties, dict):
        _refuse("properties must be an object.")
    for name, expected in (("codeInputType", "inline"), ("executionType", "synchronous")):
        value = properties.get(name)
        if not isinstance(value, str) or value.lower() != expected:
            _refuse(f"{name} must be {expected!r}.")
    code = properties.get("code")
    if not isinstance(code, str) or not code:
        _refuse("code must be a string that is not empty.")
    timeout = _whole_number(properties, "timeoutInSeconds", _DEFAULT_TIMEOUT_SECONDS)
    if not 1 <= timeout <= maximum_timeout_seconds:
        _refuse(f"timeoutInSeconds must be between 1 and {maximum_timeout_seconds}.")
    if family is Family.CODE_EXECUTE:
        return ExecutionRequest(code, timeout, None)
    if not has_stream_length:
        return ExecutionRequest(code, timeout, _DEFAULT_STREAM_CHARACTERS)
    characters = _whole_number(properties, "outputStreamsMaxLength", _DEFAULT_STREAM_CHARACTERS)
    if characters < 0:
        _refuse("outputStreamsMaxLength must not be negative.")
    return ExecutionRequest(code, timeout, characters)


def execution_answer(
    outcome: Outcome, request: ExecutionRequest, family: Family, identifier: str
) -> dict[str, object]:
    """Build the answer's JSON object in the shape of ``family``."""
    result: dict[str, object] = {
        "stdout": outcome.stdout[: request.stream_characters],
        "stderr": outcome.stderr[: request.stream_characters],
        "executionResult": execution_result(outcome.mime),
        "executionTimeInMilliseconds": outcome.milliseconds,
    }
    if family is Family.CODE_EXECUTE:
        return {"properties": {"status": "Success" if outcome.succeeded else "Failure", **result}}
    return {
        "id": str(uuid.uuid4()),
        "identifier": identifier,
        "executionType": "Synchronous",
        "status": "Succeeded" if outcome.succeeded else "Failed",
        "result": result,
    }


def execution_result(mime: dict[str, object]) -> object:
    """Turn a result's MIME bundle into the value that the service gives for it.

    A text that is JSON comes as the JSON value, the text ``undefined`` as an empty string,
    any other as it is; an image without text comes as an object; nothing else is shown.
    """
    text = mime.get("text/plain")
    if isinstance(text, str):
        if text == "undefined":
            return ""
        try:
            return json.loads(text, parse_constant=_not_json, parse_float=_finite)
        except (ValueError, RecursionError):
            return text
    for media_type, name in _IMAGE_FORMATS.items():
        data = mime.get(media_type)
        if isinstance(data, str):
            return {"type": "image", "format": name, "base64_data": data}
    return ""


def _refuse(message: str) -> NoReturn:
    raise RestError(400, "InvalidRequestContent", f"The request to run code is invalid: {message}")


def _whole_number(properties: dict[str, object], name: str, default: int) -> int:
    value = properties.get(name, default)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(f"{name} must be a whole number.")
    return value


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)  # Python reads NaN and Infinity, which are not JSON


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
