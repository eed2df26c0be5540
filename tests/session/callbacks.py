"""A frontend made of functions, for tests that look at one side of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from acajs_kernel.session import CommEvent, Event, InputRequest, QuietFrontend

__all__ = ["Callbacks"]


class Callbacks(QuietFrontend):
    """Calls what it is given; the rest is quiet."""

    def __init__(
        self,
        *,
        on_event: Callable[[str, Event], object] = lambda _key, _event: None,
        on_input: Callable[[str, InputRequest], Awaitable[str]] | None = None,
        on_notice: Callable[[str], object] | None = None,
        on_comm: Callable[[str, CommEvent], object] = lambda _key, _event: None,
    ) -> None:
        self._on_event = on_event
        self._on_input = on_input
        self._on_notice = on_notice
        self._on_comm = on_comm

    def show(self, key: str, event: Event) -> None:
        """Call `on_event`."""
        self._on_event(key, event)

    async def ask(self, key: str, request: InputRequest) -> str:
        """Await `on_input`."""
        if self._on_input is None:
            return await super().ask(key, request)
        return await self._on_input(key, request)

    def comm(self, key: str, event: CommEvent) -> None:
        """Call `on_comm`."""
        self._on_comm(key, event)

    def notice(self, key: str, text: str) -> None:
        """Call `on_notice`; without it, show the text."""
        if self._on_notice is None:
            super().notice(key, text)
        else:
            self._on_notice(text)
