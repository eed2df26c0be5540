"""Tokens: given ones, and those of azure-identity."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from typing import NamedTuple

import pytest

from acajs_kernel.errors import AuthenticationError, ConfigurationError
from acajs_kernel.http import authentication
from acajs_kernel.pool import TOKEN_SCOPE, AzureToken, StaticToken, TokenSource


class AccessToken(NamedTuple):
    """What azure-core's credentials give."""

    token: str
    expires_on: int


class FakeCredential:
    """Gives numbered tokens that live for an hour of a clock that stands."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.scopes: list[str] = []
        self.threads: set[str] = set()

    def get_token(self, scope: str) -> AccessToken:
        """Return the next token."""
        self.scopes.append(scope)
        self.threads.add(threading.current_thread().name)
        return AccessToken(f"token-{len(self.scopes)}", int(self.now) + 3600)

    def time(self) -> float:
        """Return the time in seconds."""
        return self.now


class FailingCredential:
    """Fails as a credential does."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_token(self, _: str) -> AccessToken:
        """Fail."""
        raise RuntimeError(self.text)


@pytest.mark.parametrize(
    "text",
    [
        "abc.def-ghi_~+/==",
        " abc.def-ghi_~+/==\n",
        '"abc.def-ghi_~+/=="',
        "Bearer abc.def-ghi_~+/==",
        "bearer  abc.def-ghi_~+/==",
    ],
)
async def test_given_token_is_freed_of_what_was_pasted_along(text: str) -> None:
    """White space, quotes and the scheme's name are dropped."""
    source: TokenSource = StaticToken(text)

    assert await source.token() == "abc.def-ghi_~+/=="
    assert await source.token(refresh=True) == "abc.def-ghi_~+/=="
    assert "abc" not in repr(source)


@pytest.mark.parametrize(
    "text", ["", "  ", "hunter2 x", "hunter2\r\nX: y", "hunter2ä", "{hunter2}"]
)
def test_impossible_token_is_refused_without_being_repeated(text: str) -> None:
    """What cannot be a token is a setting to correct; its text stays hidden."""
    with pytest.raises(ConfigurationError, match="az account get-access-token") as caught:
        StaticToken(text)

    assert "hunter2" not in str(caught.value)


async def test_azure_token_is_kept_until_five_minutes_before_its_end() -> None:
    """One token serves for 55 of its 60 minutes, then the next is asked for."""
    credential = FakeCredential(now=1000.0)
    source = AzureToken(credential=credential, now=credential.time)

    assert await source.token() == "token-1"
    credential.now += 3299
    assert await source.token() == "token-1"
    credential.now += 2
    assert await source.token() == "token-2"
    assert credential.scopes == [TOKEN_SCOPE] * 2


async def test_azure_token_is_asked_for_in_another_thread() -> None:
    """A credential that blocks does not block the event loop."""
    credential = FakeCredential()
    await AzureToken(credential=credential, now=credential.time).token()

    assert threading.main_thread().name not in credential.threads


async def test_azure_token_is_replaced_when_refused() -> None:
    """A refused token is not given out again."""
    credential = FakeCredential()
    source = AzureToken(credential=credential, now=credential.time)
    await source.token()

    assert await source.token(refresh=True) == "token-2"
    assert await source.token() == "token-2"


class OwnCredential:
    """A credential that azure-identity would have made; gives tokens with its number."""

    def __init__(self, made: list[OwnCredential]) -> None:
        made.append(self)
        self.number = len(made)
        self.closed = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def get_token(self, _: str) -> AccessToken:
        """Return a token that lives for an hour."""
        self.may_answer.wait(30)
        return AccessToken(f"token-of-{self.number}", 3600)

    def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[OwnCredential]:
    """Collect the credentials that are made."""
    credentials: list[OwnCredential] = []
    monkeypatch.setattr(authentication, "_default_credential", lambda: OwnCredential(credentials))
    return credentials


async def test_a_refused_token_brings_a_new_credential(made: list[OwnCredential]) -> None:
    """A credential keeps the identity that it has found; another may have signed in since."""
    source = AzureToken(now=lambda: 0.0)
    assert await source.token() == "token-of-1"
    assert await source.token() == "token-of-1"

    assert await source.token(refresh=True) == "token-of-2"
    assert [credential.closed for credential in made] == [1, 0]
    source.close()
    assert [credential.closed for credential in made] == [1, 1]


