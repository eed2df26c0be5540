"""Every failure becomes one exception of the tree, with its facts and a remedy."""

from __future__ import annotations

import io
import json
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable

import httpx
import pytest

from acajs_kernel.errors import (
    AcaJsError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    ExecutionFateUnknownError,
    ExecutionTimeoutError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PoolBusyError,
    PoolError,
    PoolTimeoutError,
    PoolUnreachableError,
    ServiceError,
    TooLargeError,
    UnexpectedAnswerError,
)
from acajs_kernel.pool import PoolClient, StaticToken
from tests.pool.fakes import IDENTIFIER, NEW_VERSIONS, OLD_SUCCESS, URL, Script, client_of

TOKEN = "eyJhbGciOi.t0ken-payload.signature"
HTML = "<html><head><title>x</title></head><body><h1>Bad Gateway</h1></body></html>"
LOOPBACK = "http://127.0.0.1:8700"


async def _fail(
    step: httpx.Response | Exception, *, url: str = URL, repeatable: bool = False
) -> AcaJsError:
    """Execute against a pool that does this, and return the error."""
    async with client_of(
        Script([step]), url=url, tokens=StaticToken(TOKEN), busy_wait_seconds=0
    ) as client:
        with pytest.raises(AcaJsError) as caught:
            await client.execute(IDENTIFIER, "1", repeatable=repeatable)
    return caught.value


async def _fail_in_pool(step: httpx.Response | Exception, *, url: str = URL) -> PoolError:
    error = await _fail(step, url=url)
    assert isinstance(error, PoolError)
    return error


@pytest.mark.parametrize(
    ("status", "kind", "may_have_run", "words"),
    [
        (400, InvalidRequestError, False, "ACAJS_API_VERSION"),
        (401, AuthenticationError, False, "`az login`"),
        (403, PermissionDeniedError, False, "takes minutes to spread"),
        (404, NotFoundError, False, "az containerapp sessionpool show --name POOL"),
        (405, InvalidRequestError, False, "SomeCode"),
        (408, ExecutionTimeoutError, True, "220 s"),
        (409, ConflictError, False, "then try again"),
        (413, TooLargeError, False, "128 MB"),
        (415, InvalidRequestError, False, "ACAJS_API_VERSION"),
        (418, UnexpectedAnswerError, False, "SomeCode"),
        (429, PoolBusyError, False, "--max-sessions N"),
        (500, ServiceError, True, "Try again"),
        (501, ServiceError, True, "Try again"),
        (502, ServiceError, True, "Try again"),
        (503, ServiceError, False, "Try again"),
        (504, ServiceError, True, "Try again"),
    ],
)
async def test_each_status_has_its_exception(
    status: int, kind: type[PoolError], *, may_have_run: bool, words: str
) -> None:
    """An execution's failure keeps status, code, message and operation id, and says what to do."""
    error = await _fail_in_pool(
        httpx.Response(
            status,
            json={"error": {"code": "SomeCode", "message": "Words of the service."}},
            headers={"operation-id": "operation-7"},
        )
    )

    assert type(error) is kind
    assert error.status == status
    assert error.code == "SomeCode"
    assert error.service_message == "Words of the service."
    assert error.operation_id == "operation-7"
    assert error.endpoint == URL
    assert error.seconds is not None
    assert error.may_have_run is may_have_run
    assert words in error.remedy
    text = str(error)
    assert text.startswith("Running the code failed: the session pool at westus2")
    assert f"HTTP {status}" in text
    assert "SomeCode: Words of the service." in text
    assert "operation-7" in text
    assert ("The cell may have run. It was not sent again." in text) is may_have_run


