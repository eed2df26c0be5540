"""The kernel's settings: traits with an environment variable each.

A trait's environment variable is read in that trait's default and nowhere else, so
the precedence is always: command line or configuration file, environment, default.
"""

from __future__ import annotations

import math
import os

from traitlets import Enum, Float, Integer, Unicode, default
from traitlets.config import Configurable

from acajs_kernel.environment_names import (
    EMBEDDED_POOL_VARIABLE,
    ENDPOINT_VARIABLES,
    LANGUAGE_VARIABLE,
    RUNTIME_VARIABLE,
    WORKSPACE_VARIABLE,
)
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.working_folder import choose_workspace

__all__ = ["API_VERSION", "Settings"]

API_VERSION = "2024-02-02-preview"
"""The service's API version that the vendor's tutorial uses, and our default."""

_MAXIMUM_TIMEOUT_SECONDS = 220


def _number_from_environment(name: str, fallback: float) -> float:
    """Read a number from the environment.

    Raises:
        ConfigurationError: The variable holds something else than a number.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return fallback
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(
            f"The environment variable {name} holds {text!r}, which is not a number.",
            remedy=f"Set {name} to a number, or unset it.",
        ) from None


def _choice_from_environment(name: str, choices: tuple[str, ...], fallback: str) -> str:
    """Read one of several words from the environment.

    Raises:
        ConfigurationError: The variable holds another word.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return fallback
    if text not in choices:
        raise ConfigurationError(
            f"The environment variable {name} holds {text!r}.",
            remedy=f"Set {name} to one of: {', '.join(choices)}.",
        )
    return text


