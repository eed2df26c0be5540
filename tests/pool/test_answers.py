"""Answers of both families, whole and with parts missing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from acajs_kernel.http.failure import ShapeError
from acajs_kernel.http.redaction import Redactor
from acajs_kernel.pool import JsonValue, NamedVersion, ServiceErrorDetail, SessionFile
from acajs_kernel.pool.answers import (
    parse_execution,
    parse_file,
    parse_files,
    parse_pool,
    parse_session,
)
from tests.pool.fakes import IDENTIFIER

REDACT = Redactor(IDENTIFIER)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Success", "Succeeded"),
        ("Succeeded", "Succeeded"),
        ("success", "Succeeded"),
        ("Failure", "Failed"),
        ("Failed", "Failed"),
    ],
)
@pytest.mark.parametrize("is_old", [True, False])
def test_final_states_of_either_family_are_known(word: str, status: str, *, is_old: bool) -> None:
    """Each family's words mean the same, in either family's shape."""
    result: dict[str, JsonValue] = {"stdout": "out", "stderr": "Error: x"}
    answer: JsonValue = (
        {"properties": {"status": word, **result}} if is_old else {"status": word, "result": result}
    )
    execution = parse_execution(answer, operation_id="", redact=REDACT)

    assert execution.status == status
    assert (execution.stdout, execution.stderr) == ("out", "Error: x")


@pytest.mark.parametrize("value", [2, 2.5, True, None, "text", "", [1, "a"], {"a": {"b": None}}])
def test_result_keeps_its_json_type(value: JsonValue) -> None:
    """A value comes back as it is, null included."""
    answer: JsonValue = {"properties": {"status": "Success", "executionResult": value}}

    result = parse_execution(answer, operation_id="", redact=REDACT).result
    assert result == value
    assert type(result) is type(value)


def test_execution_with_nothing_but_a_status_is_read() -> None:
    """Missing parts have neutral values; a null result object is like none."""
    for answer in ({"status": "Failed"}, {"status": "Failed", "result": None}):
        execution = parse_execution({**answer}, operation_id="", redact=REDACT)

        assert (execution.stdout, execution.stderr, execution.result) == ("", "", "")
        assert execution.duration_milliseconds is None
        assert execution.operation_id == ""
        assert execution.error is None


def test_parts_of_wrong_types_are_neutral() -> None:
    """A field of another type than documented does not break the answer."""
    answer: JsonValue = {
        "properties": {
            "status": "Success",
            "stdout": None,
            "stderr": 7,
            "executionTimeInMilliseconds": "fast",
        }
    }
    execution = parse_execution(answer, operation_id="", redact=REDACT)

    assert (execution.stdout, execution.stderr) == ("", "")
    assert execution.duration_milliseconds is None


@pytest.mark.parametrize(
    ("value", "duration"), [(5, 5), (5.7, 5), (True, None), (float("inf"), None), (10**400, None)]
)
def test_duration_is_a_number_or_none(value: JsonValue, duration: int | None) -> None:
    """Whatever JSON calls a number does not break the answer."""
    answer: JsonValue = {"status": "Success", "executionTimeInMilliseconds": value}

    execution = parse_execution(answer, operation_id="", redact=REDACT)
    assert execution.duration_milliseconds == duration


def test_execution_id_stands_in_for_the_operation_id() -> None:
    """Without the header the answer's own id is what support can be told."""
    answer: JsonValue = {"id": "execution-1", "status": "Succeeded"}

    assert parse_execution(answer, operation_id="", redact=REDACT).operation_id == "execution-1"
    assert parse_execution(answer, operation_id="op", redact=REDACT).operation_id == "op"


def test_execution_error_object_is_read_without_secrets() -> None:
    """The description nests an error response in the execution's error."""
    answer: JsonValue = {
        "status": "Failed",
        "error": {"error": {"code": "Timeout", "message": f"{IDENTIFIER} was slow"}},
    }

    error = parse_execution(answer, operation_id="", redact=REDACT).error
    assert error == ServiceErrorDetail("Timeout", "s3cr… was slow")


def test_folders_and_files_are_told_apart() -> None:
    """A listing holds both; sizes and times may be missing."""
    answer: JsonValue = {
        "value": [
            {"name": "sub", "type": "directory", "lastModifiedAt": "2025-01-02T03:04:05+02:00"},
            {"name": "a.txt", "type": "file", "sizeInBytes": 0, "directory": "/sub/"},
            {"properties": {"filename": "b.txt", "size": 7, "lastModifiedTime": "yesterday"}},
        ],
        "nextLink": None,
    }
    files, link = parse_files(answer, "here")

    zone = timezone(timedelta(hours=2))
    assert files == [
        SessionFile("sub", "here", "directory", None, datetime(2025, 1, 2, 3, 4, 5, 0, zone), ""),
        SessionFile("a.txt", "sub", "file", 0, None, ""),
        SessionFile("b.txt", "here", "file", 7, None, ""),
    ]
    assert link == ""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-02T03:04:05Z", datetime(2025, 1, 2, 3, 4, 5, 0, timezone.utc)),
        ("2025-01-02T03:04:05", datetime(2025, 1, 2, 3, 4, 5, 0, timezone.utc)),
        ("2025-01-02T03:04:05.1z", datetime(2025, 1, 2, 3, 4, 5, 100_000, timezone.utc)),
        ("2025-01-02T03:04:05.1234567Z", datetime(2025, 1, 2, 3, 4, 5, 123_456, timezone.utc)),
        ("", None),
        ("soon", None),
        (7, None),
    ],
)
def test_times_of_any_precision_are_read(text: JsonValue, moment: datetime | None) -> None:
    """RFC 3339 times have any number of digits; no zone means UTC; nonsense is no time."""
    assert parse_session({"createdAt": text}, IDENTIFIER).created_at == moment


def test_listing_without_a_list_is_refused() -> None:
    """An answer that is no listing must not look like an empty folder."""
    for answer in ({}, {"value": None}, "text", None):
        with pytest.raises(ShapeError):
            parse_files({**answer} if isinstance(answer, dict) else answer, "")
    with pytest.raises(ShapeError):
        parse_file({"type": "file"}, "")


def test_pool_with_parts_missing_is_described() -> None:
    """Every field of a pool's description may be missing or of another type."""
    answer: dict[str, JsonValue] = {
        "runtimes": ["node", {"name": "python"}, 7],
        "preInstalledPackages": None,
        "jupyterKernel": "javascript",
    }
    metadata = parse_pool({**answer})

    assert metadata.runtimes == (
        NamedVersion("node", ""),
        NamedVersion("python", ""),
        NamedVersion("", ""),
    )
    assert metadata.preinstalled_packages == ()
    assert metadata.kernel_name == ""
    assert metadata.raw == answer
