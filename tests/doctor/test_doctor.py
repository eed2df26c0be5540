"""``acajs doctor`` on pools that are well, and on some that are not."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from typer.testing import CliRunner

from acajs_kernel import doctor
from acajs_kernel.cli import application
from acajs_kernel.doctor import CHECKS, Case, Finding, examine_case, network, would_run
from acajs_kernel.doctor.network import check_clock, check_tls, check_token
from acajs_kernel.errors import NodeNotFoundError
from acajs_kernel.local import node
from acajs_kernel.pool import AzureToken, Endpoint, StaticToken
from tests.azure.fake import access_token
from tests.pool.fakes import URL
from tests.pool_server import ServedPool, served_pool, served_variant

_IDENTIFIER = "doctors-own-session-0123456789"
_NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve a pool for all tests of this module; each uses a session and deletes it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ACAJS_", "AZURE_"))}
    with served_pool(clean) as served:
        yield served


async def _examine(**options: Any) -> dict[str, Finding]:
    """Examine with egress tried at a closed port, and return the findings by name."""
    case = Case("acajs", _IDENTIFIER, egress_host="127.0.0.1", egress_port=9, **options)
    return {finding.name: finding for finding in await examine_case(case)}


def _statuses(findings: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.result.status for name, finding in findings.items()}


def _runs(findings: dict[str, Finding]) -> bool:
    return would_run(CHECKS, list(findings.values()))


def _use(pool: ServedPool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in pool.environment.items():
        monkeypatch.setenv(name, value)


async def _sessions(pool: ServedPool) -> list[Any]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(
            f"{pool.endpoint}/listSessions?api-version=2025-10-02-preview",
            headers={"Authorization": f"Bearer {pool.token}"},
        )
    sessions: list[Any] = answer.json()["value"]
    return sessions


async def test_the_embedded_pool_is_well() -> None:
    """Without any setting every check ends well, save for the closed port."""
    findings = await _examine()
    statuses = _statuses(findings)
    assert statuses.pop("egress") == "warning"
    assert set(statuses.values()) == {"ok"}
    assert list(findings) == [check.name for check in CHECKS]
    assert findings["node"].result.text.startswith("v")
    assert _runs(findings)


async def test_a_served_pool_is_well_and_keeps_no_session(
    pool: ServedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TCP and with a token, too; the doctor's own session is gone afterwards."""
    _use(pool, monkeypatch)
    findings = await _examine()
    statuses = _statuses(findings)
    assert statuses.pop("egress") == "warning"
    assert set(statuses.values()) == {"ok"}
    assert findings["node"].result.text == "not needed: cells run in the pool"
    assert "ACAJS_TOKEN" in findings["token"].result.text
    assert findings["round_trip"].result.facts["median_milliseconds"]
    assert await _sessions(pool) == []


