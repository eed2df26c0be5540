"""A Resource Manager in memory, which behaves as the vendor's pages say.

Long-running changes answer 201 or 202 first and name where to ask; PUT converges; a role
assignment for what is assigned already is refused; errors have the documented shape. What a
test wants to go wrong it puts into `faults`.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from acajs_kernel.azure import ResourceManager
from acajs_kernel.pool import asgi_transport
from tests.pool.fakes import URL as POOL_URL
from tests.pool.fakes import Clock

if TYPE_CHECKING:
    from starlette.requests import Request

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
PRINCIPAL = "11111111-1111-1111-1111-111111111111"
ROLE_NAME = "Azure ContainerApps Session Executor"
_ROLE_GUID = "22222222-2222-2222-2222-222222222222"
_POOL = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.App/sessionPools/(?P<pool>[a-z][a-z0-9]{2,62})\Z"
)
_GROUP = re.compile(r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)\Z")
_AUTHORIZATION = "/providers/Microsoft.Authorization/"

Json = dict[str, Any]


def access_token(**claims: object) -> str:
    """Return a token as Entra's, save for its signature."""

    def part(value: Json) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    payload: Json = {
        "aud": "https://management.azure.com",
        "exp": int(time.time()) + 3600,
        "oid": PRINCIPAL,
        "tid": "33333333-3333-3333-3333-333333333333",
        "scp": "user_impersonation",
        **claims,
    }
    return f"{part({'alg': 'RS256'})}.{part(payload)}.c2lnbmF0dXJl"


@dataclass
class Tokens:
    """Gives the tokens of a list, one after another when they are refused."""

    tokens: list[str] = field(default_factory=lambda: [access_token()])

    async def token(self, *, refresh: bool = False) -> str:
        """Return the present token."""
        if refresh and len(self.tokens) > 1:
            self.tokens.pop(0)
        return self.tokens[0]


@dataclass
class Fault:
    """An answer to give instead, to the first requests that match.

    Attributes:
        method: The method it is for.
        path: A part of the path it is for.
        status: The HTTP status.
        code: The error's code.
        message: The error's message.
        headers: Further headers.
        times: How often.
        details: Nested errors.
    """

    method: str
    path: str
    status: int
    code: str
    message: str = "No."
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    details: list[Json] = field(default_factory=list)


