"""The session pool's REST API as an ASGI application, in both families.

Paths, fields and status codes are those of the service's REST API description.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from .files import FileEntry, SessionFiles
from .gate import Gate
from .messages import (
    JsonResponse,
    error_response,
    read_json_object,
    request_family,
    request_identifier,
)
from .rest import Family, RestError
from .uploads import MAXIMUM_FILE_BYTES, receive_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request

    from .executor import Executor
    from .sessions import Session, SessionRegistry

__all__ = ["build_application"]

_PAGE_ENTRIES = 1000
_PAGE_SESSIONS = 300
_CHUNK_BYTES = 256 * 1024
# Before this version of the API a session could not be looked at or stopped.
_FIRST_SESSION_VERSION = "2025-02-02-preview"

_logger = logging.getLogger("acajs_kernel")


def build_application(
    registry: SessionRegistry,
    *,
    token: str | None,
    executor: Executor,
    node_version: Callable[[], Awaitable[str]],
) -> Starlette:
    """Make the ASGI application of one pool.

    Args:
        registry: The pool's sessions.
        token: The bearer token that every request must bring, or None for no token.
        executor: Runs code in the pool's sessions.
        node_version: Tells the version of Node.js.
    """
    api = _Api(registry, executor, node_version)
    routes = [
        _route("/code/execute", api.execute, "POST", Family.CODE_EXECUTE),
        _route("/executions", api.execute, "POST", Family.EXECUTIONS),
        _route("/files", api.list_files, "GET"),
        _route("/files", api.upload, "POST", Family.EXECUTIONS),
        _route("/files/upload", api.upload, "POST", Family.CODE_EXECUTE),
        _route("/files/{name:path}", api.read_file, "GET"),
        _route("/files/{name:path}", api.delete_file, "DELETE"),
        _route("/session", api.get_session, "GET", Family.EXECUTIONS),
        _route("/session", api.stop_session, "DELETE", Family.EXECUTIONS),
        _route("/metadata", api.metadata, "GET", Family.EXECUTIONS),
        _route("/listSessions", api.list_sessions, "GET", Family.EXECUTIONS),
        # What pools of custom containers have; the vendor's examples use versions of both families.
        _route("/.management/getSession", api.managed_session, "POST"),
        _route("/.management/stopSession", api.stop_managed_session, "POST"),
        _route("/.management/listSessions", api.managed_sessions, "POST"),
    ]
    application = Starlette(
        routes=routes,
        middleware=[Middleware(Gate, token=token)],
        exception_handlers={HTTPException: _unknown_route},
    )
    application.router.redirect_slashes = False
    return application


def _route(
    path: str,
    handler: Callable[[Request], Awaitable[Response]],
    method: str,
    family: Family | None = None,
) -> Route:
    """A route that exists in one family of the API, or in both, and never fails raw."""

    async def endpoint(request: Request) -> Response:
        try:
            if family in {None, request_family(request)}:
                response = await handler(request)
            else:
                version = request.query_params["api-version"]
                text = f"{method} {path} does not exist in api-version {version}."
                response = error_response(RestError(404, "NotFound", text))
        except RestError as error:
            response = error_response(error)
        except ClientDisconnect:
            response = Response(status_code=400)  # nobody is left to read it
        except Exception:
            _logger.exception("The embedded pool failed in %s %s", method, path)
            response = error_response(
                RestError(500, "InternalServerError", "The embedded pool failed; see its log.")
            )
        for name, value in getattr(request.state, "session_headers", {}).items():
            response.headers[name] = value
        return response

    return Route(path, endpoint, methods=[method])


async def _unknown_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = (error.headers if isinstance(error, HTTPException) else None) or {}
    code = "MethodNotAllowed" if status == 405 else "NotFound"  # noqa: PLR2004 - a status's name
    text = f"The session pool has no operation {request.method} {request.url.path[:200]}."
    return error_response(RestError(status, code, text, headers=headers))


class _Api:
    """The operations of the REST API."""

    def __init__(
        self,
        registry: SessionRegistry,
        executor: Executor,
        node_version: Callable[[], Awaitable[str]],
    ) -> None:
        self._registry = registry
        self._executor = executor
        self._node_version = node_version

    async def execute(self, request: Request) -> Response:
        version = request.query_params["api-version"]
        identifier = request_identifier(request)
        try:
            body = await read_json_object(request)
        except RestError:
            await _drain(request)
            raise
        headers = request.state.session_headers = {}
        return JsonResponse(
            await self._executor.execute(version, identifier, body, note=headers.__setitem__)
        )

    async def list_files(self, request: Request) -> Response:
        family = request_family(request)
        is_recursive = request.query_params.get("recursive", "").lower() == "true"
        async with self._registry.use(request_identifier(request)) as session:
            files = await self._files(request, session)
            if family is Family.CODE_EXECUTE:
                entries = await asyncio.to_thread(files.list, "", recursive=False)
                value = [_old_entry(entry) for entry in entries if not entry.is_folder]
                return JsonResponse({"value": value})
            entries = await asyncio.to_thread(
                files.list, _directory(request), recursive=is_recursive
            )
        start = _skipped(request)
        end = start + _PAGE_ENTRIES
        answer: dict[str, object] = {"value": [_new_entry(entry) for entry in entries[start:end]]}
        if end < len(entries):
            answer["nextLink"] = str(request.url.include_query_params(skip=end))
        return JsonResponse(answer)

    async def upload(self, request: Request) -> Response:
        family = request_family(request)
        directory = _directory(request) if family is Family.EXECUTIONS else ""
        async with self._registry.use(request_identifier(request)) as session:
            files = await self._files(request, session)
            folder = await session.interpreter.upload_folder()
            try:
                async with receive_file(request, folder) as (name, content):
                    entry = await asyncio.to_thread(files.put, content, directory, name)
            except RestError:
                await _drain(request)
                raise
        if family is Family.CODE_EXECUTE:
            return JsonResponse({"value": [_old_entry(entry)]})
        return JsonResponse(_new_entry(entry))

    async def read_file(self, request: Request) -> Response:
        """A file's content or, in the newer family, its description."""
        family = request_family(request)
        name = request.path_params["name"]
        directory = ""
        if family is Family.CODE_EXECUTE:
            if not name.startswith("content/"):
                raise RestError(404, "NotFound", "Read files at /files/content/NAME.")
            name = name.removeprefix("content/")
        else:
            directory = _directory(request)
            if not name.endswith("/content"):
                async with self._registry.use(request_identifier(request)) as session:
                    files = await self._files(request, session)
                    entry = await asyncio.to_thread(files.entry, directory, name)
                return JsonResponse(_new_entry(entry))
            name = name.removesuffix("/content")
        return await self._download(request, directory, name)

    async def delete_file(self, request: Request) -> Response:
        family = request_family(request)
        directory = _directory(request) if family is Family.EXECUTIONS else ""
        async with self._registry.use(request_identifier(request)) as session:
            files = await self._files(request, session)
            await asyncio.to_thread(files.delete, directory, request.path_params["name"])
        return Response(status_code=204 if family is Family.EXECUTIONS else 200)

    async def get_session(self, request: Request) -> Response:
        _require_session_version(request)
        return JsonResponse(self._described(request, "expireAt"))

    async def managed_session(self, request: Request) -> Response:
        return JsonResponse(self._described(request, "expiresAt"))

    def _described(self, request: Request, expiry: str) -> dict[str, object]:
        session = self._registry.find(request_identifier(request))
        if session is None:
            raise RestError(404, "SessionNotFound", "No session has this identifier.")
        _note_session(request, session)
        with self._registry.hold(session):
            return _session_entry(session, expiry)

    async def stop_session(self, request: Request) -> Response:
        _require_session_version(request)
        await self._registry.stop(request_identifier(request))
        return Response(status_code=204)

    async def stop_managed_session(self, request: Request) -> Response:
        await self._registry.stop(request_identifier(request))
        return Response("The session is stopped.", media_type="text/plain")

    async def list_sessions(self, request: Request) -> Response:
        _require_session_version(request)
        sessions = self._registry.list()
        return JsonResponse({"value": [_session_entry(each, "expireAt") for each in sessions]})

    async def managed_sessions(self, request: Request) -> Response:
        sessions = self._registry.list()
        start = _skipped(request)
        end = start + _PAGE_SESSIONS
        page = [_session_entry(each, "expiresAt") for each in sessions[start:end]]
        answer: dict[str, object] = {"value": page, "count": len(page)}
        if end < len(sessions):
            answer["nextLink"] = str(request.url.replace_query_params(skip=end))
        return JsonResponse(answer)

    async def metadata(self, _request: Request) -> Response:
        version = await self._node_version()
        return JsonResponse(
            {
                "runtimes": [{"name": "NodeJS", "version": version}],
                "preInstalledPackages": [],
                "jupyterKernel": {
                    "name": "javascript",
                    "version": "5.2.1-compatible",
                    "projectUrl": "https://github.com/n-riesco/ijavascript",
                },
            }
        )

    async def _files(self, request: Request, session: Session) -> SessionFiles:
        _note_session(request, session)
        return SessionFiles(await session.interpreter.data_folder())

    async def _download(self, request: Request, directory: str, name: str) -> Response:
        async with self._registry.use(request_identifier(request)) as session:
            files = await self._files(request, session)
            content, entry = await asyncio.to_thread(files.open, directory, name)

        async def chunks() -> AsyncIterator[bytes]:
            # In use until the last byte has been sent.
            with content, self._registry.hold(session):
                rest = entry.size
                while rest > 0 and (chunk := content.read(min(rest, _CHUNK_BYTES))):
                    rest -= len(chunk)
                    yield chunk

        return StreamingResponse(
            chunks(),
            media_type="application/octet-stream",
            headers={"content-length": str(entry.size)},
        )


