"""The client of Resource Manager: where tokens go, faults of the network, odd answers."""

from __future__ import annotations

import logging
import socket
import ssl

import httpx
import pytest

from acajs_kernel.azure import PoolResource, ResourceManager, find_pool, resolve_endpoint
from acajs_kernel.errors import AzureError, ConfigurationError, EndpointError
from acajs_kernel.session.resolving import resolve
from tests.azure.fake import SUBSCRIPTION, FakeAzure, Fault, Tokens, access_token, manager_of
from tests.pool.fakes import Clock, Connection, Script, http_answer, tcp_server

_RESOURCE = PoolResource(SUBSCRIPTION, "group", "pool")


def _manager(*steps: httpx.Response | Exception) -> tuple[ResourceManager, Script, Clock]:
    """Return a client whose requests are answered one after another."""
    script, clock = Script(list(steps)), Clock()
    manager = ResourceManager(
        tokens=Tokens(),
        transport=httpx.MockTransport(script),
        clock=clock,
        sleep=clock.sleep,
        random=lambda: 0.0,
    )
    return manager, script, clock


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com.example.com",
        "http://management.azure.com",
        "https://example.com",
        "https://management.usgovcloudapi.net",
    ],
)
def test_a_token_goes_to_resource_manager_only(url: str) -> None:
    """Any other address is refused before there is a client."""
    with pytest.raises(ConfigurationError, match=r"goes to https://management\.azure\.com only"):
        ResourceManager(url=url)


async def test_the_real_address_is_the_one_without_any_setting() -> None:
    """The request goes to management.azure.com, with the version and the token in it."""
    manager, script, _ = _manager(httpx.Response(404, json={"error": {"code": "X"}}))
    assert await find_pool(manager, _RESOURCE) is None
    request = script.requests[0]
    assert str(request.url) == f"https://management.azure.com{_RESOURCE.id}?api-version=2025-07-01"
    assert request.headers["authorization"].startswith("Bearer eyJ")


async def test_it_works_over_a_real_connection() -> None:
    """Over TCP, with a server of scripted bytes, the same client reads the same answer."""

    async def converse(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(b'{"location":"x","properties":{}}'))

    async with (
        tcp_server(converse) as (url, heads),
        ResourceManager(tokens=Tokens(), url=url) as manager,
    ):
        pool = await find_pool(manager, _RESOURCE)
    assert pool is not None
    assert pool.location == "x"
    assert b"authorization: bearer" in heads[0].lower()


def _untrusted() -> ssl.SSLCertVerificationError:
    fault = ssl.SSLCertVerificationError("bad")
    fault.verify_message = "self-signed certificate"  # as OpenSSL's own have it
    return fault


@pytest.mark.parametrize(
    ("fault", "words", "attempts"),
    [
        (httpx.ReadTimeout("slow"), "gave no answer", 10),
        (httpx.RemoteProtocolError("cut"), "broke the connection", 10),
        (socket.gaierror(-2, "no name"), "host name is unknown", 3),
        (ConnectionRefusedError(), "connection was refused", 3),
        (_untrusted(), "certificate is not trusted", 1),
    ],
)
async def test_faults_of_the_network_are_explained(
    fault: Exception, words: str, attempts: int
) -> None:
    """Each is repeated as far as that helps, and ends in an error of our own."""
    if not isinstance(fault, httpx.HTTPError):
        cause, fault = fault, httpx.ConnectError("failed")
        fault.__cause__ = cause
    manager, script, clock = _manager(fault)
    with pytest.raises(AzureError, match=words) as caught:
        await find_pool(manager, _RESOURCE)
    assert caught.value.remedy
    assert len(script.requests) >= min(attempts, 5)
    assert sum(clock.pauses) < 150


async def test_a_blip_is_not_noticed() -> None:
    """One broken connection is repeated without a word."""
    manager, script, _ = _manager(httpx.ReadError("cut"), httpx.Response(200, json={}))
    assert await find_pool(manager, _RESOURCE) is not None
    assert len(script.requests) == 2


async def test_a_deletion_whose_answer_was_lost_is_done_where_nothing_is_left() -> None:
    """The first request may have deleted it, so that the second finds nothing."""
    gone = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    manager, script, _ = _manager(httpx.ReadError("cut"), gone)
    answer = await manager.change("Deleting the pool", "DELETE", _RESOURCE.id, "1")
    assert answer.status == 404
    assert len(script.requests) == 2


@pytest.mark.parametrize("earlier", [[], [httpx.Response(429)], [httpx.ConnectError("refused")]])
async def test_a_deletion_of_nothing_is_an_error(
    earlier: list[httpx.Response | Exception],
) -> None:
    """Where no earlier request can have deleted it, it was not there."""
    gone = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    manager, script, _ = _manager(*earlier, gone)
    with pytest.raises(AzureError, match="ResourceNotFound"):
        await manager.change("Deleting the pool", "DELETE", _RESOURCE.id, "1")
    assert len(script.requests) == len(earlier) + 1


