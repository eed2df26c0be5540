"""``%env``: the environment variables of the session."""

from __future__ import annotations

import re

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.runtime import programs

__all__ = ["MAGIC"]

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|KEY|PASSWORD|PASSWD|PASSPHRASE|_PWD|CREDENTIAL|AUTH|PRIVATE|SIGNATURE|COOKIE"
    r"|CONNECTION_?STRING|\ASAS|_SAS|\AACAJS_",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(r"://[^/@\s]+:[^/@\s]+@")  # a password in a URL
_ASSIGNMENT = re.compile(r"(?P<name>[^\s=]+)(?:\s*=\s*|\s+)(?P<value>.*)\Z", re.DOTALL)
_MASK = "••••••••"
_QUOTED = re.compile(r"(['\"])(.*)\1\Z", re.DOTALL)


async def _env(call: Call) -> None:
    words = call.arguments.split()
    assignment = _ASSIGNMENT.match(call.arguments)
    if words[:1] == ["--ask"]:
        if len(words) != 2:  # noqa: PLR2004 -- the option and a name
            raise call.misuse("--ask takes the name of one variable.")
        await _set(call, words[1], await call.ask(f"{words[1]}: ", password=True))
    elif assignment:
        quoted = _QUOTED.match(assignment["value"])
        await _set(call, assignment["name"], quoted[2] if quoted else assignment["value"])
    else:
        await _list(call, call.arguments)


async def _set(call: Call, name: str, value: str) -> None:
    await call.execute(f"void {programs.call('environment', {name: value})}")
    call.print(f"env: {name}={_masked(name, value)}\n")


async def _list(call: Call, name: str) -> None:
    """Print one variable, or all."""
    variables: dict[str, str] = await call.evaluate(programs.call("environment"))
    if name and name not in variables:
        raise call.misuse(f"The session has no variable {name}.")
    chosen = [name] if name else sorted(variables)
    call.print("".join(f"{each}={_masked(each, variables[each])}\n" for each in chosen))


def _masked(name: str, value: str) -> str:
    is_secret = _SECRET_NAME.search(name) or _SECRET_VALUE.search(value)
    return _MASK if value and is_secret else value


MAGIC = Magic(
    name="env",
    usage=("%env", "%env NAME", "%env NAME=VALUE", "%env --ask NAME"),
    summary="Show or set the session's environment variables.",
    run=_env,
    where="session",
    details=(
        "Values whose names look like those of secrets are masked. Whatever you write in a cell "
        "stays in the notebook and in the history: `--ask` asks for the value instead. "
        "Restarting the runtime forgets what you set."
    ),
    words=("--ask",),
)
