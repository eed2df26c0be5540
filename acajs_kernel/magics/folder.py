"""The folder that relative file names mean, in JavaScript."""

from __future__ import annotations

__all__ = ["FOLDER", "resolved"]

# The runner works in the session's folder; in plain mode the interpreter may work elsewhere.
# The same choice as that of runtime/agent.js.
# By `globalThis`: a cell may have declared the names itself.
FOLDER = (
    '(typeof __acajs_shell__ === "undefined" '
    "&& globalThis.process.env.ACAJS_SESSION_MARKER === undefined "
    '&& globalThis.require("node:fs").existsSync("/mnt/data") '
    '? "/mnt/data" : globalThis.process.cwd())'
)
"""An expression: the folder, which the session's files API serves unless the cell left it."""


def resolved(name: str) -> str:
    """Return an expression for the path of a file, whose name is a JavaScript expression."""
    return f'globalThis.require("node:path").resolve({FOLDER}, {name})'