@pytest.mark.parametrize(
    ("response", "code", "message"),
    [
        ({"content": b'{"message": "plain old"}'}, "", "plain old"),
        ({"content": b'{"Message": "Capitals", "Code": 7}'}, "7", "Capitals"),
        ({"content": b"just words"}, "", "just words"),
        ({"content": HTML.encode()}, "", "Bad Gateway"),
        ({"content": b""}, "", ""),
        ({"content": b"\xff\xfe\x00"}, "", "��\x00"),
        ({"content": b"[" * 100_000}, "", "[" * 600 + "…"),
        ({"content": b"word " * 100_000}, "", ("word " * 120) + "…"),
        ({"content": b"", "headers": {"x-ms-error-code": "FromHeader"}}, "FromHeader", ""),
        ({"content": b'{"error": "a text"}'}, "", "a text"),
        ({"content": b'{"error": {}}'}, "", '{"error": {}}'),
        ({"content": b'{"error": null, "code": "C"}'}, "C", "C"),
        (
            {
                "content": json.dumps(
                    {
                        "error": {
                            "code": "Outer",
                            "message": "outer words",
                            "target": "code",
                            "details": [{"code": "Inner", "message": "inner words"}, 7],
                        }
                    }
                ).encode()
            },
            "Outer",
            "outer words (inner words)",
        ),
    ],
)
async def test_every_shape_of_an_error_answer_is_read(
    response: dict[str, object], code: str, message: str
) -> None:
    """The API's shape, older ones, text and HTML all give their words, cut to a sane length."""
    error = await _fail_in_pool(httpx.Response(400, **response))  # type: ignore[arg-type] # any of its options

    assert error.code == code
    assert error.service_message == message
    assert len(str(error)) < 1500


async def test_forbidden_gives_the_command_with_this_pools_resource_id() -> None:
    """The role assignment can be copied as it stands."""
    error = await _fail(httpx.Response(403))

    assert (
        'az role assignment create --role "Azure ContainerApps Session Executor" '
        '--assignee "$(az ad signed-in-user show --query id -o tsv)" '
        '--scope "/subscriptions/SUB/resourceGroups/RG/providers/Microsoft.App/sessionPools/POOL"'
    ) in error.remedy


async def test_forbidden_without_a_resource_id_looks_it_up() -> None:
    """A custom-container endpoint does not hold the resource id: the command reads it."""
    error = await _fail(httpx.Response(403), url="https://pool.env.westus2.azurecontainerapps.io")

    assert '--scope "$(az containerapp sessionpool show' in error.remedy


@pytest.mark.parametrize("status", [401, 403])
async def test_local_pool_asks_for_its_own_token(status: int) -> None:
    """`az login` does not help with a pool on this machine."""
    error = await _fail(httpx.Response(status), url=LOOPBACK)

    assert "acajs pool serve" in error.remedy
    assert "az " not in error.remedy


@pytest.mark.parametrize("status", [404, 429, 500])
async def test_local_pool_needs_no_azure_command(status: int) -> None:
    """Remedies for a pool on this machine name no az command."""
    error = await _fail(httpx.Response(status), url=LOOPBACK)

    assert error.remedy
    assert "az " not in error.remedy


ENVOY = "upstream connect error or disconnect/reset before headers. reset reason: "


@pytest.mark.parametrize(
    ("text", "may_have_run"),
    [
        ("no healthy upstream", False),
        (f"{ENVOY}connection failure", False),
        (f"{ENVOY}remote connection failure, transport failure reason: delayed", False),
        (f"{ENVOY}overflow", False),
        (f"{ENVOY}connection termination", True),
        (f"{ENVOY}remote reset", True),
    ],
)
async def test_gateway_that_lost_the_session_midway_leaves_the_fate_open(
    text: str, *, may_have_run: bool
) -> None:
    """An HTTP 503 of a gateway whose connection ended is not proof that nothing ran."""
    script = Script([httpx.Response(503, text=text), httpx.Response(200, json=OLD_SUCCESS)])
    async with client_of(script) as client:
        if may_have_run:
            with pytest.raises(ServiceError, match="The cell may have run") as caught:
                await client.execute(IDENTIFIER, "1")
            assert caught.value.may_have_run
        else:
            await client.execute(IDENTIFIER, "1")

    assert len(script.requests) == (1 if may_have_run else 2)


