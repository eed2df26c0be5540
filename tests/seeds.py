"""The one seed of every test that chooses by chance."""

from __future__ import annotations

import os

__all__ = ["SEED"]

SEED = int(os.environ.get("TESTS_SEED", "20261127"))
"""The same in every run, unless the environment variable `TESTS_SEED` names another."""