@dataclass
class FakeAzure:
    """Azure Resource Manager's state, and the requests that it got.

    Attributes:
        endpoint: What pools name as their management endpoint.
        polls: How often a change is asked for before it has ended.
        style: How a change says where to ask: ``operation``, ``location`` or ``state``.
    """

    endpoint: str = POOL_URL
    polls: int = 2
    style: str = "operation"
    operation_host: str = ""
    operation_error: Json | None = None
    operations_forgotten: bool = False
    registration_polls: int = 0
    registered: bool = True
    regions: list[str] = field(default_factory=lambda: ["North Central US", "West Europe"])
    subscriptions: list[Json] = field(
        default_factory=lambda: [
            {"subscriptionId": SUBSCRIPTION, "displayName": "Mine", "state": "Enabled"},
            {"subscriptionId": "old", "displayName": "Old", "state": "Disabled"},
        ]
    )
    groups: dict[str, str] = field(default_factory=dict)
    pools: dict[str, Json] = field(default_factory=dict)
    assignments: list[Json] = field(default_factory=list)
    other_resources: list[Json] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    bodies: list[Json] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    _pending: dict[str, tuple[int, Callable[[], None]]] = field(default_factory=dict)

    @property
    def application(self) -> Starlette:
        """The ASGI application."""
        methods = ["GET", "PUT", "PATCH", "POST", "DELETE"]
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])

    @property
    def changes(self) -> list[tuple[str, str]]:
        """The requests that change something, without what names this subscription."""
        prefix = f"/subscriptions/{SUBSCRIPTION}"
        return [(m, p.removeprefix(prefix)) for m, p in self.requests if m != "GET"]

    def add_pool(self, path: str = "", **properties: Any) -> Json:
        """Put a ready pool into a group that is there."""
        path = path or (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/group/providers/Microsoft.App"
            "/sessionPools/pool"
        )
        self.groups.setdefault(path.split("/")[4], "northcentralus")
        pool: Json = {
            "id": path,
            "name": path.rsplit("/", 1)[1],
            "type": "Microsoft.App/sessionPools",
            "location": "North Central US",
            "properties": {
                "poolManagementType": "Dynamic",
                "containerType": "NodeLTS",
                "scaleConfiguration": {"maxConcurrentSessions": 5},
                "dynamicPoolConfiguration": {
                    "lifecycleConfiguration": {
                        "lifecycleType": "Timed",
                        "cooldownPeriodInSeconds": 300,
                    }
                },
                "sessionNetworkConfiguration": {"status": "EgressEnabled"},
                "provisioningState": "Succeeded",
                "poolManagementEndpoint": self.endpoint,
                **properties,
            },
        }
        self.pools[path] = pool
        return pool

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        self.requests.append((request.method, path))
        self.versions.append(request.query_params.get("api-version", ""))
        self.tokens.append(request.headers["authorization"].removeprefix("Bearer "))
        body = await request.body()
        if body:
            self.bodies.append(json.loads(body))
        if "api-version" not in request.query_params:
            return _error(400, "MissingApiVersionParameter", "The api-version is required.")
        for fault in self.faults:
            if fault.times and fault.method == request.method and fault.path in path:
                fault.times -= 1
                return _error(fault.status, fault.code, fault.message, fault.headers, fault.details)
        return self._route(request, path, json.loads(body) if body else {})

    def _route(self, request: Request, path: str, body: Json) -> Response:
        pool, group = _POOL.match(path), _GROUP.match(path)
        answer = _error(404, "InvalidResourceType", f"There is no {path}.")
        if "/operationStatuses/" in path or "/operationResults/" in path:
            answer = self._operation(request, path)
        elif _AUTHORIZATION in path:
            answer = self._authorization(request, path, body)
        elif path.endswith(("/providers/Microsoft.App", "/providers/Microsoft.App/register")):
            answer = self._provider(path)
        elif pool is not None:
            answer = self._pool(request, path, pool["group"], body)
        elif group is not None:
            answer = self._group(request, path, group["group"], body)
        elif request.method == "GET":
            answer = self._page(request, self._listed(path))
        return answer

    def _listed(self, path: str) -> list[Json]:
        if path == "/subscriptions":
            return self.subscriptions
        if path.endswith("/resources"):
            scope, others = path.removesuffix("/resources"), self.other_resources
        else:
            assert path.endswith("/providers/Microsoft.App/sessionPools")
            scope, others = path.removesuffix("/providers/Microsoft.App/sessionPools"), []
        return [pool for key, pool in self.pools.items() if key.startswith(f"{scope}/")] + others

    def _page(self, request: Request, items: list[Json]) -> Response:
        """Answer a page of two, and the link to the next."""
        start = int(request.query_params.get("$skiptoken", "0"))
        page: Json = {"value": items[start : start + 2]}
        if start + 2 < len(items):
            page["nextLink"] = str(request.url.include_query_params(**{"$skiptoken": start + 2}))
        return JSONResponse(page)

    def _provider(self, path: str) -> Response:
        if path.endswith("/register"):
            self.registered = self.registration_polls == 0
        elif (
            not self.registered
            and self.registration_polls
            and ("POST", f"{path}/register") in (self.requests)
        ):
            self.registration_polls -= 1
            self.registered = self.registration_polls == 0
        return JSONResponse(
            {
                "namespace": "Microsoft.App",
                "registrationState": "Registered" if self.registered else "NotRegistered",
                "resourceTypes": [{"resourceType": "sessionPools", "locations": self.regions}],
            }
        )

    def _group(self, request: Request, path: str, group: str, body: Json) -> Response:
        there = group in self.groups
        if request.method == "PUT":
            if there and self.groups[group] != body["location"]:
                return _error(409, "InvalidResourceGroupLocation", "It is elsewhere.")
            self.groups[group] = body["location"]
            state = {"provisioningState": "Succeeded"}
            content = {"location": body["location"], "properties": state}
            return JSONResponse(content, 200 if there else 201)
        if not there:
            return _error(404, "ResourceGroupNotFound", f"Resource group '{group}' not found.")
        if request.method == "DELETE":

            def end() -> None:
                self.groups.pop(group)
                self.pools = {k: v for k, v in self.pools.items() if not k.startswith(f"{path}/")}

            return self._begin(request, path, end, style="location")
        return JSONResponse({"name": group, "location": self.groups[group]})

    def _pool(self, request: Request, path: str, group: str, body: Json) -> Response:
        if group not in self.groups:
            return _error(404, "ResourceGroupNotFound", f"Resource group '{group}' not found.")
        if not self.registered:
            return _error(409, "MissingSubscriptionRegistration", "Not registered.")
        if request.method == "PUT":
            made = self.pools.get(path) or self.add_pool(path)
            made["location"] = body["location"]
            made["properties"].update(body["properties"])
            made["properties"]["provisioningState"] = "InProgress"
            made["properties"].pop("poolManagementEndpoint", None)
            return self._begin(request, path, lambda: self._finish(path), status=201, body=made)
        if path in self.pools:
            return self._known_pool(request, path, body)
        if request.method == "DELETE":
            return Response(status_code=204)
        return _error(404, "ResourceNotFound", "The Resource was not found.")

    def _known_pool(self, request: Request, path: str, body: Json) -> Response:
        pool = self.pools[path]
        if request.method == "PATCH":
            pool["properties"].update(body["properties"])
            pool["properties"]["provisioningState"] = "InProgress"
            return self._begin(request, path, lambda: self._finish(path))
        if request.method == "DELETE":
            pool["properties"]["provisioningState"] = "Deleting"
            return self._begin(request, path, lambda: self._forget(path), style="location")
        has_ended = self._advance(path)
        if has_ended and path not in self.pools:
            return _error(404, "ResourceNotFound", "The Resource was not found.")
        return JSONResponse(pool)

    def _finish(self, path: str) -> None:
        properties = self.pools[path]["properties"]
        failed = self.operation_error is not None
        properties["provisioningState"] = "Failed" if failed else "Succeeded"
        properties["poolManagementEndpoint"] = self.endpoint

    def _forget(self, path: str) -> None:
        self.pools.pop(path)

    def _begin(
        self,
        request: Request,
        path: str,
        end: Callable[[], None],
        *,
        status: int = 202,
        body: Json | None = None,
        style: str = "",
    ) -> Response:
        """Begin a change, and say where to ask how far it is."""
        self._pending[path] = (self.polls, end)
        style = style if style and self.style == "operation" else self.style
        host = self.operation_host or f"{request.url.scheme}://{request.url.netloc}"
        headers = {"Retry-After": "7"}
        if style == "operation":
            headers["Azure-AsyncOperation"] = f"{host}{path}/operationStatuses/1?api-version=1"
        if style in {"operation", "location"}:
            headers["Location"] = f"{host}{path}/operationResults/1?api-version=1"
        content = json.dumps(body).encode() if body is not None else b""
        return Response(content, status, headers, media_type="application/json")

    def _advance(self, path: str) -> bool:
        """Count one question about a change; tell whether it has ended."""
        if path not in self._pending:
            return True
        left, end = self._pending[path]
        if left > 0:
            self._pending[path] = (left - 1, end)
            return False
        del self._pending[path]
        end()
        return True

    def _operation(self, request: Request, path: str) -> Response:
        resource, kind, _ = path.rsplit("/", 2)
        if self.operations_forgotten:
            return _error(404, "NotFound", "No such operation.")
        has_ended = self._advance(resource)
        if kind == "operationResults":
            link = {"Location": str(request.url), "Retry-After": "7"}
            return Response(
                status_code=200 if has_ended else 202, headers={} if has_ended else link
            )
        status = "InProgress" if not has_ended else "Succeeded"
        content: Json = {"id": path, "name": "1", "status": status}
        if has_ended and self.operation_error is not None:
            content |= {"status": "Failed", "error": self.operation_error}
        return JSONResponse(content)

    def _authorization(self, request: Request, path: str, body: Json) -> Response:
        scope, _, what = path.partition(_AUTHORIZATION)
        query = request.query_params.get("$filter", "")
        if what == "roleDefinitions":
            found = query == f"roleName eq '{ROLE_NAME}'"
            role = {
                "id": f"{scope.split('/resourceGroups')[0]}{_AUTHORIZATION}roleDefinitions/"
                f"{_ROLE_GUID}",
                "properties": {"roleName": ROLE_NAME},
            }
            return self._page(request, [role] if found else [])
        if request.method == "GET":
            principal = re.fullmatch(r"principalId eq '([^']+)'", query)
            assert principal is not None
            mine = [a for a in self.assignments if a["properties"]["principalId"] == principal[1]]
            return self._page(request, mine)
        for assignment in self.assignments:
            if assignment["properties"] == body["properties"] | {"scope": scope}:
                return _error(409, "RoleAssignmentExists", "The role assignment already exists.")
        self.assignments.append({"id": path, "properties": body["properties"] | {"scope": scope}})
        return JSONResponse(self.assignments[-1], 201)


def _error(
    status: int,
    code: str,
    message: str,
    headers: dict[str, str] | None = None,
    details: list[Json] | None = None,
) -> Response:
    error: Json = {"code": code, "message": message}
    if details:
        error["details"] = details
    request_id = {"x-ms-correlation-request-id": "44444444-4444-4444-4444-444444444444"}
    return JSONResponse({"error": error}, status, request_id | (headers or {}))


def manager_of(
    fake: FakeAzure, *, clock: Clock | None = None, tokens: Tokens | None = None
) -> ResourceManager:
    """Return a client of a fake, whose pauses take no time."""
    clock = clock or Clock()
    return ResourceManager(
        tokens=tokens or Tokens(),
        transport=asgi_transport(fake.application),
        clock=clock,
        sleep=clock.sleep,
        random=lambda: 0.0,
    )
