"""The API version that a pool is asked in, and the one that takes its place if it is refused.

Preview versions of the service end one day. A kernel that names one of them goes on with the
newest version that it knows, instead of failing until somebody changes a setting.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

from acajs_kernel.errors import PoolError
from acajs_kernel.pool.wire import KNOWN_API_VERSIONS, Wire

__all__ = ["ApiVersion"]

_Result = TypeVar("_Result")

_VERSION_WORDS = re.compile(r"api[\s_-]?version", re.IGNORECASE)
_REFUSING_WORDS = re.compile(
    r"(?i)(?:not|no longer|does not|n't|isn.t)\s+(?:be\s+)?(?:support|available|valid)"
    r"|unsupported|deprecated|retired|removed|invalid|unknown"
)
# The service wants a version, or one only: another one would be no answer to that.
_OTHER_CODES = re.compile(r"(?i)missing|unspecified|ambiguous|required")


class ApiVersion:
    """The version of the calls to one pool.

    Args:
        api_version: The version to begin with.
        host: The pool's host, for people.
        on_notice: Told once that another version is used from now on.

    Attributes:
        wire: How calls are spelled now.

    Raises:
        ConfigurationError: `api_version` is not one.
    """

    def __init__(
        self, api_version: str, *, host: str, on_notice: Callable[[str], None] | None
    ) -> None:
        self.wire = Wire.of_version(api_version)
        self._host = host
        self._on_notice = on_notice

    async def use(self, act: Callable[[Wire], Awaitable[_Result]]) -> _Result:
        """Make a call, once more in the newest known version if the pool refuses this one.

        A call whose version was refused has not been carried out.

        Args:
            act: Makes the call, spelled as it is told.

        Raises:
            PoolError: As `act` raises it; of the second call if there was one.
        """
        wire = self.wire
        try:
            return await act(wire)
        except PoolError as error:
            if wire.api_version == KNOWN_API_VERSIONS[-1] or not _is_about_version(error):
                raise
            refusal = f"HTTP {error.status}{f', {error.code}' if error.code else ''}"
        if self.wire == wire:  # else another call has learnt it meanwhile
            self.wire = Wire.of_version(KNOWN_API_VERSIONS[-1])
            self._tell(wire.api_version, refusal)
        return await act(self.wire)

    def _tell(self, refused: str, refusal: str) -> None:
        if self._on_notice is not None:
            used = self.wire.api_version
            self._on_notice(
                f"The session pool at {self._host} refuses API version {refused} ({refusal}): "
                f"{used} is used from now on. Set ACAJS_API_VERSION={used} to begin with it."
            )


def _is_about_version(error: PoolError) -> bool:
    """Tell whether a pool has refused a call because of its API version.

    How the service says so is not documented; ``UnsupportedApiVersion`` is the code that servers
    of its kind answer, and Resource Manager has others with the same words in them.
    """
    if error.status is None or not HTTPStatus.BAD_REQUEST <= error.status < 500:  # noqa: PLR2004
        return False
    if _OTHER_CODES.search(error.code):
        return False
    if _VERSION_WORDS.search(error.code):
        return True
    said = error.service_message
    return (
        error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.GONE}
        and _VERSION_WORDS.search(said) is not None
        and _REFUSING_WORDS.search(said) is not None
    )
