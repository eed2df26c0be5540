"""Answers that are valid HTTP and no answer of the service: what they look like, and no waiting."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable

import httpx
import pytest

from acajs_kernel.errors import AcaJsError, UnexpectedAnswerError
from acajs_kernel.pool import PoolClient, StaticToken
from tests.pool.fakes import IDENTIFIER, OLD_SUCCESS, Clock, Script, client_of

TOKEN = "t0ken.of-the.pool"
PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Welcome to\n Caf&eacute; WiFi</title></head>"
    "<body>Sign in</body></html>"
)
MARKUP = {"content-type": "text/html; charset=utf-8"}


async def _error_of(
    step: httpx.Response,
    act: Callable[[PoolClient], Awaitable[object]] = lambda client: client.execute(
        IDENTIFIER, "1", repeatable=True
    ),
) -> tuple[AcaJsError, int, float]:
    """Return the error of a call that gets this answer, the requests, and the seconds it took."""
    script, clock = Script([step]), Clock()
    async with client_of(script, clock=clock, tokens=StaticToken(TOKEN)) as client:
        with pytest.raises(AcaJsError) as caught:
            await act(client)
    return caught.value, len(script.requests), clock.now - 1000.0


@pytest.mark.parametrize(
    "step",
    [
        httpx.Response(200, text=PAGE, headers=MARKUP),
        httpx.Response(200, text=PAGE, headers={"content-type": "text/plain"}),
        httpx.Response(
            200,
            content=b"\xef\xbb\xbf <!-- x -->\n<HTML lang=en><title>Welcome to Caf\xc3\xa9 WiFi"
            b"</title>",
        ),
        httpx.Response(202, text=PAGE, headers=MARKUP),
    ],
)
async def test_a_sign_in_page_is_called_one_at_once(step: httpx.Response) -> None:
    """The same request would get the same page: it is not sent again."""
    error, requests, seconds = await _error_of(step)
    assert isinstance(error, UnexpectedAnswerError)
    assert (requests, seconds) == (1, 0)
    assert "with a web page (“Welcome to Café WiFi”)" in error.message
    assert "A sign-in page or a proxy seems to answer in the pool's place" in error.message
    assert "sign in" in error.remedy
    assert "proxy" in error.remedy


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (httpx.Response(202), "accepts the request and does not say how it ended"),
        (
            httpx.Response(202, json={"status": "Running"}, headers={"operation-location": "/x"}),
            "accepts the request and does not say how it ended",
        ),
        (httpx.Response(204), "it is empty"),
        (httpx.Response(200), "it is empty"),
        (httpx.Response(200, text=" \n"), "it is empty"),
        (httpx.Response(200, text="null"), "not a JSON object"),
        (httpx.Response(200, text="[]"), "not a JSON object"),
        (httpx.Response(200, text="{}"), "it has no status"),
        (httpx.Response(200, text="OK"), "it is not JSON"),
        (httpx.Response(200, content=b"\x89PNG\r\n"), "it is not JSON"),
    ],
)
async def test_what_is_no_execution_is_given_up_within_seconds(
    step: httpx.Response, words: str
) -> None:
    """It is asked for a few times, then named, with what may stand between."""
    error, requests, seconds = await _error_of(step)
    assert isinstance(error, UnexpectedAnswerError)
    assert words in error.message
    assert 1 < requests <= 4
    assert seconds < 3
    assert "proxy" in str(error)
    assert "ACAJS_POOL_ENDPOINT" in error.remedy


async def test_an_answer_that_was_cut_is_asked_for_as_long_as_ever() -> None:
    """JSON that ends too early is a network's doing, and passes."""
    clock = Clock()
    steps: list[httpx.Response | Exception] = [httpx.Response(200, text='{"properties": {"sta')] * 7
    script = Script([*steps, httpx.Response(200, json=OLD_SUCCESS)])
    async with client_of(script, clock=clock) as client:
        await client.execute(IDENTIFIER, "1", repeatable=True)
    assert len(script.requests) == 8


@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.execute(IDENTIFIER, "1"),
        lambda client: client.list_files(IDENTIFIER),
        lambda client: client.upload(IDENTIFIER, "x", b"1"),
        lambda client: client.delete_file(IDENTIFIER, "x"),
        lambda client: client.stop_session(IDENTIFIER),
        lambda client: client.list_sessions(),
        lambda client: client.metadata(),
    ],
)
async def test_no_call_takes_a_page_for_success(
    act: Callable[[PoolClient], Awaitable[object]],
) -> None:
    """Not even those whose answer has nothing in it: a session is not called stopped."""
    error, requests, _ = await _error_of(httpx.Response(200, text=PAGE, headers=MARKUP), act)
    assert isinstance(error, UnexpectedAnswerError)
    assert "web page" in error.message
    assert requests == 1


async def test_a_file_that_is_a_page_is_downloaded() -> None:
    """Of a file's content nothing is thought."""
    target = io.BytesIO()
    script = Script([httpx.Response(200, text=PAGE, headers=MARKUP)])
    async with client_of(script) as client:
        await client.download(IDENTIFIER, "page.html", target)
    assert target.getvalue() == PAGE.encode()


@pytest.mark.parametrize("status", [401, 403, 404, 407, 418, 511])
async def test_a_refusal_that_is_a_page_names_both_possibilities(status: int) -> None:
    """A proxy's refusal is not taken for a missing role alone."""
    error, requests, _ = await _error_of(httpx.Response(status, text=PAGE, headers=MARKUP))
    assert "with a web page (“Welcome to Café WiFi”)" in error.message
    assert "sign-in" in error.remedy
    assert ("az role assignment create" in error.remedy) is (status == 403)
    assert requests == 1


async def test_a_title_shows_no_secret() -> None:
    """A page may quote the request; what it quotes of secrets stays hidden."""
    page = f"<html><title>Blocked: identifier={IDENTIFIER} Bearer {TOKEN} {'x' * 300}</title>"
    error, _, _ = await _error_of(httpx.Response(200, text=page))
    assert "Blocked" in error.message
    assert IDENTIFIER not in str(error)
    assert TOKEN not in str(error)
    assert len(error.message) < 500
