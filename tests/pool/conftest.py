"""What every test of the pool client starts from."""

from __future__ import annotations

from tests.http.conftest import clean_environment

__all__ = ["clean_environment"]
