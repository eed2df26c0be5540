"""Reaching the pool that a notebook's session belongs to."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acajs_kernel.config import API_VERSION
from acajs_kernel.errors import AcaJsError
from acajs_kernel.working_folder import Workspace, choose_workspace

if TYPE_CHECKING:
    from acajs_kernel.config import Settings
    from acajs_kernel.http.silence import Silence
    from acajs_kernel.pool import PoolClient, Wait

__all__ = ["Listener", "SessionAccess", "SessionSettings", "connect", "renewal_seconds"]

_log = logging.getLogger("acajs_kernel")

_MEGABYTE = 1024 * 1024
_USUAL_COOLDOWN_SECONDS = 300.0  # of the vendor's tutorial


@dataclass(frozen=True)
class SessionSettings:
    """The kernel settings that a session needs.

    Attributes:
        endpoint: The pool's management endpoint; empty for the embedded pool.
        api_version: The API version for executions and files.
        session_id: The identifier that the user named, or empty.
        token: A bearer token, or empty for azure-identity.
        runtime: How cells run: "auto", "rich" or "plain".
        timeout_seconds: Bound of one execution, at most 220.
        keepalive_minutes: How long an idle session is kept alive.
        on_session_loss: What to do when the session was replaced: "error", "restart" or
            "replay".
        workspace: How cells reach the files beside the notebook: "auto", "off", "copy", or a
            folder.
        workspace_files: How many files may be copied.
        workspace_bytes: How many bytes they may have together.
        colors: Whether texts of values and errors have the escape sequences of colours.
    """

    endpoint: str
    api_version: str
    session_id: str
    token: str
    runtime: str
    timeout_seconds: int
    keepalive_minutes: float
    on_session_loss: str = "error"
    workspace: str = "off"
    workspace_files: int = 500
    workspace_bytes: int = 50 * _MEGABYTE
    colors: bool = True

    @classmethod
    def of(cls, settings: Settings) -> SessionSettings:
        """Read the kernel's settings.

        Raises:
            ConfigurationError: An environment variable cannot be used.
        """
        return cls(
            endpoint=settings.endpoint,
            api_version=settings.api_version or API_VERSION,
            session_id=settings.session_id,
            token=settings.token,
            runtime=settings.runtime,
            timeout_seconds=settings.timeout,
            keepalive_minutes=settings.keepalive_minutes,
            on_session_loss=settings.on_session_loss,
            workspace=settings.workspace,
            workspace_files=settings.workspace_files,
            workspace_bytes=int(settings.workspace_megabytes * _MEGABYTE),
        )

    @property
    def working_folder(self) -> Workspace:
        """The workspace, and how cells reach it.

        Raises:
            ConfigurationError: The folder that the settings name does not exist.
        """
        return choose_workspace(self.workspace, is_embedded=not self.endpoint)

    def __repr__(self) -> str:
        return f"SessionSettings(endpoint={self.endpoint!r}, runtime={self.runtime!r})"


@dataclass(frozen=True)
class SessionAccess:
    """What reaches a session beside the cells: the pool's client, and the secret identifier."""

    pool: PoolClient
    identifier: str = field(repr=False)


@dataclass(frozen=True)
class Listener:
    """Who is told how it goes on with the pool.

    Attributes:
        on_wait: Told before each pause between attempts.
        on_notice: Told what the user should know.
        silence: Bounds the time for which a pool may say nothing; None for the kernel's own
            bounds. The embedded pool is not bounded so.
    """

    on_wait: Callable[[Wait], None] = lambda _: None
    on_notice: Callable[[str], None] = lambda _: None
    silence: Silence | None = None


async def connect(
    settings: SessionSettings, resources: AsyncExitStack, listener: Listener
) -> PoolClient:
    """Build the client of the configured pool, or of an embedded one.

    Args:
        settings: Name the pool.
        resources: Closes the client, its credential, and the embedded pool with its sessions.
        listener: Told how it goes on.

    Raises:
        AcaJsError: A setting cannot be used, or there is no Node for an embedded pool.
    """
    # Imported here because launching the kernel must not wait for it.
    from acajs_kernel.local.ahead import discard_started, take_started_in  # noqa: PLC0415
    from acajs_kernel.pool import (  # noqa: PLC0415
        AzureToken,
        Endpoint,
        PoolClient,
        StaticToken,
    )
    from acajs_kernel.session.resolving import resolve  # noqa: PLC0415 -- as above

    if settings.endpoint:
        discard_started()
        endpoint = await resolve(settings.endpoint, silence=listener.silence)
        tokens: StaticToken | AzureToken
        if settings.token:
            tokens = StaticToken(settings.token)
        else:
            tokens = AzureToken()
            resources.callback(tokens.close)
        client = PoolClient(
            endpoint,
            tokens=tokens,
            api_version=settings.api_version,
            on_wait=listener.on_wait,
            on_notice=listener.on_notice,
            silence=listener.silence,
        )
    else:
        from acajs_kernel.local import LocalPool  # noqa: PLC0415
        from acajs_kernel.session.embedded import EmbeddedPool  # noqa: PLC0415

        # It lives and dies with the kernel: nothing else could want the session's place.
        workspace = settings.working_folder.in_place
        started = take_started_in(workspace)
        local = await resources.enter_async_context(
            LocalPool(cooldown_seconds=math.inf, started=started, workspace=workspace)
        )
        client = PoolClient(
            Endpoint.parse("http://embedded.localhost"),
            api_version=settings.api_version,
            in_process=EmbeddedPool(local),
            on_notice=listener.on_notice,
        )
    return await resources.enter_async_context(client)


async def renewal_seconds(pool: PoolClient, identifier: str) -> float:
    """Choose how often to renew a session: three times within its cooldown."""
    cooldown = _USUAL_COOLDOWN_SECONDS
    try:
        session = await pool.get_session(identifier)
    except AcaJsError as error:
        _log.info("the session's cooldown is unknown: %s", error.message)
    else:
        if session.expires_at is not None and session.last_accessed_at is not None:
            cooldown = (session.expires_at - session.last_accessed_at).total_seconds()
    return max(cooldown / 3, 1)
