"""Azure, as far as pages need it: a Resource Manager, a pool, a sign-in; nothing of it is Azure."""

from __future__ import annotations

import shlex
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from tests.azure.fake import FakeAzure, access_token
from tests.checkout import REPOSITORY
from tests.pool_server import served_pool

__all__ = ["stand_ins_for_azure"]

_START_SECONDS = 30
_AZ = """\
#!/bin/sh
# Stands for the vendor's program in what a reader types so that what comes later can work.
case "$*" in
  login) ;;
  "account get-access-token --resource https://dynamicsessions.io --query accessToken -o tsv")
    cat {token} ;;
  *)
    echo "az: nothing stands for: az $*" >&2
    exit 2 ;;
esac
"""


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, fake: FakeAzure) -> None:
        super().__init__(
            uvicorn.Config(fake.application, port=0, lifespan="off", log_level="warning")
        )
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}"


@contextmanager
def stand_ins_for_azure(
    environment: Mapping[str, str], folder: Path
) -> Iterator[tuple[dict[str, str], Path]]:
    """Give variables with which `acajs` meets the stand-ins, and a folder with an `az`.

    Args:
        environment: That in which the pool is served.
        folder: A new folder for what they need.
    """
    token = access_token()
    programs = folder / "programs"
    programs.mkdir(parents=True)
    (folder / "token").write_text(token, encoding="ascii")
    az = programs / "az"
    az.write_text(_AZ.format(token=shlex.quote(str(folder / "token"))), encoding="ascii")
    az.chmod(0o755)
    with served_pool(environment, "--token", token) as pool:
        server = _Server(FakeAzure(endpoint=pool.endpoint, polls=0))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        assert server.listens.wait(_START_SECONDS)
        try:
            yield (
                {
                    "PYTHONPATH": str(REPOSITORY / "tests" / "security" / "fake_azure"),
                    "FAKE_CREDENTIAL": str(folder / "token"),
                    "FAKE_RESOURCE_MANAGER": server.url,
                },
                programs,
            )
        finally:
            server.should_exit = True
            thread.join(_START_SECONDS)
