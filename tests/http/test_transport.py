"""Certificates and proxies from the environment."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from acajs_kernel.errors import AcaJsError, ConfigurationError, PoolUnreachableError
from acajs_kernel.http import proxies
from acajs_kernel.http.proxies import Proxy, find_proxy
from acajs_kernel.http.reachability import clock_difference, shake_hands
from acajs_kernel.pool import Endpoint, PoolClient, StaticToken, asgi_transport
from acajs_kernel.pool.remedies import of_unreachable
from tests.pool.fakes import IDENTIFIER, OLD_SUCCESS, URL, Connection, http_answer, tcp_server


@dataclass
class Authority:
    """A private certificate authority and a server certificate that it signed."""

    file: Path
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make a self-signed certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acajs test")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "authority.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = folder / "key.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    return Authority(file, context)


async def _answer(connection: Connection) -> None:
    await connection.read_request()
    await connection.write(http_answer(json.dumps(OLD_SUCCESS).encode()))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
async def test_private_authority_is_trusted_through_the_environment(
    authority: Authority, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's own authority is named by the variables that other tools read."""
    monkeypatch.setenv(variable, str(authority.file))
    async with (
        tcp_server(_answer, tls=authority.context) as (url, _),
        PoolClient(Endpoint.parse(url)) as client,
    ):
        execution = await client.execute(IDENTIFIER, "1")

    assert execution.status == "Succeeded"


async def test_unknown_authority_is_refused_before_anything_is_sent(authority: Authority) -> None:
    """An untrusted certificate fails once, with the remedy, and the token stays here."""
    async with (
        tcp_server(_answer, tls=authority.context) as (url, heads),
        PoolClient(Endpoint.parse(url), tokens=StaticToken("t0ken")) as client,
    ):
        with pytest.raises(PoolUnreachableError, match="certificate is not trusted") as caught:
            await client.execute(IDENTIFIER, "1")

    assert heads == []
    assert "SSL_CERT_FILE" in caught.value.remedy
    assert "attempt" not in caught.value.message


