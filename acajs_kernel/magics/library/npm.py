"""``%npm``: packages for the session."""

from __future__ import annotations

from pathlib import Path

from acajs_kernel.errors import CodeFailedError, MagicError
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.programs import PROGRAM_FAILED, run_program
from acajs_kernel.magics.transfer_display import TransferDisplay
from acajs_kernel.transfers import DataFolder, Observer
from acajs_kernel.transfers.packages import MANIFESTS, bring_packages, upload_manifests
from acajs_kernel.transfers.temporary import temporary_name

__all__ = ["MAGIC"]

_FROM_LOCAL = "--from-local"
_INSTALL = frozenset({"install", "i", "add"})
_OPTIONS = (
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--no-progress",
    # Where nothing outside is reached, npm's own patience of minutes only delays the message.
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=60000",
)


async def _npm(call: Call) -> None:
    words = call.words()
    arguments = [word for word in words if word != _FROM_LOCAL]
    if not arguments:
        raise call.misuse("Which npm command should run?")
    installs = arguments[0] in _INSTALL
    packages = [word for word in arguments[1:] if not word.startswith("-")]
    if len(arguments) < len(words):
        if not installs:
            raise call.misuse(f"{_FROM_LOCAL} is for install.")
        if call.notebook.settings.working_folder.in_place is None:
            await _bring(call, packages)
            return
        call.print(
            f"The session works on this machine, in the notebook's folder: {_FROM_LOCAL} changes "
            "nothing.\n"
        )
    folder = await _folder(call)
    command = (await folder.script.ask("npm"))["command"]
    if not command:
        raise MagicError(
            "%npm: the session has no npm.",
            remedy=f"Install on your machine: %npm install {_FROM_LOCAL} PACKAGE…",
        )
    if installs and not packages:
        await _upload_manifests(call, folder)
    await _run(call, folder, [*command, *arguments])


async def _folder(call: Call) -> DataFolder:
    await call.evaluate("null")  # tells of a session that was replaced, before files go there
    access = await call.access()
    return DataFolder(access.pool, access.identifier)


async def _run(call: Call, folder: DataFolder, command: list[str]) -> None:
    """Run npm in the session's data folder, where cells find the packages."""
    root = (await folder.script.describe())["folder"]
    if call.notebook.settings.working_folder.in_place is not None:
        # The folder is the user's: npm's logs stay in the session's own home.
        await _run_in_place(call, [*command, *_OPTIONS, f"--prefix={root}"])
        return
    logs = temporary_name("npm-logs")
    options = (*_OPTIONS, f"--prefix={root}", f"--logs-dir={root}/{logs}")
    try:
        await run_program(call, [*command, *options])
    except CodeFailedError as error:
        if error.ename != PROGRAM_FAILED:
            raise
        code = await folder.script.ask("npm_failure", logs=logs)
        if not code:
            raise MagicError(f"%npm: npm failed: {error.evalue}. Its output says why.") from error
        raise MagicError(
            f"%npm: npm did not reach the package registry from the session ({code}): the "
            f"session has no network access, or none to that host.",
            remedy=f"Install on your machine and upload the packages: %npm install {_FROM_LOCAL} "
            f"PACKAGE… . Or create a pool whose sessions can reach the network: az containerapp "
            f"sessionpool create … --network-status EgressEnabled",
        ) from error
    await folder.script.ask("remove", paths=[logs], recursive=True)


async def _run_in_place(call: Call, command: list[str]) -> None:
    try:
        await run_program(call, command)
    except CodeFailedError as error:
        if error.ename != PROGRAM_FAILED:
            raise
        raise MagicError(f"%npm: npm failed: {error.evalue}. Its output says why.") from error


async def _upload_manifests(call: Call, folder: DataFolder) -> None:
    """Bring the notebook's ``package.json``, or see that the session has one."""
    is_in_place = call.notebook.settings.working_folder.in_place is not None
    if not is_in_place and await upload_manifests(folder, Path()):
        call.print(f"Installing what the notebook's {MANIFESTS[0]} names\n")

        async def repeat() -> None:
            access = await call.notebook.access()
            if access is not None:
                await upload_manifests(DataFolder(access.pool, access.identifier), Path())

        call.repeat_if_lost(repeat)
        return
    (facts,) = await folder.script.ask("facts", paths=[MANIFESTS[0]], hashed=False)
    if facts["type"] != "file":
        raise MagicError(
            f"%npm: no package was named, and there is no package.json in {Path.cwd()} nor in the "
            "session.",
            remedy="Name packages, or put a package.json beside the notebook.",
        )


async def _bring(call: Call, packages: list[str]) -> None:
    """Install on the user's machine, and put what that makes into the session."""

    async def bring(folder: DataFolder, observer: Observer | None) -> None:
        await bring_packages(
            folder,
            packages,
            Path.cwd(),
            on_output=call.print if observer is not None else lambda _: None,
            observer=observer,
        )

    display = TransferDisplay(call, ("Uploading packages,", "Uploaded packages,"))
    await bring(await _folder(call), display)
    display.finish([])

    async def repeat() -> None:
        access = await call.notebook.access()
        if access is not None:
            await bring(DataFolder(access.pool, access.identifier), None)

    call.repeat_if_lost(repeat)


MAGIC = Magic(
    name="npm",
    usage=(
        "%npm install [PACKAGE…]",
        "%npm install --from-local [PACKAGE…]",
        "%npm ls",
        "%npm uninstall PACKAGE…",
    ),
    summary="Install npm packages for the session, where `import` and `require` find them.",
    run=_npm,
    where="session",
    details=(
        "Without a package it installs what the `package.json` beside the notebook names. "
        "`--from-local` is for sessions without network access: it installs on your machine, for "
        "the session's platform and without running the packages' scripts, and uploads the "
        "result. Other npm commands work too. A package that is already loaded stays as it is until"
        " `%restart`. Where the session works in the notebook's own folder, packages are installed "
        "there, with your `package.json`."
    ),
    words=("install", "ls", "uninstall"),
)
