"""The requests behind cells, of which the latest are kept."""

from __future__ import annotations

from acajs_kernel.requests import RecentRequests, Request


def test_the_oldest_request_makes_room_for_the_newest() -> None:
    """After a thousand cells more, only the first one's late output has no place."""
    requests = RecentRequests()
    for number in range(1001):
        message = {"header": {"msg_id": str(number)}, "content": {"code": "x" * 100}}
        requests.keep(f"cell-{number}", message, b"client", number, silent=number == 7)

    assert requests.get("cell-0") is None
    for number in range(1, 1001):
        request = requests[f"cell-{number}"]
        assert request == Request(
            {"header": {"msg_id": str(number)}}, b"client", number, silent=number == 7
        )
