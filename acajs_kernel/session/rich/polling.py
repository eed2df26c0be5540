"""How long a request may wait in the session for what it asks for."""

from __future__ import annotations

__all__ = ["waiting_fields"]

_LEAST_WAIT_SECONDS = 0.03
_MOST_WAIT_SECONDS = 1.0
_GATHER_MILLISECONDS = 40
# What a cell prints last should come with its end: that saves a round trip, and is worth
# waiting for as long as one takes. Beyond the bounds what it prints would come too late.
_LEAST_SOON_MILLISECONDS = 1
_MOST_SOON_MILLISECONDS = 4
_NEAR_SECONDS = 0.01


def waiting_fields(round_trip_seconds: float) -> dict[str, int]:
    """Return the fields of a request that say how long it may wait, in milliseconds.

    An interrupt queues behind the poll, so a near pool is polled often; on a far one
    the wait grows with the round trip, which the interrupt takes anyway.

    Args:
        round_trip_seconds: What the last request took, without its own wait.
    """
    wait = min(max(4 * round_trip_seconds, _LEAST_WAIT_SECONDS), _MOST_WAIT_SECONDS)
    fields = {"wait": round(wait * 1000), "gather": _GATHER_MILLISECONDS}
    if round_trip_seconds < _NEAR_SECONDS:
        soon = min(round(round_trip_seconds * 1000), _MOST_SOON_MILLISECONDS)
        fields["soon"] = max(soon, _LEAST_SOON_MILLISECONDS)
    return fields
