"""What the kernel says of itself."""

from __future__ import annotations

import asyncio
from typing import Any

from ipykernel._version import kernel_protocol_version
from ipykernel.kernelbase import Kernel

from acajs_kernel import __version__
from acajs_kernel.config import Settings
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.session import NotebookSession

__all__ = ["KernelInformation"]

# How long the first answers wait for the session, from the moment in which it began to open.
_PATIENCE_SECONDS = 2.0

_FILE_EXTENSIONS = {"javascript": ".js", "typescript": ".ts"}

_HELP_LINKS = [
    {"text": "JavaScript (MDN)", "url": "https://developer.mozilla.org/docs/Web/JavaScript"},
    {"text": "Node.js", "url": "https://nodejs.org/docs/latest/api/"},
    {
        "text": "Azure Container Apps dynamic sessions",
        "url": "https://learn.microsoft.com/azure/container-apps/sessions",
    },
]


class KernelInformation(Settings, Kernel):
    """The part of the kernel that answers who it is, and where cells run."""

    implementation = "acajs"
    implementation_version = __version__
    help_links = _HELP_LINKS

    _notebook: NotebookSession | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _settings_error: ConfigurationError | None = None

    @property
    def banner(self) -> str:  # type: ignore[override] # a trait in ipykernel
        """Text that a console shows first: what this is, and which pool runs the cells."""
        name = "TypeScript" if self.language == "typescript" else "JavaScript"
        return (
            f"{name} (ACA) {__version__}: cells run in a remote session\nPool: {self._pool_name()}"
        )

    @property
    def language_info(self) -> dict[str, object]:  # type: ignore[override] # as above
        """The language, as ``kernel_info_reply`` carries it.

        JupyterLab knows TypeScript by ``text/typescript``, nbconvert by the lexer's name.
        """
        return {
            "name": self.language,
            "version": self._notebook.node_version if self._notebook is not None else "",
            "mimetype": f"text/{self.language}",
            "file_extension": _FILE_EXTENSIONS[self.language],
            "pygments_lexer": self.language,
            "codemirror_mode": self.language,
            "nbconvert_exporter": "script",
        }

    @property
    def kernel_info(self) -> dict[str, Any]:
        """The content of ``kernel_info_reply``.

        ipykernel's own would announce its debugger, which it imports for that, and
        sub-shells, which run cells side by side, while a session runs one after another.
        """
        return {
            "protocol_version": kernel_protocol_version,
            "implementation": self.implementation,
            "implementation_version": self.implementation_version,
            "language_info": self.language_info,
            "banner": self.banner,
            "help_links": self.help_links,
            "supported_features": [],
        }

    async def kernel_info_request(self, stream: Any, ident: Any, parent: Any) -> None:  # noqa: ANN401 -- ipykernel's signature
        """Say who this is; right after the launch, wait a moment for the session to tell its Node.

        Many frontends ask once, and so would never learn the version. Cells have to wait for the
        session anyway. Requests on the control channel are never kept waiting.
        """
        if self._notebook is not None and asyncio.get_running_loop() is self._loop:
            await self._notebook.wait_opened(_PATIENCE_SECONDS)
        await super().kernel_info_request(stream, ident, parent)

    def _pool_name(self) -> str:
        if self._settings_error is not None:
            return "none, because a setting cannot be used"
        return self.endpoint or "embedded, on this machine's Node"
