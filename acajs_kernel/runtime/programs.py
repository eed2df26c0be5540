"""Small programs of ours that run beside the user's code, in its realm.

Each is a file in ``programs/`` that exports a function. What it is given stands as JSON in its
call, and is made part of no other text.
"""

from __future__ import annotations

import json

from acajs_kernel.runtime.source import travelling_source

__all__ = ["call", "evaluation"]


def call(name: str, *values: object, ends_execution: bool = False) -> str:
    """Return an expression that calls a program.

    Args:
        name: That of its file.
        values: Its arguments, what JSON can hold.
        ends_execution: It is given the execution's ``$$`` as its first argument, and ends it.
    """
    arguments = [json.dumps(value) for value in values]
    if ends_execution:
        arguments.insert(0, "this.$$")
    return f"{travelling_source().programs[name]}({','.join(arguments)})"


def evaluation(expression: str) -> str:
    """Return a statement that ends its execution with an expression's value as JSON."""
    program = travelling_source().programs["evaluate"]
    # In an object: a promise that it gives is not awaited.
    return f"{program}(this.$$,async()=>({{__proto__:null,value:({expression}\n)}}))"
