"""What is looked at: the kernel's settings, and the pool that they name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acajs_kernel.config import Settings

if TYPE_CHECKING:
    from acajs_kernel.pool import AzureToken, Endpoint, PoolClient, StaticToken

__all__ = ["Case", "KernelSpec", "environment"]


@dataclass(frozen=True)
class KernelSpec:
    """An installed kernel spec.

    Attributes:
        folder: Where it is.
        command: The program that it starts, and its arguments.
        variables: What it puts into the kernel's environment.
    """

    folder: str
    command: tuple[str, ...]
    variables: dict[str, str]


@dataclass
class Case:
    """One examination, filled in by its checks as they go.

    Attributes:
        kernel_name: The kernel spec that notebooks use.
        endpoint_text: The pool to look at instead of the settings' own.
        identifier: The identifier of the doctor's own session, a secret.
        egress_host: Whom a session tries to reach.
        egress_port: At which port.
        resources: Closes what the checks open.
        spec: The kernel spec; None where there is none of this name.
        settings: The kernel's settings, once they are read.
        endpoint: The pool's endpoint; None for the embedded pool.
        tokens: Gives the pool's tokens; None for the embedded pool.
        pool: A client of the pool.
        has_session: Whether a session may have been allocated and is not deleted.
        notices: What the user should know of the pool.
    """

    kernel_name: str
    identifier: str = field(repr=False)
    endpoint_text: str = ""
    egress_host: str = "registry.npmjs.org"
    egress_port: int = 443
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)
    spec: KernelSpec | None = None
    settings: Settings = field(default_factory=Settings)
    endpoint: Endpoint | None = None
    tokens: AzureToken | StaticToken | None = None
    pool: PoolClient | None = None
    has_session: bool = False
    notices: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """Take note of what the user should know of the pool."""
        self.notices.append(text)

    @property
    def pool_text(self) -> str:
        """The pool that is named; empty for the embedded pool."""
        return self.endpoint_text or self.settings.endpoint

    @property
    def client(self) -> PoolClient:
        """The client of the pool, in checks that need it to be open."""
        if self.pool is None:
            raise AssertionError("a check needs the check that opens the pool")
        return self.pool


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Let environment variables hold for a while: those that a kernel spec sets."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
