# ruff: noqa: INP001 -- Python finds it by its folder, as no part of a package
"""Gives a kernel's process credentials that a test controls.

Python imports this by itself where its folder is on PYTHONPATH. FAKE_CREDENTIAL says what
the credential does: a file's path (its content is the token), ``hang`` or ``fail``.
FAKE_RESOURCE_MANAGER is the address of a Resource Manager that answers in place of Azure's, and
is not waited for as long.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

import azure.identity

from acajs_kernel.azure import ResourceManager
from acajs_kernel.http import refusals
from acajs_kernel.http.authentication import AzureToken

_FAILURE = "DefaultAzureCredential failed to retrieve a token from the included credentials.\n" + (
    "\n".join(
        f"\t{name}Credential: {reason}"
        for name, reason in {
            "Environment": "Environment variables are not fully configured. " * 10,
            "ManagedIdentity": "No managed identity endpoint found. " * 10,
            "AzureCli": "Please run 'az login' to set up an account",
            "AzurePowerShell": "PowerShell is not installed. " * 10,
        }.items()
    )
)


class _AccessToken(NamedTuple):
    token: str
    expires_on: int


class _Credential:
    """Does what FAKE_CREDENTIAL says."""

    def __init__(self, **_options: object) -> None:
        self._behaviour = os.environ["FAKE_CREDENTIAL"]

    def get_token(self, _scope: str) -> _AccessToken:
        """Return the token that is valid now."""
        if self._behaviour == "hang":
            threading.Event().wait()
        if self._behaviour == "fail":
            raise RuntimeError(_FAILURE)
        token = Path(self._behaviour).read_text(encoding="ascii")
        return _AccessToken(token, int(time.time()) + 3600)

    def close(self) -> None:
        """Nothing is open."""


if "FAKE_CREDENTIAL" in os.environ:
    azure.identity.DefaultAzureCredential = _Credential  # type: ignore[misc,assignment] # a stand-in
    defaults = AzureToken.__init__.__kwdefaults__
    assert defaults is not None
    defaults["bound_seconds"] = 3.0
    refusals._YOUNG_SECONDS = 0.0  # tokens here age within parts of a second

if "FAKE_RESOURCE_MANAGER" in os.environ:
    settings = ResourceManager.__init__.__kwdefaults__
    assert settings is not None
    settings["url"] = os.environ["FAKE_RESOURCE_MANAGER"]
    settings["sleep"] = lambda _seconds: asyncio.sleep(0.01)
