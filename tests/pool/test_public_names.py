"""What the package offers, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

from acajs_kernel import pool


def test_public_names_are_these() -> None:
    """A name comes or goes on purpose only, and each of them exists."""
    assert pool.__all__ == [
        "KNOWN_API_VERSIONS",
        "MAXIMUM_TIMEOUT_SECONDS",
        "MAXIMUM_UPLOAD_BYTES",
        "TOKEN_SCOPE",
        "Answer",
        "AzureToken",
        "Call",
        "Endpoint",
        "Execution",
        "InProcessPool",
        "JsonValue",
        "NamedVersion",
        "PoolClient",
        "PoolMetadata",
        "Progress",
        "ServiceErrorDetail",
        "SessionFile",
        "SessionInfo",
        "StaticToken",
        "TokenSource",
        "Wait",
        "asgi_transport",
        "check_identifier",
        "is_resource_id",
        "shorten_identifier",
    ]
    assert all(hasattr(pool, name) for name in pool.__all__)


def test_import_leaves_azure_alone() -> None:
    """azure-identity takes long to import, so it waits until a token is wanted."""
    code = (
        "import sys, acajs_kernel.pool; "
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('azure', 'msal', 'starlette', 'ipykernel')])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert process.stdout.strip() == "[]"
