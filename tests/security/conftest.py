"""A served pool to attack, and what must not change meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.pool_server import ServedPool, served_pool

_QUERY = {"api-version": "2025-10-02-preview", "identifier": "after-the-attack"}


@pytest.fixture(scope="module")
def attacked_pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPool]:
    """Serve a pool; after the module's tests it still works, and no file has left its folder."""
    outside = tmp_path_factory.mktemp("outside")
    folder = outside / "temporary"
    folder.mkdir()
    (outside / "secret.txt").write_text("canary")
    clean = {name: text for name, text in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(
        clean | {"TMPDIR": str(folder)}, "--max-sessions", "3", "--cooldown", "600"
    ) as pool:
        yield pool
        assert _run(pool, "console.log(6 * 7)") == "42\n"
        strays = {path for path in outside.rglob("*") if not _is_inside_a_session(path, folder)}
        assert strays == {folder, outside / "secret.txt"}
        assert (outside / "secret.txt").read_text() == "canary"


def _run(pool: ServedPool, code: str) -> str:
    # A full pool makes room: nobody else uses it any more.
    headers = {"Authorization": f"Bearer {pool.token}"}
    with httpx.Client(base_url=pool.endpoint, headers=headers, timeout=60) as client:
        for session in client.get("/listSessions", params=_QUERY).json()["value"]:
            stopped = _QUERY | {"identifier": session["identifier"]}
            assert client.delete("/session", params=stopped).status_code == 204
        body = {"codeInputType": "inline", "executionType": "synchronous", "code": code}
        answer = client.post("/executions", params=_QUERY, json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["result"]["stdout"])


def _is_inside_a_session(path: Path, folder: Path) -> bool:
    """Whether a path is the pool's folder, or one of a session, or below that one's."""
    if folder not in path.parents:
        return False
    parts = path.relative_to(folder).parts
    own = {"data", "home", "tmp", "uploads"}
    return parts[0].startswith("acajs-") and (len(parts) < 3 or parts[2] in own)
