"""What the pool answers, as values that cannot be changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Union

from acajs_kernel.http.redaction import shorten_identifier

__all__ = [
    "Execution",
    "JsonValue",
    "NamedVersion",
    "PoolMetadata",
    "ServiceErrorDetail",
    "SessionFile",
    "SessionInfo",
]

JsonValue = Union[  # noqa: UP007 - evaluated at run time, where Python 3.10 has no forward `|`
    None, bool, int, float, str, list["JsonValue"], dict[str, "JsonValue"]
]
"""A value that JSON can hold."""


class ServiceErrorDetail(NamedTuple):
    """The service's own error object.

    Attributes:
        code: The service's error code, such as ``SessionPoolNotFound``; may be empty.
        message: The service's words, without secrets; may be empty.
        target: What the error is about; may be empty.
        details: Errors that led to this one.
    """

    code: str
    message: str
    target: str = ""
    details: tuple[ServiceErrorDetail, ...] = ()


class Execution(NamedTuple):
    """What an execution ended with.

    Attributes:
        status: ``Failed`` when the code threw; its error is then in `stderr`.
        stdout: What the code printed; the service may have cut it.
        stderr: Standard error, and the error of code that failed; may have been cut.
        result: The value of the code, with its JSON type; ``""`` where there is none.
        duration_milliseconds: The service's own measure, or None where it gives none.
        operation_id: What the vendor's support asks for; may be empty.
        error: The service's error object, where the answer holds one.
        is_new_session: The answer says that the session was allocated for this execution.
        session_guid: Names the container under the session; another one means another session.
            Empty where the service does not say.
    """

    status: Literal["Succeeded", "Failed"]
    stdout: str
    stderr: str
    result: JsonValue
    duration_milliseconds: int | None
    operation_id: str
    error: ServiceErrorDetail | None
    is_new_session: bool = False
    session_guid: str = ""


class SessionFile(NamedTuple):
    """A file or folder of a session.

    Attributes:
        name: Its name, without a folder.
        directory: The folder that holds it, relative to the session's data folder.
        kind: ``file`` or ``directory``.
        size_bytes: Its size, or None where the service gives none, as for folders.
        modified_at: When it was changed last, or None where the service does not say.
        content_type: Its media type as the service guesses it; may be empty.
    """

    name: str
    directory: str
    kind: Literal["file", "directory"]
    size_bytes: int | None
    modified_at: datetime | None
    content_type: str


@dataclass(frozen=True)
class SessionInfo:
    """A live session.

    Attributes:
        identifier: The session's identifier, a secret; absent from the repr.
        created_at: When the session was allocated.
        last_accessed_at: When the service counted a request last.
        expires_at: When the session is destroyed unless it is used before.
        etag: Names the container under the session; another one means another session.
    """

    identifier: str = field(repr=False)
    created_at: datetime | None
    last_accessed_at: datetime | None
    expires_at: datetime | None
    etag: str

    @property
    def short_identifier(self) -> str:
        """The identifier's beginning, for people."""
        return shorten_identifier(self.identifier)


class NamedVersion(NamedTuple):
    """A runtime or package and its version, which may be empty."""

    name: str
    version: str


class PoolMetadata(NamedTuple):
    """What a pool says about the sessions that it gives.

    Attributes:
        runtimes: Languages and their versions.
        preinstalled_packages: Packages that every session has.
        kernel_name: The Jupyter kernel that executes the code; may be empty.
        kernel_version: That kernel's version; may be empty.
        project_url: That kernel's home page; may be empty.
        raw: The whole answer.
    """

    runtimes: tuple[NamedVersion, ...]
    preinstalled_packages: tuple[NamedVersion, ...]
    kernel_name: str
    kernel_version: str
    project_url: str
    raw: dict[str, JsonValue]
