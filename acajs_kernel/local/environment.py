"""The environment variables that a session's Node process is given.

User code reads its environment, prints it and hands it to packages it installed, so a
session gets an allow-list: what finding programs, languages, time zones, proxies, private
certificate authorities and npm need. Nothing that looks like a secret passes, even when
its name is on the list.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["MARKER_VARIABLE", "session_environment"]

MARKER_VARIABLE = "ACAJS_SESSION_MARKER"
"""Holds an unguessable text by which every process of a session is found and killed."""

_ALLOWED = re.compile(
    r"""
    PATH | LANG | LANGUAGE | LC_\w+ | TZ
    | (?:HTTP|HTTPS|ALL|NO)_PROXY | NODE_EXTRA_CA_CERTS | SSL_CERT_FILE | SSL_CERT_DIR
    | NPM_CONFIG_\w+
    | LD_LIBRARY_PATH | DYLD_\w+ # some distributions' Node does not start without
    | SYSTEMROOT | SYSTEMDRIVE | WINDIR | COMSPEC | PATHEXT | OS | NUMBER_OF_PROCESSORS
    | PROCESSOR_ARCHITECTURE | PROGRAMDATA | PROGRAMFILES(?:\(X86\))? | APPDATA | LOCALAPPDATA
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SECRET = re.compile(
    r"ACAJS_|AZURE_|JUPYTER|JPY_|TOKEN|SECRET|KEY|PASSWORD|PASSWD|CREDENTIAL|AUTH",
    re.IGNORECASE,
)


def session_environment(
    source: Mapping[str, str],
    *,
    home: Path,
    temporary: Path,
    node: Path,
    marker: str,
    user_home: Path | None = None,
    forwarded: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Build the environment of one session.

    The home folder is the session's own, so that nothing a cell installs or logs in to
    lands in the user's home, and nothing there is picked up by accident. npm alone keeps
    the user's settings file and cache, since packages could otherwise not be installed
    behind a company's registry.

    Args:
        source: The variables to choose from, such as ``os.environ``.
        home: The session's home folder.
        temporary: The session's folder for temporary files.
        node: The Node.js executable; npm and npx lie beside it.
        marker: The session's unguessable marker.
        user_home: The user's own home folder, or None to leave npm without its settings.
        forwarded: Variables that the caller chose to hand over; they pass as they are.

    Returns:
        A new dictionary.
    """
    chosen = {
        name: value
        for name, value in source.items()
        if _ALLOWED.fullmatch(name) and not _SECRET.search(name)
    }
    chosen["HOME"] = str(home)
    chosen["TMPDIR"] = str(temporary)
    if sys.platform == "win32":
        chosen["USERPROFILE"] = str(home)
        chosen["TEMP"] = chosen["TMP"] = str(temporary)
    # A relative one would mean the working folder: programs beside the notebook, unasked for.
    folders = [
        folder
        for folder in chosen.get("PATH", os.defpath).split(os.pathsep)
        if os.path.isabs(folder)  # noqa: PTH117 -- pathlib keeps no text as it was
    ]
    if str(node.parent) not in folders:
        folders.insert(0, str(node.parent))
    chosen["PATH"] = os.pathsep.join(folders)
    if user_home is not None:
        _keep_npm_settings(chosen, user_home)
    chosen.update(forwarded or {})
    chosen[MARKER_VARIABLE] = marker
    return chosen


def _keep_npm_settings(environment: dict[str, str], user_home: Path) -> None:
    present = {name.lower() for name in environment}
    settings = user_home / ".npmrc"
    if "npm_config_userconfig" not in present and settings.is_file():
        environment["npm_config_userconfig"] = str(settings)
    cache = user_home / ".npm"
    # On Windows npm's cache lies below LOCALAPPDATA, which is passed on.
    if "npm_config_cache" not in present and sys.platform != "win32" and cache.is_dir():
        environment["npm_config_cache"] = str(cache)