async def test_another_servers_certificate_is_no_matter_of_authorities(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its authority is trusted, and the host is another one than it was made for."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with tcp_server(_answer, tls=authority.context) as (url, heads):
        endpoint = Endpoint.parse(url.replace("127.0.0.1", "localhost"))
        async with PoolClient(endpoint, tokens=StaticToken("t0ken")) as client:
            with pytest.raises(PoolUnreachableError, match="not trusted") as caught:
                await client.execute(IDENTIFIER, "1")

    assert heads == []
    assert "another server's" in caught.value.remedy


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
async def test_missing_authority_file_is_named(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A variable that names no file is a setting to correct."""
    missing = tmp_path / "missing.pem"
    monkeypatch.setenv(variable, str(missing))
    async with PoolClient(Endpoint.parse(URL)) as client:
        with pytest.raises(ConfigurationError) as caught:
            await client.execute(IDENTIFIER, "1")

    assert variable in str(caught.value)
    assert str(missing) in str(caught.value)


async def test_folder_of_authorities_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SSL_CERT_DIR and a REQUESTS_CA_BUNDLE that is a folder load without an error."""

    async def talk_plainly(connection: Connection) -> None:
        await connection.write(b"this is no TLS server\r\n")
        await connection.reader.read()

    async with tcp_server(talk_plainly) as (url, _):
        for variable in ("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(variable, str(tmp_path))
            async with PoolClient(Endpoint.parse(url.replace("http:", "https:"))) as client:
                # The handshake's failure shows that the setting was good enough to try it.
                with pytest.raises(PoolUnreachableError, match="TLS handshake failed"):
                    await client.execute(IDENTIFIER, "1")
            monkeypatch.delenv(variable)


async def test_proxy_gets_neither_token_nor_identifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """An https pool is reached through CONNECT: the proxy sees the host and nothing more."""

    async def refuse(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(b"", status="407 Proxy Authentication Required"))

    async with tcp_server(refuse) as (proxy, heads):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        async with PoolClient(Endpoint.parse(URL), tokens=StaticToken("t0ken")) as client:
            with pytest.raises(PoolUnreachableError, match="the proxy refused") as caught:
                await client.execute(IDENTIFIER, "1")

    (head,) = heads
    assert head.startswith(b"CONNECT westus2.dynamicsessions.io:443 ")
    assert b"t0ken" not in head
    assert IDENTIFIER.encode() not in head
    assert "HTTPS_PROXY" in caught.value.remedy


async def test_this_machine_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http to loopback goes to no proxy, which would see the token."""

    async def fail(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(b"", status="500 Proxy Was Asked"))

    async with tcp_server(fail) as (proxy, heads), tcp_server(_answer) as (url, _):
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(variable, proxy)
        async with PoolClient(Endpoint.parse(url), tokens=StaticToken("t0ken")) as client:
            execution = await client.execute(IDENTIFIER, "1")

    assert execution.status == "Succeeded"
    assert heads == []


_AT_1 = {"HTTPS_PROXY": "http://proxy:1"}
_FOUND_1 = Proxy("http://proxy:1", "HTTPS_PROXY")


def _set_proxies(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_PROXY".upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, Proxy()),
        (_AT_1, _FOUND_1),
        ({"HTTPS_PROXY": "proxy:1"}, _FOUND_1),
        ({"https_proxy": "proxy:1"}, Proxy("http://proxy:1", "https_proxy")),
        (_AT_1 | {"https_proxy": "proxy:3"}, Proxy("http://proxy:3", "https_proxy")),
        (_AT_1 | {"https_proxy": ""}, Proxy()),
        ({"HTTP_PROXY": "http://proxy:1"}, Proxy()),
        ({"ALL_PROXY": "http://proxy:2"}, Proxy("http://proxy:2", "ALL_PROXY")),
        (_AT_1 | {"ALL_PROXY": "http://proxy:2"}, _FOUND_1),
        (_AT_1 | {"NO_PROXY": "*"}, Proxy(spared_by=("NO_PROXY", "HTTPS_PROXY"))),
        (
            _AT_1 | {"no_proxy": "a.com, dynamicsessions.io"},
            Proxy(spared_by=("no_proxy", "HTTPS_PROXY")),
        ),
        (_AT_1 | {"NO_PROXY": "sessions.io"}, _FOUND_1),
        ({"NO_PROXY": "*"}, Proxy()),
    ],
)
def test_the_environment_names_the_proxy(
    variables: dict[str, str], found: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheme's variable counts before ALL_PROXY, NO_PROXY before both, small letters first."""
    _set_proxies(monkeypatch, variables)
    assert find_proxy(Endpoint.parse(URL)) == found


def test_the_systems_own_proxy_is_not_taken_for_a_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """MacOS and Windows keep proxies in their settings, where no variable can be checked."""
    _set_proxies(monkeypatch, {})
    monkeypatch.setattr(proxies, "getproxies", lambda: {"https": "http://proxy:1"})
    monkeypatch.setattr(proxies, "proxy_bypass", lambda _host: False)
    assert find_proxy(Endpoint.parse(URL)) == Proxy("http://proxy:1", "the system")


@pytest.mark.parametrize("proxy", ["ftp://user:hunter2@proxy:1", "socks5://user:hunter2@proxy:1"])
async def test_unusable_proxy_is_a_setting_to_correct(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of an unknown kind is refused, without its password."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    async with PoolClient(Endpoint.parse(URL)) as client:
        with pytest.raises(AcaJsError) as caught:
            await client.execute(IDENTIFIER, "1")

    assert isinstance(caught.value, ConfigurationError)
    assert "HTTPS_PROXY" in caught.value.message
    assert "http://HOST:PORT" in caught.value.remedy
    assert "hunter2" not in str(caught.value)


async def test_exception_of_a_mounted_application_is_an_http_500() -> None:
    """A pool inside this process fails as one behind a network does."""

    async def application(scope: object, receive: object, send: object) -> None:
        raise ZeroDivisionError

    async with PoolClient(
        Endpoint.parse("http://embedded.localhost"),
        transport=asgi_transport(application),
        busy_wait_seconds=0,
    ) as client:
        with pytest.raises(AcaJsError, match="HTTP 500"):
            await client.metadata()


async def test_the_certificate_is_told_and_verified(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handshake names version, issuer and expiry; without trust it fails with the remedy."""

    async def wait(connection: Connection) -> None:
        await connection.reader.read()

    async with tcp_server(wait, tls=authority.context) as (url, _):
        with pytest.raises(PoolUnreachableError, match="certificate is not trusted") as caught:
            await shake_hands(Endpoint.parse(url), of_unreachable)
        assert "SSL_CERT_FILE" in caught.value.remedy
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        hands = await shake_hands(Endpoint.parse(url), of_unreachable)
    assert hands.version.startswith("TLS")
    assert hands.issuer == "acajs test"
    assert hands.expires.endswith("GMT")


@pytest.mark.parametrize("hours", [0, 1])
async def test_the_services_clock_is_read(hours: int) -> None:
    """The date of any answer tells how far this machine's clock is off."""
    moment = dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=hours)
    date = f"Date: {moment:%a, %d %b %Y %H:%M:%S} GMT\r\n"

    async def answer(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(b"{}", status="401 Unauthorized", extra=date))

    async with tcp_server(answer) as (url, heads):
        ahead = await clock_difference(Endpoint.parse(url), of_unreachable)
    assert ahead is not None
    assert abs(ahead - hours * 3600) < 60
    assert b"authorization" not in heads[0].lower()


async def test_an_answer_without_a_date_tells_no_clock() -> None:
    """A service that does not say what time it is is no failure."""

    async def answer(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(b"{}"))

    async with tcp_server(answer) as (url, _):
        assert await clock_difference(Endpoint.parse(url), of_unreachable) is None