@pytest.mark.parametrize("api_version", ["2024-02-02-preview", NEW_VERSIONS[0]])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>Sign in</html>", "web page"),
        (b"", "HTTP 20"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no status"),
        (b'{"status": 7}', "status is 7"),
        (b'{"status": "Running"}', "status is 'Running'"),
        (b'{"properties": {"stdout": "x"}}', "no status"),
    ],
)
async def test_success_without_a_final_status_is_unexpected(
    content: bytes, words: str, api_version: str
) -> None:
    """HTTP 200 or 202 is a result only with a final status in it; the code may have run."""
    for status in (200, 202):
        async with client_of(
            Script([httpx.Response(status, content=content)]), api_version=api_version
        ) as client:
            with pytest.raises(UnexpectedAnswerError) as caught:
                await client.execute(IDENTIFIER, "1")
        assert words in str(caught.value)
        assert caught.value.may_have_run
        assert "The cell may have run. It was not sent again." in str(caught.value)


@pytest.mark.parametrize("repeatable", [False, True])
async def test_answer_above_the_bound_is_not_read(*, repeatable: bool) -> None:
    """An answer larger than the bound is refused, and not asked for again."""
    script = Script([httpx.Response(200, content=b" " * 2_000_000)])
    async with client_of(script, maximum_answer_bytes=1_000_000) as client:
        with pytest.raises(UnexpectedAnswerError, match="larger than 1,000,000 bytes") as caught:
            await client.execute(IDENTIFIER, "1", repeatable=repeatable)

    assert caught.value.may_have_run
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("location", "host"),
    [
        (f"https://login.example.com/?identifier={IDENTIFIER}", "login.example.com"),
        (f"/other?identifier={IDENTIFIER}", "the same host"),
        ("", "the same host"),
    ],
)
async def test_redirect_is_not_followed(location: str, host: str) -> None:
    """The token goes nowhere else; the error names the other host and nothing more of it."""
    headers = {"location": location} if location else {}
    script = Script([httpx.Response(307, headers=headers)])
    async with client_of(script, tokens=StaticToken(TOKEN)) as client:
        with pytest.raises(UnexpectedAnswerError, match=host) as caught:
            await client.execute(IDENTIFIER, "1")

    assert len(script.requests) == 1
    assert IDENTIFIER not in str(caught.value)
    assert not caught.value.may_have_run


def _connect_error(cause: Exception) -> httpx.ConnectError:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    return error


def _untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("fault", "words", "remedy"),
    [
        (_connect_error(socket.gaierror(-2, "unknown")), "host name is unknown", "spelling"),
        (_connect_error(ConnectionRefusedError(111, "x")), "was refused", "HTTPS_PROXY"),
        (_connect_error(_untrusted()), "self-signed certificate", "SSL_CERT_FILE"),
        (_connect_error(ssl.SSLError(1, "version")), "TLS handshake", "network"),
        (_connect_error(OSError(101, "unreachable")), "the connection failed", "network"),
        (httpx.ConnectTimeout("x"), "the connection was not established within", "network"),
        (httpx.PoolTimeout("x"), "the connection was not established within", "network"),
        (
            httpx.ProxyError("407 Proxy Authentication Required"),
            "the proxy refused (Proxy",
            "proxy",
        ),
    ],
)
async def test_unsent_request_says_why(fault: Exception, words: str, remedy: str) -> None:
    """DNS, TCP, TLS and proxy failures are told apart, and nothing can have run."""
    error = await _fail_in_pool(fault)

    assert type(error) is PoolUnreachableError
    assert words in error.message
    assert "Nothing was sent." in error.message
    assert remedy in error.remedy
    assert not error.may_have_run
    assert error.status is None


async def test_refused_connection_to_this_machine_asks_for_the_server() -> None:
    """On loopback the likely cause is that the local pool does not run."""
    error = await _fail(_connect_error(ConnectionRefusedError(111, "x")), url=LOOPBACK)

    assert "Is `acajs pool serve` running" in error.remedy