async def test_another_token_is_tried_once() -> None:
    """A token that is refused is renewed; the new one's refusal is the end, without a pause."""
    tokens = Tokens([access_token(name=name) for name in ("first", "second", "third")])
    given = list(tokens.tokens)
    script, clock = Script([httpx.Response(401)]), Clock()
    manager = ResourceManager(
        tokens=tokens, transport=httpx.MockTransport(script), clock=clock, sleep=clock.sleep
    )
    with pytest.raises(AzureError, match="HTTP 401"):
        await find_pool(manager, _RESOURCE)
    sent = [request.headers["authorization"].removeprefix("Bearer ") for request in script.requests]
    assert sent == given[:2]
    assert clock.pauses == []


async def test_a_closed_client_says_so() -> None:
    """A call after the end fails, and opens no connection."""
    manager, script, _ = _manager(httpx.Response(200, json={}))
    await manager.aclose()
    with pytest.raises(AzureError, match="is closed"):
        await find_pool(manager, _RESOURCE)
    assert script.requests == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(200, html="<title>Sign in</title>"), "not JSON"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), "HTTP 302"),
        (httpx.Response(400, text="plain words"), "plain words"),
        (httpx.Response(400, json={"Message": "older words"}), "older words"),
    ],
)
async def test_odd_answers_are_explained(answer: httpx.Response, words: str) -> None:
    """A sign-in page, a redirect or an older error is told; no redirect is followed."""
    manager, script, _ = _manager(answer)
    with pytest.raises(AzureError, match=words):
        await find_pool(manager, _RESOURCE)
    assert len(script.requests) == 1


async def test_a_page_on_another_host_is_not_fetched() -> None:
    """The token does not follow a link of a list that leads elsewhere."""
    page = {"value": [], "nextLink": "https://elsewhere.example/page2"}
    manager, script, _ = _manager(httpx.Response(200, json=page))
    with pytest.raises(AzureError, match="another host"):
        await manager.list("Listing", "/subscriptions", "2022-12-01")
    assert len(script.requests) == 1


async def test_the_token_is_in_no_log_error_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    """Even where the service sends it back, it is hidden."""
    token = access_token()
    message = f"The token {token} is wrong"
    fake = FakeAzure(faults=[Fault("GET", "/sessionPools/", 401, "Refused", message, times=9)])
    with caplog.at_level(logging.DEBUG):
        async with manager_of(fake, tokens=Tokens([token])) as manager:
            with pytest.raises(AzureError) as caught:
                await find_pool(manager, _RESOURCE)
    shown = f"{caught.value!r} {caught.value} {caplog.text} {manager!r}"
    assert "is wrong" in shown
    assert token not in shown
    assert token.split(".")[1] not in shown


async def test_a_resource_id_is_resolved_to_the_endpoint() -> None:
    """One request, and the pool's own endpoint; quotes around it do not matter."""
    fake = FakeAzure()
    fake.add_pool()
    for text in (_RESOURCE.id, f" '{_RESOURCE.id}/' ", _RESOURCE.id.lstrip("/")):
        fake.requests.clear()
        endpoint = await resolve_endpoint(text, connect=lambda: manager_of(fake))
        assert endpoint.url == fake.endpoint
        assert len(fake.requests) == 1


async def test_a_url_is_not_asked_about() -> None:
    """An endpoint needs no Resource Manager."""
    fake = FakeAzure()
    endpoint = await resolve_endpoint(f"{fake.endpoint}/", connect=lambda: manager_of(fake))
    assert endpoint.url == fake.endpoint
    assert (await resolve(fake.endpoint)).url == fake.endpoint
    assert fake.requests == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/subscriptions/S/resourceGroups/G", "not like a session pool's"),
        (f"{_RESOURCE.id}/extra", "not like a session pool's"),
        ("/subscriptions/../resourceGroups/G/providers/Microsoft.App/sessionPools/a?b", "not like"),
    ],
)
async def test_another_resource_id_is_refused(text: str, words: str) -> None:
    """The form of a pool's id stands in the remedy, and nobody is asked."""
    with pytest.raises(EndpointError, match=words) as caught:
        await resolve(text)
    assert "Microsoft.App/sessionPools/POOL" in caught.value.remedy


async def test_a_pool_that_is_not_there_or_not_ready_is_explained() -> None:
    """The error names the pool and the command that helps."""
    fake = FakeAzure()
    with pytest.raises(EndpointError, match="no session pool pool") as caught:
        await resolve_endpoint(_RESOURCE.id, connect=lambda: manager_of(fake))
    assert "acajs azure list" in caught.value.remedy
    fake.add_pool(provisioningState="InProgress", poolManagementEndpoint="")
    with pytest.raises(EndpointError, match="has no endpoint") as caught:
        await resolve_endpoint(_RESOURCE.id, connect=lambda: manager_of(fake))
    assert "acajs azure show pool --resource-group group" in caught.value.remedy