async def _drain(request: Request) -> None:
    """Read what is left of a refused body, within reason.

    A server that closes while the client still writes makes the client lose the answer.
    A client that waits to be told to continue has not begun to write.
    """
    if "100-continue" in request.headers.get("expect", "").lower():
        return
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > 2 * MAXIMUM_FILE_BYTES:
                return
    except (ClientDisconnect, RuntimeError):  # RuntimeError: it had been read whole
        return


def _note_session(request: Request, session: Session) -> None:
    request.state.session_headers = {"x-ms-session-guid": session.guid}


def _skipped(request: Request) -> int:
    """Return how many entries of a listing were on the pages before."""
    skip = request.query_params.get("skip", "0")
    return int(skip) if skip.isdecimal() and len(skip) < 10 else 0  # noqa: PLR2004 - digits


def _directory(request: Request) -> str:
    return request.query_params.get("path", "")


def _require_session_version(request: Request) -> None:
    version = request.query_params["api-version"]
    if version < _FIRST_SESSION_VERSION:
        raise RestError(
            404,
            "NotFound",
            f"This operation exists from api-version {_FIRST_SESSION_VERSION} on, not in "
            f"{version}.",
        )


def _old_entry(entry: FileEntry) -> dict[str, object]:
    return {
        "properties": {
            "filename": entry.name,
            "size": entry.size,
            "lastModifiedTime": _timestamp(entry.modified_at),
        }
    }


def _new_entry(entry: FileEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "type": "directory" if entry.is_folder else "file",
        "contentType": entry.content_type,
        "sizeInBytes": entry.size,
        "lastModifiedAt": _timestamp(entry.modified_at),
        "directory": entry.directory,
    }


def _session_entry(session: Session, expiry: str) -> dict[str, object]:
    return {
        "identifier": session.identifier,
        "createdAt": _timestamp(session.created_at),
        "lastAccessedAt": _timestamp(session.last_accessed_at),
        expiry: _timestamp(session.expires_at),
        "etag": session.guid,
    }


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
