"""Names of environment variables that are read before the settings can be loaded."""

__all__ = [
    "EMBEDDED_POOL_VARIABLE",
    "ENDPOINT_VARIABLES",
    "LANGUAGE_VARIABLE",
    "RUNTIME_VARIABLE",
    "WORKSPACE_VARIABLE",
]

ENDPOINT_VARIABLES = (
    "ACAJS_POOL_ENDPOINT",
    # The name that the vendor's own clients and samples of the service read.
    "AZURE_CONTAINER_APP_SESSION_POOL_MANAGEMENT_ENDPOINT",
)
"""Name the pool's management endpoint; the first that is set counts."""

EMBEDDED_POOL_VARIABLE = "ACAJS_EMBEDDED_POOL"
"""Says whether cells may run on this machine where no pool is named."""

LANGUAGE_VARIABLE = "ACAJS_LANGUAGE"
"""Says what language a notebook's cells are in."""

RUNTIME_VARIABLE = "ACAJS_RUNTIME"
"""Says how cells run."""

WORKSPACE_VARIABLE = "ACAJS_WORKSPACE"
"""Says how cells reach the files beside the notebook."""
