"""Endpoints as people paste them."""

from __future__ import annotations

import pytest

from acajs_kernel.errors import EndpointError
from acajs_kernel.pool import Endpoint
from tests.pool.fakes import URL

RESOURCE = "/subscriptions/S/resourceGroups/my-rg/providers/Microsoft.App/sessionPools/my-pool"


@pytest.mark.parametrize(
    "text",
    [
        URL,
        f"  {URL}/\n",
        f'"{URL}"',
        f"'{URL}///'",
        f"<{URL}>",
        f"{URL}?api-version=2024-02-02-preview&identifier=abc",
        f"{URL}#overview",
        f"{URL}/code/execute?x=1",
        f"{URL}/executions",
        f"{URL}/files/upload",
        f"{URL}/files/a.txt/content",
        URL.replace("https://westus2", "HTTPS://WestUS2"),
        URL.replace(".io/", ".io:443/"),
    ],
)
def test_endpoint_drops_what_was_pasted_along(text: str) -> None:
    """White space, quotes, slashes, query, fragment and operation leave the same endpoint."""
    endpoint = Endpoint.parse(text)

    assert endpoint.url == URL
    assert endpoint.host == "westus2.dynamicsessions.io"
    assert not endpoint.is_loopback
    assert not endpoint.is_custom_container


def test_endpoint_tells_the_resource_id() -> None:
    """The resource id, as az wants it, comes from the URL."""
    endpoint = Endpoint.parse(URL)

    assert endpoint.resource_id == (
        "/subscriptions/SUB/resourceGroups/RG/providers/Microsoft.App/sessionPools/POOL"
    )
    assert endpoint.pool_name == "POOL"
    assert endpoint.resource_group == "RG"


def test_custom_container_endpoint_has_no_resource_id() -> None:
    """The endpoint of a custom-container pool holds no resource id and is known as such."""
    endpoint = Endpoint.parse("https://pool.env.westus2.azurecontainerapps.io/")

    assert endpoint.url == "https://pool.env.westus2.azurecontainerapps.io"
    assert endpoint.is_custom_container
    assert endpoint.resource_id is None
    assert endpoint.pool_name is None
    assert endpoint.resource_group is None


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8700/", "http://127.0.0.1:8700"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:8700/code/execute", "http://[::1]:8700"),
        ("http://127.9.9.9:80", "http://127.9.9.9"),
        ("http://embedded.localhost", "http://embedded.localhost"),
        ("https://localhost:8443", "https://localhost:8443"),
    ],
)
def test_loopback_may_be_plain_http(text: str, url: str) -> None:
    """This machine is reached without encryption."""
    endpoint = Endpoint.parse(text)

    assert endpoint.url == url
    assert endpoint.is_loopback


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("westus2.dynamicsessions.io/subscriptions/S", "Did you mean https://westus2.dynamic"),
        ("ftp://westus2.dynamicsessions.io", "not an https URL"),
        ("https://", "not an https URL"),
        ("https:///subscriptions/SUB", "not an https URL"),
        ("POOL", "not an https URL"),
        ("http://westus2.dynamicsessions.io/subscriptions/S", "not encrypted"),
        ("http://localhost.example.com", "not encrypted"),
        ("http://127.0.0.1.example.com", "not encrypted"),
        ("http://0.0.0.0:80", "not encrypted"),
        ("https://a b.example.com", "a space"),
        ("https://a.example.com\\@b", "a backslash"),
        ("https://a..example.com", "without a valid host"),
        ("https://a.example.com:99999", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://https://westus2.dynamicsessions.io", "without a valid host"),
        ("https://westus2.dynamicsessions.io", "does not name a session pool"),
        ("https://x.example.com/subscriptions/SUB", "does not name a session pool"),
    ],
)
def test_unusable_endpoint_is_refused_with_the_right_form(text: str, words: str) -> None:
    """Each refusal says what is wrong and shows what an endpoint looks like."""
    with pytest.raises(EndpointError) as caught:
        Endpoint.parse(text)

    assert words in str(caught.value)
    assert "https://" in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter2@westus2.dynamicsessions.io/subscriptions/S",
        "https://hunter2@westus2.dynamicsessions.io",
        "https://user:hunter2@[::1",
        "https://user:hunter2@host:99999",
        "https://user:hunter2/x@host.example.com",
        "user:hunter2@host.example.com/path",
        "hunter2@host.example.com",
    ],
)
def test_password_in_the_endpoint_is_refused_and_not_repeated(text: str) -> None:
    """A user name or password is refused, and stands in no part of the error."""
    with pytest.raises(EndpointError) as caught:
        Endpoint.parse(text)

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    "text",
    [
        RESOURCE,
        f"https://management.azure.com{RESOURCE}?api-version=2025-07-01",
        f"https://portal.azure.com/#@t.onmicrosoft.com/resource{RESOURCE}/overview",
    ],
)
def test_management_link_leads_to_the_command_that_reads_the_endpoint(text: str) -> None:
    """A resource id or a portal link is answered with the az command, its names filled in."""
    with pytest.raises(EndpointError) as caught:
        Endpoint.parse(text)

    assert (
        "az containerapp sessionpool show --name my-pool --resource-group my-rg "
        "--query properties.poolManagementEndpoint -o tsv"
    ) in caught.value.remedy