async def test_a_credential_that_answers_after_the_end_is_closed(
    made: list[OwnCredential], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for its token any more, and nobody else would close it."""
    begun, may_be_made, closed = threading.Event(), threading.Event(), threading.Event()

    class Late(OwnCredential):
        def close(self) -> None:
            super().close()
            closed.set()

    def make() -> OwnCredential:
        begun.set()
        may_be_made.wait(30)
        return Late(made)

    monkeypatch.setattr(authentication, "_default_credential", make)
    source = AzureToken(now=lambda: 0.0)
    asking = asyncio.create_task(source.token())
    await asyncio.to_thread(begun.wait, 30)
    asking.cancel()
    source.close()
    may_be_made.set()
    assert await asyncio.to_thread(closed.wait, 30)
    assert [credential.closed for credential in made] == [1]


async def test_requests_at_once_share_one_sign_in() -> None:
    """Concurrent requests wait for the same token."""
    credential = FakeCredential()
    source = AzureToken(credential=credential, now=credential.time)
    tokens = await asyncio.gather(*(source.token() for _ in range(5)))

    assert tokens == ["token-1"] * 5


async def test_hanging_credential_is_left_at_the_bound() -> None:
    """A credential that never answers costs the bound, then an error with a remedy."""
    release = threading.Event()

    class Hanging:
        def get_token(self, _: str) -> AccessToken:
            release.wait(30)
            return AccessToken("late", 0)

    source = AzureToken(credential=Hanging(), bound_seconds=0.05)
    with pytest.raises(AuthenticationError, match=r"no token within 0\.05 s") as caught:
        await source.token()
    release.set()

    assert "az login" in caught.value.remedy


CHAIN_ERROR = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable.
\tAzureCliCredential: Please run 'az login' to set up an account
\tAzurePowerShellCredential: PowerShell is not installed"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            CHAIN_ERROR,
            "AzureCliCredential: Please run 'az login' to set up an account",
        ),
        (
            "first line\nAADSTS70043: The refresh token has expired\nAzureCliCredential: x",
            "AADSTS70043: The refresh token has expired",
        ),
        ("something else\nand more", "something else"),
        ("", "RuntimeError"),
    ],
)
async def test_credential_error_is_cut_to_what_helps(
    text: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The error is a line or two; the whole text is in the log for those who debug."""
    caplog.set_level(logging.DEBUG, logger="acajs_kernel")
    with pytest.raises(AuthenticationError) as caught:
        await AzureToken(credential=FailingCredential(text)).token()

    assert caught.value.message.endswith(words)
    assert "\n" not in caught.value.message
    assert "az login" in caught.value.remedy
    assert text in caplog.text


async def test_token_in_a_credential_error_is_hidden(caplog: pytest.LogCaptureFixture) -> None:
    """A credential's own words may quote a token: neither error nor log holds it."""
    caplog.set_level(logging.DEBUG, logger="acajs_kernel")
    token = "eyJhbGciOiJub25l.eyJzdWIiOiJ4.c2lnbmF0dXJl"
    with pytest.raises(AuthenticationError) as caught:
        await AzureToken(credential=FailingCredential(f"got {token}")).token()

    assert token not in str(caught.value)
    assert token not in caplog.text


_REAL = """
import asyncio, logging, sys, time
logging.basicConfig(level=logging.WARNING)
from acajs_kernel.pool import AzureToken
from acajs_kernel.errors import AuthenticationError
assert "azure" not in sys.modules and "azure.identity" not in sys.modules
started = time.monotonic()
try:
    asyncio.run(AzureToken().token())
except AuthenticationError as error:
    print(f"{time.monotonic() - started:.1f}")
    print(error)
"""


@pytest.mark.slow
def test_real_credential_fails_shortly_in_an_empty_environment() -> None:
    """With no sign-in at all, azure-identity's failure is a short error and no log noise."""
    environment = {
        "PATH": "",
        "HOME": "/nonexistent",
        "PYTHONPATH": ":".join(path for path in sys.path if path),
        # No network is asked: the managed identity's address is this machine's closed port.
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9",
    }
    process = subprocess.run(
        [sys.executable, "-c", _REAL],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=environment,
    )

    seconds, message, remedy = process.stdout.splitlines()
    assert float(seconds) < 31
    assert message.startswith("No Azure credential on this machine yields a token. ")
    assert len(message) < 400
    assert "az login" in remedy
    assert process.stderr == ""
