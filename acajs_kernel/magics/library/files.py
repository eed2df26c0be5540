"""``%upload``, ``%download``, ``%files``, ``%rm``: the session's files."""

from __future__ import annotations

import asyncio
import html
from pathlib import Path

from acajs_kernel.errors import MagicError
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.transfer_display import TransferDisplay
from acajs_kernel.pool import SessionFile
from acajs_kernel.transfers import (
    DataFolder,
    LocalFile,
    find_downloads,
    format_size,
    local_files,
    path_of,
)
from acajs_kernel.transfers.in_place import copy_files, plan_copies

__all__ = ["MAGICS"]

_COLUMNS = ("name", "size", "changed")
_BOTH_FLAGS = {"-rf": ("-r", "-f"), "-fr": ("-r", "-f")}
_IN_PLACE = "the session works in the notebook's folder itself"


async def _folder(call: Call) -> DataFolder:
    access = await call.access()
    return DataFolder(access.pool, access.identifier)


def _without_flag(words: list[str], *flags: str) -> tuple[list[str], bool]:
    names = [word for word in words if word not in (flags or ("-r", "--recursive"))]
    return names, len(names) < len(words)


def _without_target(call: Call, words: list[str]) -> tuple[list[str], str]:
    """Take ``--to NAME`` out of the arguments."""
    if "--to" not in words:
        return words, ""
    position = words.index("--to")
    if position + 1 == len(words) or "--to" in words[position + 1 :]:
        raise call.misuse("Give exactly one name after --to.")
    return words[:position] + words[position + 2 :], words[position + 1]


def _is_folder(name: str) -> bool:
    return name.endswith("/") or Path(name).is_dir()


async def _upload(call: Call) -> None:
    paths, to = _without_target(call, call.words())
    if not paths:
        raise call.misuse("Which files?")
    files = local_files(paths, to)
    if (here := call.notebook.settings.working_folder.in_place) is not None:
        await _copy(call, files, here)
        return
    # A session that was replaced is noticed before a file goes into the fresh one.
    await call.evaluate("null")
    folder = await _folder(call)
    display = TransferDisplay(call, ("Uploading", "Uploaded"))
    display.finish(await folder.upload(files, observer=display))

    async def repeat() -> None:
        access = await call.notebook.access()
        if access is not None:
            again = local_files(paths, to)
            await DataFolder(access.pool, access.identifier).upload(again)

    call.repeat_if_lost(repeat)


async def _copy(call: Call, files: list[LocalFile], here: Path) -> None:
    """Put files into the notebook's folder, which is the session's own."""
    plan = await asyncio.to_thread(plan_copies, files, here)
    if plan.other:
        names = ", ".join(file.target for file in plan.other)
        await _confirm(
            call,
            f"The session works in {here} itself. Replace what lies there: {names}?",
            remedy="Name another place with --to NAME, or remove the old file yourself.",
        )
    for file in plan.there:
        call.print(f"{file.target} is there already: {_IN_PLACE}, so there is nothing to copy.\n")
    if copied := (*plan.new, *plan.other):
        display = TransferDisplay(call, ("Copying", "Copied"))
        display.begin(sum(not file.is_folder for file in copied), sum(file.size for file in copied))
        await asyncio.to_thread(copy_files, copied, here)
        display.finish([file.target for file in copied])


