"""The two families of the service's REST API: paths, bodies, answers.

Versions up to ``2024-08-02-preview`` execute at ``/code/execute`` and wrap objects in
``properties``; from ``2024-10-02-preview`` on executions go to ``/executions``. Sources:
the vendor's tutorial for the former, the service's REST API descriptions
2024-10-02-preview to 2025-10-02-preview for the latter.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import quote

from acajs_kernel.errors import ConfigurationError
from acajs_kernel.pool.results import JsonValue

__all__ = ["KNOWN_API_VERSIONS", "MANAGEMENT_API_VERSION", "SESSION_API_VERSION", "Wire"]

KNOWN_API_VERSIONS = (
    "2024-02-02-preview",
    "2024-08-02-preview",
    "2024-10-02-preview",
    "2025-02-02-preview",
    "2025-10-02-preview",
)
"""The versions that the vendor's documentation names."""

SESSION_API_VERSION = "2025-10-02-preview"
"""The version of calls about sessions and pools, which older versions do not have."""

MANAGEMENT_API_VERSION = "2025-02-02-preview"
"""The version of calls below ``/.management``, as the vendor's page on custom-container sessions
has it in each of its examples."""

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(?:-preview)?\Z")
_FIRST_OF_NEW_FAMILY = "2024-10-02"
_FIRST_WITH_OUTPUT_LENGTH = "2025-10-02"


class Wire(NamedTuple):
    """How one API version spells the calls about executions and files.

    Attributes:
        api_version: The ``api-version`` parameter of these calls.
        family: ``code`` for ``/code/execute``, ``executions`` for its successor.
    """

    api_version: str
    family: Literal["code", "executions"]

    @classmethod
    def of_version(cls, api_version: str) -> Wire:
        """Choose the family of a version.

        Raises:
            ConfigurationError: The text is no API version.
        """
        version = api_version.strip()
        if not _VERSION.match(version):
            raise ConfigurationError(
                f"{version!r} is not an API version: it must look like YYYY-MM-DD-preview.",
                remedy=f"Set ACAJS_API_VERSION to one of: {', '.join(KNOWN_API_VERSIONS)}.",
            )
        return cls(version, "executions" if _is_from(version, _FIRST_OF_NEW_FAMILY) else "code")

    @property
    def has_file_metadata(self) -> bool:
        """Whether a single file's metadata can be asked for."""
        return self.family == "executions"

    @property
    def execute_path(self) -> str:
        """Where code is executed."""
        return "/executions" if self.family == "executions" else "/code/execute"

    def execute_body(
        self, code: str, timeout_seconds: int, output_streams_max_length: int | None
    ) -> JsonValue:
        """Return the body of an execution.

        Versions before 2025-10-02-preview know no `output_streams_max_length`: it is not sent.
        """
        if self.family == "code":
            return {
                "properties": {
                    "codeInputType": "inline",
                    "executionType": "synchronous",
                    "code": code,
                    "timeoutInSeconds": timeout_seconds,
                }
            }
        body: dict[str, JsonValue] = {
            "codeInputType": "Inline",
            "executionType": "Synchronous",
            "code": code,
            "timeoutInSeconds": timeout_seconds,
        }
        knows_length = _is_from(self.api_version, _FIRST_WITH_OUTPUT_LENGTH)
        if output_streams_max_length is not None and knows_length:
            body["outputStreamsMaxLength"] = output_streams_max_length
        return body

    @property
    def upload_path(self) -> str:
        """Where files are uploaded."""
        return "/files" if self.family == "executions" else "/files/upload"

    def content_path(self, name: str) -> str:
        """Return where a file is downloaded."""
        encoded = quote(name, safe="")
        if self.family == "executions":
            return f"/files/{encoded}/content"
        return f"/files/content/{encoded}"

    def file_path(self, name: str) -> str:
        """Return where a file is deleted, and described in the newer family."""
        return f"/files/{quote(name, safe='')}"

    def folder_parameters(self, path: str, *, recursive: bool = False) -> dict[str, str]:
        """Return the query parameters that name a folder.

        Raises:
            ConfigurationError: The older family knows no folders.
        """
        if self.family == "code":
            if path:
                raise ConfigurationError(
                    f"API version {self.api_version} has no folders, so {path!r} cannot be "
                    "reached through the files API.",
                    remedy="Set ACAJS_API_VERSION=2024-10-02-preview or a later one.",
                )
            return {}
        parameters = {"path": path} if path else {}
        if recursive:
            parameters["recursive"] = "true"
        return parameters


def _is_from(version: str, first: str) -> bool:
    """Tell whether a version is that of a date or a later one; such dates sort as text."""
    return version[: len(first)] >= first