async def test_no_secret_is_in_what_it_says(
    pool: ServedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the token nor the session's identifier is in any text or fact."""
    _use(pool, monkeypatch)
    shown = repr(list((await _examine()).values()))
    assert pool.token not in shown
    assert _IDENTIFIER not in shown


async def test_the_session_is_deleted_even_if_the_time_is_over(
    pool: ServedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An examination that is broken off leaves no session behind."""
    _use(pool, monkeypatch)
    case = Case("acajs", _IDENTIFIER, egress_host="127.0.0.1", egress_port=9)
    ran = asyncio.get_running_loop().create_future()

    def note(finding: Finding) -> None:
        if finding.name == "role" and not ran.done():
            ran.set_result(None)

    task = asyncio.ensure_future(examine_case(case, on_finding=note))
    await asyncio.wait_for(ran, 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _sessions(pool) == []


async def test_a_wrong_token_fails_the_role_and_what_needs_it(
    pool: ServedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remedy is that of the refusal, and what would only repeat it is skipped."""
    _use(pool, monkeypatch)
    monkeypatch.setenv("ACAJS_TOKEN", "wrong")
    findings = await _examine()
    assert findings["role"].result.status == "failed"
    assert "ACAJS_TOKEN" in findings["role"].result.remedy
    after = ["round_trip", "pool", "files", "egress", "rich", "deletion"]
    assert {findings[name].result.text for name in after} == {"skipped because “Role” failed"}
    assert not _runs(findings)


async def test_a_pool_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: the check that runs code says so."""
    monkeypatch.setenv("ACAJS_TOKEN", "token")
    findings = await _examine(endpoint_text=_NOWHERE)
    assert findings["role"].result.status == "failed"
    assert "connection was refused" in findings["role"].result.text
    assert not _runs(findings)


async def test_a_forbidden_embedded_pool_is_no_matter_for_a_named_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ACAJS_EMBEDDED_POOL=off fails the settings without a pool, and not where one is named."""
    monkeypatch.setenv("ACAJS_EMBEDDED_POOL", "off")
    findings = await _examine()
    assert findings["settings"].result.status == "failed"
    assert "ACAJS_POOL_ENDPOINT" in findings["settings"].result.remedy
    findings = await _examine(endpoint_text=_NOWHERE)
    assert findings["settings"].result.status == "ok"


async def test_an_unusable_endpoint_skips_everything_behind_it() -> None:
    """The endpoint's own remedy is shown, and no name is looked up."""
    findings = await _examine(endpoint_text="ftp://pool.example")
    assert findings["endpoint"].result.status == "failed"
    assert "https://" in findings["endpoint"].result.remedy
    assert findings["dns"].result.status == "skipped"


async def test_a_host_without_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt region fails at the name, with the remedy for it."""

    def find_none(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("ACAJS_TOKEN", "token")
    monkeypatch.setattr(socket, "getaddrinfo", find_none)
    findings = await _examine(endpoint_text=URL)
    assert findings["dns"].result.status == "failed"
    assert "host name is unknown" in findings["dns"].result.text
    assert "spelling" in findings["dns"].result.remedy
    assert findings["role"].result.status == "skipped"


async def test_a_missing_kernel_spec_is_told() -> None:
    """The rest is looked at all the same, but no notebook would run."""
    case = Case("no-such-kernel", _IDENTIFIER, egress_host="127.0.0.1", egress_port=9)
    findings = {finding.name: finding for finding in await examine_case(case)}
    assert findings["kernelspec"].result.status == "failed"
    assert "acajs install" in findings["kernelspec"].result.remedy
    assert "--kernel: acajs" in findings["kernelspec"].result.remedy
    assert findings["role"].result.status == "ok"
    assert not _runs(findings)


async def test_a_kernel_spec_whose_python_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec that outlived its environment is named with its folder."""
    folder = tmp_path / "kernels" / "moved"
    folder.mkdir(parents=True)
    spec = {"argv": ["/no/such/python", "-m", "acajs_kernel"], "display_name": "x", "language": "j"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    case = Case("moved", _IDENTIFIER, egress_host="127.0.0.1", egress_port=9)
    findings = {finding.name: finding for finding in await examine_case(case)}
    assert "/no/such/python, which is not there" in findings["kernelspec"].result.text
    assert not _runs(findings)


async def test_the_settings_of_the_kernel_spec_are_looked_at(
    pool: ServedPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool that `acajs install --endpoint` has baked in is the one that is examined."""
    folder = tmp_path / "kernels" / "baked"
    folder.mkdir(parents=True)
    variables = {"ACAJS_POOL_ENDPOINT": pool.endpoint, "ACAJS_TOKEN": "${TOKEN_OF_TEST}"}
    spec = {"argv": [sys.executable], "display_name": "x", "language": "j", "env": variables}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("TOKEN_OF_TEST", pool.token)
    case = Case("baked", _IDENTIFIER, egress_host="127.0.0.1", egress_port=9)
    findings = {finding.name: finding for finding in await examine_case(case)}
    assert findings["endpoint"].result.facts["url"] == pool.endpoint
    assert findings["role"].result.status == "ok"


@pytest.mark.parametrize(("runtime", "status"), [("plain", "ok"), ("fast", "failed")])
async def test_the_options_of_the_kernel_spec_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str, status: str
) -> None:
    """An option in its command is a setting, and a bad one is told."""
    folder = tmp_path / "kernels" / "plain"
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "acajs_kernel", f"--AcaJsKernel.runtime={runtime}"]
    (folder / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "x", "language": "j"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    case = Case("plain", _IDENTIFIER, egress_host="127.0.0.1", egress_port=9)
    findings = {finding.name: finding for finding in await examine_case(case)}
    assert findings["settings"].result.status == status
    assert runtime in findings["settings"].result.text
    if status == "ok":
        assert findings["rich"].result.text == "not checked: ACAJS_RUNTIME is plain"


@pytest.mark.parametrize(
    ("name", "value"), [("ACAJS_TIMEOUT", "forever"), ("ACAJS_RUNTIME", "fast")]
)
async def test_a_bad_setting_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The variable and its remedy are named, and nothing is tried with it."""
    monkeypatch.setenv(name, value)
    findings = await _examine()
    assert name in findings["settings"].result.text
    assert findings["endpoint"].result.status == "skipped"
    assert not _runs(findings)


async def test_a_missing_node_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a pool and without Node, the remedy names both ways to one."""

    def find_none() -> Path:
        raise NodeNotFoundError("None.", remedy='pip install "acajs-kernel[node]"')

    monkeypatch.setattr(node, "find_node", find_none)
    findings = await _examine()
    assert findings["node"].result.status == "failed"
    assert "acajs-kernel[node]" in findings["node"].result.remedy
    assert findings["role"].result.status == "skipped"


@pytest.mark.parametrize(("runtime", "status"), [("auto", "warning"), ("rich", "failed")])
async def test_a_session_without_child_processes_is_told(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    runtime: str,
    status: str,
) -> None:
    """Plain mode is left: a warning, unless the rich runtime was demanded."""
    monkeypatch.setenv("ACAJS_RUNTIME", runtime)
    with served_variant(environment, "no-children") as variant:
        _use(variant, monkeypatch)
        findings = await _examine()
    assert findings["rich"].result.status == status
    assert "plain" in findings["rich"].result.remedy
    assert _runs(findings) == (status == "warning")


async def test_another_language_is_told(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool that runs code, but no JavaScript, fails with the container type to choose."""
    with served_variant(environment, "other-language") as variant:
        _use(variant, monkeypatch)
        findings = await _examine()
    assert findings["role"].result.status == "failed"
    assert "NodeLTS" in findings["role"].result.remedy


async def test_open_egress_is_seen() -> None:
    """A server that a session reaches counts as egress."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        case = Case("acajs", _IDENTIFIER, egress_host="127.0.0.1", egress_port=port)
        findings = {finding.name: finding for finding in await examine_case(case)}
    finally:
        server.close()
    assert findings["egress"].result.facts == {"open": True}


def _with_token(tokens: AzureToken | StaticToken) -> Case:
    return Case("acajs", _IDENTIFIER, endpoint=Endpoint.parse(URL), tokens=tokens)


@pytest.mark.parametrize(
    ("claims", "status", "words"),
    [
        ({"aud": "https://dynamicsessions.io"}, "ok", "good for 60 min"),
        ({"aud": "https://dynamicsessions.io/"}, "ok", "cannot renew"),
        ({"aud": "https://management.azure.com"}, "failed", "not for https://dynamicsessions.io"),
        ({"aud": "https://dynamicsessions.io", "exp": 1}, "failed", "expired at 00:00"),
        ({"aud": "00000000-0000-0000-0000-000000000000"}, "ok", "good for"),
    ],
)
async def test_a_tokens_audience_and_expiry_are_told(
    claims: dict[str, Any], status: str, words: str
) -> None:
    """A token for somebody else or of yesterday fails, with the command that gets another."""
    result = await check_token(_with_token(StaticToken(access_token(**claims))))
    assert (result.status, words in result.text) == (status, True), result.text
    assert ("az account get-access-token" in result.remedy) == (status == "failed")


async def test_the_credential_that_gave_the_token_is_named() -> None:
    """Of the credentials that were tried, the one that worked."""

    class AzureCliCredential:
        def get_token(self, _scope: str) -> Any:
            token = access_token(aud="https://dynamicsessions.io")
            return type("AccessToken", (), {"token": token, "expires_on": time.time() + 3600})()

    class Chain(AzureCliCredential):
        _successful_credential = AzureCliCredential()

    result = await check_token(_with_token(AzureToken(credential=Chain())))
    assert result.text.startswith("from AzureCliCredential, for https://dynamicsessions.io")


@pytest.mark.parametrize(
    ("ahead", "status", "words"),
    [
        (0.4, "ok", "within 1 s"),
        (-90.0, "ok", "90 s behind"),
        (400.0, "warning", "400 s ahead of"),
        (None, "ok", "does not say"),
    ],
)
async def test_a_wrong_clock_is_told(
    monkeypatch: pytest.MonkeyPatch, ahead: float | None, status: str, words: str
) -> None:
    """From five minutes on, beyond which tokens are refused, it is a warning."""

    async def difference(*_: object) -> float | None:
        return ahead

    monkeypatch.setattr(network, "clock_difference", difference)
    result = await check_clock(_with_token(StaticToken("token")))
    assert (result.status, words in result.text) == (status, True), result.text


async def test_a_proxy_makes_the_direct_way_uninteresting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where requests go through a proxy, no direct connection is tried."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    monkeypatch.setenv("NO_PROXY", "")
    result = await check_tls(_with_token(StaticToken("token")))
    assert "HTTPS_PROXY" in result.text


def test_the_command_prints_a_line_for_each_check(
    pool: ServedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marks, titles and the verdict; the exit code is 0."""
    _use(pool, monkeypatch)
    nearby = functools.partial(Case, egress_host="127.0.0.1", egress_port=9)
    monkeypatch.setattr(doctor, "Case", nearby)
    ran = CliRunner().invoke(application.application, ["doctor"])
    assert ran.exit_code == 0, ran.output
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("✓ Kernel spec   acajs in ")
    assert lines[-1] == "A notebook would run."
    assert "\x1b" not in ran.stdout


def test_the_command_gives_json_and_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs get every finding; 1 says that no notebook would run."""
    monkeypatch.setenv("ACAJS_TOKEN", "token")
    ran = CliRunner().invoke(application.application, ["doctor", "--endpoint", _NOWHERE, "--json"])
    assert ran.exit_code == 1
    report = json.loads(ran.stdout)
    assert report["ok"] is False
    assert [check["name"] for check in report["checks"]] == [check.name for check in CHECKS]
    role = next(check for check in report["checks"] if check["name"] == "role")
    assert role["status"] == "failed"
    assert role["remedy"]


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX terminal")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_gets_colours_unless_they_are_unwanted(
    environment: dict[str, str], no_color: str
) -> None:
    """On a terminal the marks are coloured; NO_COLOR turns that off."""
    pexpect = pytest.importorskip("pexpect")

    variables = environment | {
        "TERM": "xterm-256color",
        "NO_COLOR": no_color,
        "ACAJS_POOL_ENDPOINT": _NOWHERE,
        "ACAJS_TOKEN": "token",
    }
    process = pexpect.spawn(
        sys.executable,
        ["-m", "acajs_kernel.cli", "doctor"],
        env=variables,
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 200),
    )
    text = process.read()
    process.close()
    assert process.exitstatus == 1
    assert "Role" in text
    assert ("\x1b[32m" in text) == (not no_color)