async def _confirm(call: Call, question: str, *, remedy: str) -> None:
    """Ask before something of the user's own is lost.

    Raises:
        MagicError: The answer was no, or nobody can answer.
    """
    if not call.allows_questions:
        raise MagicError(
            f"%{call.magic.name} asks first, and this frontend cannot answer: {question} "
            "Nothing was done.",
            remedy=remedy,
        )
    answer = await call.ask(f"{question} [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        raise MagicError(f"%{call.magic.name}: nothing was done, because the answer was no.")


async def _download(call: Call) -> None:
    names, to = _without_target(call, call.words())
    if not to and len(names) > 1 and _is_folder(names[-1]):
        *names, to = names
    if not names:
        raise call.misuse("Which files?")
    folder = await _folder(call)
    sources, targets = await find_downloads(folder, names, to)
    if (here := call.notebook.settings.working_folder.in_place) is not None:
        pairs = list(zip(sources, targets, strict=True))
        there = [pair for pair in pairs if _is_same(here / path_of(pair[0]), pair[1])]
        for source, _ in there:
            call.print(
                f"{path_of(source)} is there already: {_IN_PLACE}, so there is nothing to copy.\n"
            )
        sources = [source for source, target in pairs if (source, target) not in there]
        targets = [target for source, target in pairs if (source, target) not in there]
        if not sources:
            return
    display = TransferDisplay(call, ("Downloading", "Downloaded"))
    await folder.download(sources, targets, observer=display)
    display.finish([str(target) for target in targets])


async def _files(call: Call) -> None:
    names, recursive = _without_flag(call.words())
    if len(names) > 1:
        raise call.misuse("Name one folder only.")
    folder = await _folder(call)
    found = await folder.entries(names[0] if names else "", recursive=recursive)
    if not found:
        call.print("There are no files here.\n")
        return
    rows = [_row(file) for file in found]
    body = "".join(
        f'<tr><td style="text-align: left">{html.escape(name)}</td>'
        f"<td>{size}</td><td>{changed}</td></tr>"
        for name, size, changed in rows
    )
    head = "".join(f"<th>{column}</th>" for column in _COLUMNS)
    call.show(
        {
            "text/html": f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
            "text/plain": "\n".join(
                f"{size:>10}  {changed:19}  {name}" for name, size, changed in rows
            ),
        }
    )


def _row(file: SessionFile) -> tuple[str, str, str]:
    is_folder = file.kind == "directory"
    changed = file.modified_at
    return (
        f"{path_of(file)}/" if is_folder else path_of(file),
        "" if is_folder else format_size(file.size_bytes),
        changed.astimezone().strftime("%Y-%m-%d %H:%M:%S") if changed is not None else "",
    )


def _is_same(source: Path, target: Path) -> bool:
    try:
        return target.samefile(source)
    except OSError:  # there is none yet
        return False


async def _remove(call: Call) -> None:
    words = [part for word in call.words() for part in _BOTH_FLAGS.get(word, (word,))]
    names, recursive = _without_flag(words)
    names, is_sure = _without_flag(names, "-f", "--force")
    if not names:
        raise call.misuse("Which files?")
    folder = await _folder(call)
    here = call.notebook.settings.working_folder.in_place
    if here is not None and not is_sure:
        found = await folder.find(names, recursive=False)
        listed = ", ".join(path_of(file) for file in found) or "everything"
        await _confirm(
            call,
            f"The session works in {here} itself. Remove your own files there: {listed}?",
            remedy="%rm -f NAME… removes without asking.",
        )
    gone = await folder.remove(names, recursive=recursive)
    call.print("".join(f"Removed {path}\n" for path in gone))


MAGICS = (
    Magic(
        name="upload",
        usage=("%upload PATH… [--to NAME]",),
        summary="Copy files and whole folders from your machine to the session.",
        run=_upload,
        where="kernel",
        details="Patterns such as `data/**/*.csv` are allowed. `--to` gives a new name or, for "
        "several files or with a slash at its end, the folder to put them in. A file takes its "
        "place only after the session has verified its checksum, so an interrupt leaves no "
        "partial file. A file may be at most 128 MB. Where the session works in the notebook's own "
        "folder, files that lie there already are not copied, and it asks before it replaces one.",
        completes="local files",
    ),
    Magic(
        name="download",
        usage=("%download NAME… [FOLDER]", "%download NAME --to PATH"),
        summary="Copy files and whole folders from the session to your machine.",
        run=_download,
        where="kernel",
        details="Patterns are allowed. Files go to the notebook's folder, into a folder that "
        "exists or ends in a slash, or to the new name after `--to`, and replace existing files. "
        "A file takes its place only if its checksum matches that in the session.",
        completes="session files",
    ),
    Magic(
        name="files",
        usage=("%files [-r] [FOLDER]",),
        summary="List the session's files; with `-r` also those in its folders.",
        run=_files,
        where="session",
        completes="session files",
    ),
    Magic(
        name="rm",
        usage=("%rm [-r] [-f] NAME…",),
        summary="Remove files from the session; with `-r` also folders and their contents.",
        run=_remove,
        where="session",
        details="Patterns are allowed. Where the session works in the notebook's own folder, it "
        "asks first; `-f` removes without asking.",
        completes="session files",
    ),
)
