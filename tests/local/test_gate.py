"""Who is let in: the token, the Host header, the Origin header."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from acajs_kernel.local import LocalPool
from acajs_kernel.local.gate import is_loopback_name

from .conftest import NEW, client_of, error_of

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "right-token"
QUERY = {"api-version": NEW}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a pool that demands a token, without one."""
    async with LocalPool(token=TOKEN) as pool, client_of(pool) as client:
        yield client


async def get(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get("/listSessions", params=QUERY, headers=named)


async def test_right_token_is_let_in(guarded: httpx.AsyncClient) -> None:
    """The bearer token opens; the scheme's case does not matter."""
    assert (await get(guarded, authorization=f"Bearer {TOKEN}")).status_code == 200
    assert (await get(guarded, authorization=f"bearer {TOKEN}")).status_code == 200


@pytest.mark.parametrize(
    "value", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ü"]
)
async def test_missing_or_wrong_token_is_401(guarded: httpx.AsyncClient, value: str | None) -> None:
    """Without the token every operation gives 401 and tells the scheme, never the token."""
    headers = {} if value is None else {b"authorization": value.encode()}
    for method, path in [("GET", "/listSessions"), ("POST", "/code/execute"), ("GET", "/none")]:
        answer = await guarded.request(method, path, params=QUERY, headers=headers)
        assert error_of(answer) == (401, "Unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", ""]
)
async def test_foreign_host_is_refused(guarded: httpx.AsyncClient, host: str) -> None:
    """A name that was made to resolve to this machine does not open, even with the token."""
    answer = await get(guarded, authorization=f"Bearer {TOKEN}", host=host)
    assert error_of(answer) == (403, "HostNotAllowed")


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:80", "127.0.0.1:5000", "[::1]:5000", "x.localhost", "127.3.2.1"],
)
async def test_loopback_host_is_let_in(guarded: httpx.AsyncClient, host: str) -> None:
    """Every name and address of the loopback interface opens."""
    answer = await get(guarded, authorization=f"Bearer {TOKEN}", host=host)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost",
        "http://127.0.0.1:5001",
        "https://127.0.0.1:5000",
    ],
)
async def test_foreign_origin_is_refused(guarded: httpx.AsyncClient, origin: str) -> None:
    """A web page of another origin, another port included, does not open."""
    answer = await get(
        guarded, authorization=f"Bearer {TOKEN}", host="127.0.0.1:5000", origin=origin
    )
    assert error_of(answer) == (403, "OriginNotAllowed")
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_same_origin_is_let_in(guarded: httpx.AsyncClient) -> None:
    """The pool's own origin opens."""
    answer = await get(
        guarded,
        authorization=f"Bearer {TOKEN}",
        host="127.0.0.1:5000",
        origin="http://127.0.0.1:5000",
        sec_fetch_site="same-origin",
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_browser_request_from_another_site_is_refused(
    guarded: httpx.AsyncClient, site: str
) -> None:
    """Browsers send no Origin with some requests, but say where they come from."""
    answer = await get(guarded, authorization=f"Bearer {TOKEN}", sec_fetch_site=site)
    assert error_of(answer) == (403, "OriginNotAllowed")


async def test_preflight_is_never_granted(guarded: httpx.AsyncClient) -> None:
    """A CORS preflight gets no permission."""
    answer = await guarded.options(
        "/code/execute",
        params=QUERY,
        headers={"origin": "https://evil.example", "access-control-request-method": "POST"},
    )
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("LOCALHOST", "loopback"),
        ("::1", "loopback"),
        ("[::1]", "loopback"),
        ("0.0.0.0", "other"),
        ("::", "other"),
        ("localhost.", "other"),
        ("mylocalhost", "other"),
        ("127.0.0.1.", "other"),
        ("2130706433", "other"),
    ],
)
async def test_loopback_names(name: str, kind: str) -> None:
    """Only the loopback interface's own names and addresses count."""
    assert is_loopback_name(name) is (kind == "loopback")