class Settings(Configurable):
    """What the kernel can be told, by command line, configuration file or environment."""

    endpoint = Unicode(
        help="""The session pool's management endpoint, an https URL, or the pool's Azure
        resource id, which is looked up once. Empty: an embedded pool on the local Node.
        Environment: ACAJS_POOL_ENDPOINT, else
        AZURE_CONTAINER_APP_SESSION_POOL_MANAGEMENT_ENDPOINT."""
    ).tag(config=True)

    embedded_pool = Enum(
        ("on", "off"),
        help="""Whether cells may run in an embedded pool, on this machine's Node, when no endpoint
        is named. off: they fail instead. Use this on machines such as a course's hub, where users
        must not run code by mistake. Environment: ACAJS_EMBEDDED_POOL.""",
    ).tag(config=True)

    api_version = Unicode(
        help=f"""The API version used for executions and files. Default {API_VERSION};
        from 2024-10-02-preview on, executions go to /executions. A version that the pool
        refuses is replaced by the newest known one, with a notice. Environment:
        ACAJS_API_VERSION."""
    ).tag(config=True)

    session_id = Unicode(
        help="""The session identifier, 4 to 128 characters; whoever knows it and may use the pool
        can open the session. Empty: derived from the kernel's own secret key. A session named here
        outlives the kernel, so that you can reattach a notebook. Environment: ACAJS_SESSION_ID."""
    ).tag(config=True)

    # A command line is visible to every user of the machine: environment only.
    token = Unicode(
        help="""A bearer token for the pool. Empty: azure-identity's DefaultAzureCredential.
        Environment: ACAJS_TOKEN."""
    )

    runtime = Enum(
        ("auto", "rich", "plain"),
        help="""How cells run. plain: the text goes unchanged to the service. rich: cells go
        through the runner, with top-level await, live output, interrupt and input. auto: rich
        where the session allows it, otherwise plain with a notice. Environment: ACAJS_RUNTIME.""",
    ).tag(config=True)

    language = Enum(
        ("javascript", "typescript"),
        help="""The language of the notebook, as frontends are told. A cell that is no JavaScript
        and is TypeScript runs with its types erased in either; typescript: so does a cell that
        could be both. Environment: ACAJS_LANGUAGE.""",
    ).tag(config=True)

    timeout = Integer(
        min=1,
        max=_MAXIMUM_TIMEOUT_SECONDS,
        help="""The time limit of one execution in seconds; the service allows at most 220. A plain
        cell is one execution; in the rich runtime a cell may take longer. Environment:
        ACAJS_TIMEOUT.""",
    ).tag(config=True)

    keepalive_minutes = Float(
        min=0,
        help="""Minutes of idleness during which the session is kept alive by a ping; 0 turns
        it off. A cell that waits for the answer to a question, such as prompt(), counts as idle
        from the question on. Environment: ACAJS_KEEPALIVE_MINUTES.""",
    ).tag(config=True)

    on_session_loss = Enum(
        ("error", "restart", "replay"),
        help="""What a cell does when it finds that its session was replaced and all variables are
        gone. error: it fails without running, and the next one starts fresh. restart: it runs in
        the fresh session, with a warning. replay: the earlier successful cells run again first,
        without showing their output. Needs the rich runtime. Environment:
        ACAJS_ON_SESSION_LOSS.""",
    ).tag(config=True)

    history = Unicode(
        help="""Where the kernel keeps the cells it ran, as the history of consoles and editors
        across kernels: a file, "auto" for acajs/history.sqlite in Jupyter's data folder, or "off"
        to keep them in memory only. Environment: ACAJS_HISTORY."""
    ).tag(config=True)

    workspace = Unicode(
        help="""How cells reach the files beside the notebook. auto: the embedded pool works in the
        notebook's folder itself; a pool elsewhere has a folder of its own, and errors say which
        file to send. copy: the notebook's files are copied into the session before a cell runs,
        where they have changed. off: the session has a folder of its own. Or the name of another
        folder than the notebook's: the embedded pool works in it, and to a pool elsewhere its
        files are copied. Environment: ACAJS_WORKSPACE."""
    ).tag(config=True)

    workspace_files = Integer(
        min=1,
        help="""How many files the workspace may have to be copied; above that nothing is.
        Environment: ACAJS_WORKSPACE_FILES.""",
    ).tag(config=True)

    workspace_megabytes = Float(
        min=0,
        help="""How many megabytes (of 1,048,576 bytes) the workspace's files may have together to
        be copied; above that nothing is. Environment: ACAJS_WORKSPACE_MEGABYTES.""",
    ).tag(config=True)

    log_level = Enum(
        ("", "DEBUG", "INFO", "WARNING", "ERROR"),
        help="""How much the kernel logs about its own work; DEBUG adds a line for every request to
        the pool. Empty: what --debug or --log-level says, otherwise WARNING. Environment:
        ACAJS_LOG_LEVEL.""",
    ).tag(config=True)

    @default("endpoint")
    def _endpoint_default(self) -> str:
        for name in ENDPOINT_VARIABLES:
            if value := os.environ.get(name, "").strip():
                return value
        return ""

    @default("embedded_pool")
    def _embedded_pool_default(self) -> str:
        return _choice_from_environment(EMBEDDED_POOL_VARIABLE, ("on", "off"), "on")

    @default("api_version")
    def _api_version_default(self) -> str:
        return os.environ.get("ACAJS_API_VERSION", "").strip() or API_VERSION

    @default("session_id")
    def _session_id_default(self) -> str:
        return os.environ.get("ACAJS_SESSION_ID", "").strip()

    @default("token")
    def _token_default(self) -> str:
        return os.environ.get("ACAJS_TOKEN", "").strip()

    @default("runtime")
    def _runtime_default(self) -> str:
        return _choice_from_environment(RUNTIME_VARIABLE, ("auto", "rich", "plain"), "auto")

    @default("language")
    def _language_default(self) -> str:
        languages = ("javascript", "typescript")
        return _choice_from_environment(LANGUAGE_VARIABLE, languages, "javascript")

    @default("timeout")
    def _timeout_default(self) -> int:
        seconds = _number_from_environment("ACAJS_TIMEOUT", _MAXIMUM_TIMEOUT_SECONDS)
        if not 1 <= seconds <= _MAXIMUM_TIMEOUT_SECONDS:
            raise ConfigurationError(
                f"The environment variable ACAJS_TIMEOUT holds {seconds:g} seconds.",
                remedy=f"Set ACAJS_TIMEOUT to 1 to {_MAXIMUM_TIMEOUT_SECONDS} seconds, "
                "or unset it; in the rich runtime, cells may take longer than that anyway.",
            )
        return int(seconds)

    @default("keepalive_minutes")
    def _keepalive_minutes_default(self) -> float:
        minutes = _number_from_environment("ACAJS_KEEPALIVE_MINUTES", 30)
        if not minutes >= 0:
            raise ConfigurationError(
                f"The environment variable ACAJS_KEEPALIVE_MINUTES holds {minutes:g}.",
                remedy="Set ACAJS_KEEPALIVE_MINUTES to 0 or more minutes, or unset it.",
            )
        return minutes

    @default("on_session_loss")
    def _on_session_loss_default(self) -> str:
        return _choice_from_environment(
            "ACAJS_ON_SESSION_LOSS", ("error", "restart", "replay"), "error"
        )

    @default("history")
    def _history_default(self) -> str:
        return os.environ.get("ACAJS_HISTORY", "").strip() or "auto"

    @default("workspace")
    def _workspace_default(self) -> str:
        return os.environ.get(WORKSPACE_VARIABLE, "").strip() or "auto"

    @default("workspace_files")
    def _workspace_files_default(self) -> int:
        number = _number_from_environment("ACAJS_WORKSPACE_FILES", 500)
        if not 1 <= number < math.inf:
            raise ConfigurationError(
                f"The environment variable ACAJS_WORKSPACE_FILES holds {number:g}.",
                remedy="Set ACAJS_WORKSPACE_FILES to 1 or more files, or unset it.",
            )
        return int(number)

    @default("workspace_megabytes")
    def _workspace_megabytes_default(self) -> float:
        number = _number_from_environment("ACAJS_WORKSPACE_MEGABYTES", 50)
        if not 0 < number < math.inf:
            raise ConfigurationError(
                f"The environment variable ACAJS_WORKSPACE_MEGABYTES holds {number:g}.",
                remedy="Set ACAJS_WORKSPACE_MEGABYTES to more than 0 megabytes, or unset it.",
            )
        return number

    @default("log_level")
    def _log_level_default(self) -> str:
        levels = ("DEBUG", "INFO", "WARNING", "ERROR")
        return _choice_from_environment("ACAJS_LOG_LEVEL", levels, "")

    def settings_error(self) -> ConfigurationError | None:
        """Return what is wrong with the settings, if anything.

        Defaults are read when a trait is first used; reading them all here lets the kernel
        start with a bad setting and say so in the first cell, instead of dying silently.
        """
        for name in Settings.class_own_traits():
            try:
                getattr(self, name)
            except ConfigurationError as error:
                return error
        if not self.endpoint and self.embedded_pool == "off":
            return ConfigurationError(
                f"No session pool is named, and {EMBEDDED_POOL_VARIABLE}=off forbids running "
                f"code on this machine instead.",
                remedy="Set ACAJS_POOL_ENDPOINT to the pool's endpoint, or unset "
                f"{EMBEDDED_POOL_VARIABLE}.",
            )
        try:
            choose_workspace(self.workspace, is_embedded=not self.endpoint)
        except ConfigurationError as error:
            return error
        return None
