"""Requests generated from the API's description, valid and not: none breaks the pool."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings

from tests.pool_server import ServedPool

from .openapi import describe_pool

schemathesis: Any = pytest.importorskip("schemathesis")

_EXAMPLES = 80  # for each of thirteen operations
_SCHEMA = schemathesis.openapi.from_dict(describe_pool())


@_SCHEMA.parametrize()  # type: ignore[untyped-decorator] # the package may be missing
@seed(20251002)
@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_generated_request_makes_the_pool_fail(case: Any, attacked_pool: ServedPool) -> None:
    """Every answer is a success or the client's own error, in the service's form."""
    answer = case.call(
        base_url=attacked_pool.endpoint,
        headers={"Authorization": f"Bearer {attacked_pool.token}"},
        timeout=30,
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.content and case.method != "HEAD":
        error = answer.json()["error"]
        assert error["code"]
        assert error["message"]
        assert attacked_pool.token not in answer.text
