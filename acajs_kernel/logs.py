"""Where the log goes: the kernel's standard error, which Jupyter keeps or shows."""

from __future__ import annotations

import logging

__all__ = ["LOGGER_NAME", "set_up_log"]

LOGGER_NAME = "acajs_kernel"
"""The one logger of this package; at DEBUG it has a line for every request to the pool."""

_FORMAT = "[%(levelname).1s %(asctime)s %(name)s] %(message)s"


def set_up_log(level: int | str) -> None:
    """Let the package's records of a level and above appear on standard error.

    A logger that somebody has given a handler already, as traitlets' ``logging_config``
    does, keeps that handler; one that has a level keeps that level.

    Args:
        level: A level's number or name, such as ``DEBUG``.
    """
    logger = logging.getLogger(LOGGER_NAME)
    if logger.level == logging.NOTSET:
        logger.setLevel(level)
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
