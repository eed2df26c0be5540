"""``%upload``, ``%download``, ``%files``, ``%rm``: the session's files."""

from __future__ import annotations

import html
from pathlib import Path

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.transfer_display import TransferDisplay
from acajs_kernel.pool import SessionFile
from acajs_kernel.transfers import DataFolder, find_downloads, format_size, local_files, path_of

__all__ = ["MAGICS"]

_COLUMNS = ("name", "size", "changed")


async def _folder(call: Call) -> DataFolder:
    access = await call.access()
    return DataFolder(access.pool, access.identifier)


def _without_flag(words: list[str]) -> tuple[list[str], bool]:
    names = [word for word in words if word not in {"-r", "--recursive"}]
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


async def _download(call: Call) -> None:
    names, to = _without_target(call, call.words())
    if not to and len(names) > 1 and _is_folder(names[-1]):
        *names, to = names
    if not names:
        raise call.misuse("Which files?")
    folder = await _folder(call)
    sources, targets = await find_downloads(folder, names, to)
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


async def _remove(call: Call) -> None:
    names, recursive = _without_flag(call.words())
    if not names:
        raise call.misuse("Which files?")
    folder = await _folder(call)
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
        "partial file. A file may be at most 128 MB.",
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
        usage=("%rm [-r] NAME…",),
        summary="Remove files from the session; with `-r` also folders and their contents.",
        run=_remove,
        where="session",
        details="Patterns are allowed.",
        completes="session files",
    ),
)
