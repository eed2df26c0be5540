"""The session pool's REST API as a typed asynchronous client; it knows nothing of Jupyter."""

from acajs_kernel.http.asgi import asgi_transport
from acajs_kernel.http.authentication import TOKEN_SCOPE, AzureToken, StaticToken, TokenSource
from acajs_kernel.http.call import Answer, Call, InProcessPool
from acajs_kernel.http.failure import Wait
from acajs_kernel.http.redaction import shorten_identifier
from acajs_kernel.http.transfer import MAXIMUM_UPLOAD_BYTES, Progress
from acajs_kernel.pool.client import MAXIMUM_TIMEOUT_SECONDS, PoolClient
from acajs_kernel.pool.endpoint import Endpoint, is_resource_id
from acajs_kernel.pool.identifier import check_identifier
from acajs_kernel.pool.results import (
    Execution,
    JsonValue,
    NamedVersion,
    PoolMetadata,
    ServiceErrorDetail,
    SessionFile,
    SessionInfo,
)
from acajs_kernel.pool.wire import KNOWN_API_VERSIONS

__all__ = [
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
