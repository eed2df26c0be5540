"""The kernel's settings, as the commands that use a session read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from acajs_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from acajs_kernel.session import SessionSettings

__all__ = ["SessionOption", "named_session_settings", "pool_settings", "session_settings"]

SessionOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--session",
        metavar="ID",
        help="The session's identifier, a secret. Prefer ACAJS_SESSION_ID: every user of this "
        "machine can see a command line.",
        show_default=False,
    ),
]
"""The option that names a session."""


def session_settings(session: str = "") -> SessionSettings:
    """Read the environment variables that the kernel reads.

    Args:
        session: The identifier of a session; empty for that of the environment.

    Raises:
        ConfigurationError: A variable cannot be used.
    """
    # Imported here because most commands need no session.
    from acajs_kernel.config import Settings  # noqa: PLC0415
    from acajs_kernel.logs import set_up_log  # noqa: PLC0415
    from acajs_kernel.session import SessionSettings  # noqa: PLC0415

    settings = Settings()
    if (error := settings.settings_error()) is not None:
        raise error
    set_up_log(settings.log_level or "ERROR")
    read = SessionSettings.of(settings)
    return replace(read, session_id=session) if session else read


def named_session_settings(session: str = "") -> SessionSettings:
    """Read the settings for a command that works on a session that is there already.

    Raises:
        ConfigurationError: No pool is named, or no session, or a variable cannot be used.
    """
    settings = pool_settings(session)
    if not settings.session_id:
        raise ConfigurationError(
            "No session was named.",
            remedy="Set ACAJS_SESSION_ID to the session's identifier. You know a notebook's "
            "identifier if you started its kernel with that variable, and a script's if you ran "
            "it with `acajs exec --keep`.",
        )
    return settings


def pool_settings(session: str = "") -> SessionSettings:
    """Read the settings for a command that needs a pool which outlives it.

    Raises:
        ConfigurationError: No pool is named, or a variable cannot be used.
    """
    settings = session_settings(session)
    if not settings.endpoint:
        raise ConfigurationError(
            "No pool was named, and sessions of the embedded pool end with the program that made "
            "them, so there is none to use.",
            remedy="Set ACAJS_POOL_ENDPOINT to a pool's endpoint, or serve one on this machine "
            "with: acajs pool serve",
        )
    return settings
