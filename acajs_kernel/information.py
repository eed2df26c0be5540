"""What the kernel says of itself."""

from __future__ import annotations

from typing import Any

from ipykernel._version import kernel_protocol_version
from ipykernel.kernelbase import Kernel

from acajs_kernel import __version__
from acajs_kernel.config import Settings
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.session import NotebookSession

__all__ = ["KernelInformation"]

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
    _settings_error: ConfigurationError | None = None

    @property
    def banner(self) -> str:  # type: ignore[override] # a trait in ipykernel
        """Text that a console shows first: what this is, and which pool runs the cells."""
        return (
            f"JavaScript (ACA) {__version__}: cells run in a remote session\n"
            f"Pool: {self._pool_name()}"
        )

    @property
    def language_info(self) -> dict[str, object]:  # type: ignore[override] # as above
        """The language, as ``kernel_info_reply`` carries it."""
        return {
            "name": "javascript",
            "version": self._notebook.node_version if self._notebook is not None else "",
            "mimetype": "text/javascript",
            "file_extension": ".js",
            "pygments_lexer": "javascript",
            "codemirror_mode": "javascript",
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

    def _pool_name(self) -> str:
        if self._settings_error is not None:
            return "none, because a setting cannot be used"
        return self.endpoint or "embedded, on this machine's Node"
