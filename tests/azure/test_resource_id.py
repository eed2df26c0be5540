"""A pool named by its Azure resource id, wherever an endpoint is taken."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acajs_kernel import azure
from acajs_kernel.azure import PoolResource, resolve_endpoint
from acajs_kernel.cli import application
from acajs_kernel.session import Cell, Event, ExecuteResult, NotebookSession, SessionSettings
from tests.azure.fake import SUBSCRIPTION, FakeAzure, manager_of
from tests.pool_server import ServedPool, served_pool
from tests.session.callbacks import Callbacks

_ID = PoolResource(SUBSCRIPTION, "group", "pool").id


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeAzure:
    """Put a Resource Manager in memory, with one pool, into the place of the real one."""
    manager = FakeAzure()
    manager.add_pool()
    resolve = functools.partial(resolve_endpoint, connect=lambda: manager_of(manager))
    monkeypatch.setattr(azure, "resolve_endpoint", resolve)
    return manager


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[ServedPool]:
    """Serve a pool."""
    with served_pool(environment) as pool:
        yield pool


async def _unasked(*_: object) -> str:
    raise AssertionError("nothing asks for input here")


async def test_a_notebook_looks_the_pool_up_once(fake: FakeAzure, served: ServedPool) -> None:
    """Its cells run in the pool whose resource id is the setting."""
    for pool in fake.pools.values():
        pool["properties"]["poolManagementEndpoint"] = served.endpoint
    shown: list[Event] = []
    settings = SessionSettings(
        endpoint=_ID,
        api_version="2024-02-02-preview",
        session_id="",
        token=served.token,
        runtime="plain",
        timeout_seconds=60,
        keepalive_minutes=0,
    )
    notebook = NotebookSession(
        settings,
        key=b"key",
        frontend=Callbacks(on_event=lambda _, event: shown.append(event), on_input=_unasked),
    )
    try:
        for number in (1, 2):
            outcome = await notebook.execute(Cell(str(number), f"{number} + 1", number=number))
            assert outcome.error is None
    finally:
        await notebook.close(restart=False)
    results = [event.data["text/plain"] for event in shown if isinstance(event, ExecuteResult)]
    assert results == ["2", "3"]
    assert len(fake.requests) == 1


def test_install_bakes_the_endpoint_in(fake: FakeAzure, tmp_path: Path) -> None:
    """The kernel spec holds the URL, so that a kernel's start asks nobody."""
    ran = CliRunner().invoke(
        application.application, ["install", "--prefix", str(tmp_path), "--endpoint", _ID]
    )
    assert ran.exit_code == 0, ran.output
    spec = tmp_path / "share" / "jupyter" / "kernels" / "acajs" / "kernel.json"
    assert json.loads(spec.read_text())["env"]["ACAJS_POOL_ENDPOINT"] == fake.endpoint