async def test_proxy_in_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, its value, which may hold a password, is not."""
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy:3128")
    error = await _fail(_connect_error(socket.gaierror(-2, "unknown")))

    assert "the proxy's host name is unknown" in error.message
    assert "HTTPS_PROXY" in error.remedy
    assert "ACAJS_POOL_ENDPOINT" not in error.remedy
    assert "hunter2" not in str(error)


_UNSENT = [
    _connect_error(socket.gaierror(-2, "unknown")),
    _connect_error(ConnectionRefusedError(111, "x")),
    _connect_error(OSError(101, "unreachable")),
    httpx.ConnectTimeout("x"),
]


@pytest.mark.parametrize("fault", _UNSENT)
async def test_a_proxy_that_was_not_asked_is_not_blamed(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_PROXY makes an exception of the pool: what is told is that, in case it was not meant."""
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy:3128")
    monkeypatch.setenv("NO_PROXY", "example.org,.dynamicsessions.io")
    error = await _fail(fault)

    assert "proxy" not in error.message
    assert "Check your network, and the proxy" not in error.remedy
    assert "was not asked, because NO_PROXY makes an exception of westus2.dynam" in error.remedy
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("fault", _UNSENT)
async def test_a_proxy_for_plain_http_is_not_blamed_for_https(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY has no part in a request to an https pool."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    error = await _fail(fault)

    assert "behind a proxy, set HTTPS_PROXY" in error.remedy
    assert "names" not in error.remedy


@pytest.mark.parametrize("fault", [*_UNSENT, httpx.ReadError("x"), httpx.ReadTimeout("x")])
async def test_no_proxy_is_blamed_for_this_machine(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests to loopback go to no proxy and over no network, whatever is set."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    error = await _fail(fault, url=LOOPBACK, repeatable=True)

    assert "proxy" not in str(error).lower().replace("proxies", "proxy")
    assert "network" not in error.remedy
    assert "`acajs pool serve`" in error.remedy


@pytest.mark.parametrize(
    ("code", "text", "remedy"),
    [
        (10, "certificate has expired", "this machine's clock"),
        (9, "certificate is not yet valid", "this machine's clock"),
        (62, "Hostname mismatch", "check that the host westus2.dynam"),
        (19, "self-signed certificate in certificate chain", "set SSL_CERT_FILE"),
    ],
)
async def test_what_is_wrong_with_a_certificate_decides_the_remedy(
    code: int, text: str, remedy: str
) -> None:
    """No other authority makes an expired certificate good, or one of another server."""
    certificate = _untrusted()
    certificate.verify_code = code
    certificate.verify_message = text
    error = await _fail(_connect_error(certificate))

    assert text in error.message
    assert remedy in error.remedy
    assert ("SSL_CERT_FILE" in error.remedy) == (code == 19)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
async def test_authorities_that_are_set_already_are_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They replace the usual ones, so that the remedy is not to set what is set."""
    monkeypatch.setenv(name, "/somewhere")
    error = await _fail(_connect_error(_untrusted()))

    assert error.remedy.startswith(f"Only the authorities that {name} names are trusted")


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ReadError("reset"),
        httpx.WriteError("broken pipe"),
        httpx.CloseError(""),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.ReadTimeout(""),
        httpx.WriteTimeout(""),
        httpx.DecodingError("bad gzip"),
        httpx.StreamClosed(),
        ssl.SSLError("bad record"),
        TimeoutError(),
    ],
)
async def test_broken_execution_has_an_unknown_fate(fault: Exception) -> None:
    """Once sent, a plain execution is never sent again, and the error says so."""
    script = Script([fault])
    async with client_of(script) as client:
        with pytest.raises(ExecutionFateUnknownError) as caught:
            await client.execute(IDENTIFIER, "1")

    assert len(script.requests) == 1
    assert "The cell may have run. It was not sent again." in caught.value.message
    assert "before you run it again" in caught.value.remedy
    assert caught.value.may_have_run
    assert caught.value.__cause__ is fault


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(httpx.ReadError("reset"), PoolUnreachableError), (httpx.ReadTimeout(""), PoolTimeoutError)],
)
async def test_broken_repeatable_call_is_no_mystery(
    fault: Exception, kind: type[PoolError]
) -> None:
    """A call that may be repeated fails as unreachable or too slow, never as unknown."""
    error = await _fail(fault, repeatable=True)

    assert type(error) is kind


async def test_unsendable_request_is_a_matter_of_settings() -> None:
    """A request that breaks HTTP's own rules comes from a setting."""
    error = await _fail(httpx.LocalProtocolError("Illegal header value"))

    assert type(error) is ConfigurationError
    assert "ACAJS_TOKEN" in error.remedy


async def test_timeout_of_another_call_is_no_execution_timeout() -> None:
    """HTTP 408 to a listing says nothing about code."""
    async with client_of(Script([httpx.Response(408)]), busy_wait_seconds=0) as client:
        with pytest.raises(PoolTimeoutError):
            await client.list_files(IDENTIFIER)


SECRETIVE = f"failed for identifier={IDENTIFIER} with Bearer {TOKEN} of {IDENTIFIER.upper()}"


@pytest.mark.parametrize(
    "step",
    [
        *(
            httpx.Response(
                status,
                json={
                    "error": {
                        "code": IDENTIFIER,
                        "message": SECRETIVE,
                        "target": SECRETIVE,
                        "details": [{"code": TOKEN, "message": SECRETIVE}],
                    }
                },
                headers={"operation-id": IDENTIFIER, "x-ms-error-code": TOKEN},
            )
            for status in (400, 401, 403, 404, 408, 409, 413, 415, 418, 429, 500, 502, 503, 504)
        ),
        httpx.Response(400, text=SECRETIVE),
        httpx.Response(200, text=SECRETIVE),
        httpx.Response(200, json={"status": SECRETIVE}),
        httpx.Response(302, headers={"location": f"https://{IDENTIFIER}.example.com/{TOKEN}"}),
        httpx.ReadError(SECRETIVE),
        httpx.RemoteProtocolError(SECRETIVE),
        httpx.ConnectError(SECRETIVE),
        httpx.ProxyError(SECRETIVE),
        httpx.LocalProtocolError(SECRETIVE),
    ],
)
@pytest.mark.parametrize("repeatable", [False, True])
async def test_no_failure_holds_a_secret(
    step: httpx.Response | Exception, caplog: pytest.LogCaptureFixture, *, repeatable: bool
) -> None:
    """Whatever a server or library says, no error, cause or log holds token or identifier."""
    caplog.set_level(logging.DEBUG)
    waits: list[str] = []
    script = Script([step])
    async with client_of(
        script,
        tokens=StaticToken(TOKEN),
        on_wait=lambda wait: waits.append(f"{wait!r} {wait.sentence}"),
    ) as client:
        with pytest.raises(AcaJsError) as caught:
            await client.execute(IDENTIFIER, "1", repeatable=repeatable)

    error = caught.value
    chain = [error, error.__cause__]
    texts = [caplog.text, *waits, *(f"{item!s} {item!r} {vars(item)}" for item in chain if item)]
    assert script.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    for text in texts:
        assert IDENTIFIER.lower() not in text.lower()
        assert TOKEN.lower() not in text.lower()


Calling = Callable[[PoolClient], Awaitable[object]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda client: client.execute(IDENTIFIER, "1"), "Running the code"),
        (lambda client: client.upload(IDENTIFIER, "a.txt", b""), "Uploading 'a.txt'"),
        (
            lambda client: client.download(IDENTIFIER, "a.txt", io.BytesIO()),
            "Downloading 'a.txt'",
        ),
        (lambda client: client.list_files(IDENTIFIER), "Listing the files"),
        (
            lambda client: client.file_metadata(IDENTIFIER, "a.txt"),
            "Reading the metadata of 'a.txt'",
        ),
        (lambda client: client.delete_file(IDENTIFIER, "a.txt"), "Deleting 'a.txt'"),
        (lambda client: client.get_session(IDENTIFIER), "Reading the session"),
        (lambda client: client.stop_session(IDENTIFIER), "Stopping the session"),
        (lambda client: client.metadata(), "Reading the pool's metadata"),
    ],
)
async def test_each_call_says_what_was_tried(call: Calling, words: str) -> None:
    """The message begins with the operation, of every call."""
    async with client_of(Script([httpx.Response(403)]), api_version=NEW_VERSIONS[0]) as client:
        with pytest.raises(PermissionDeniedError) as caught:
            await call(client)

    assert str(caught.value).startswith(f"{words} failed: ")
