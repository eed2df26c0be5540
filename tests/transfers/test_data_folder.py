"""Files to a session and back, on both families of the API."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import unquote

import pytest

from acajs_kernel.errors import InvalidRequestError, PoolError, TooLargeError, TransferError
from acajs_kernel.pool import PoolClient
from acajs_kernel.transfers import DataFolder, destinations, local_files, path_of
from tests.transfers.conftest import NEW, Meddler


def _tree(folder: Path) -> Path:
    """Make a folder with files, folders and a name that is not ASCII."""
    (folder / "tree" / "inner" / "empty").mkdir(parents=True)
    (folder / "tree" / "a.txt").write_bytes(b"alpha")
    (folder / "tree" / "inner" / "ü b.bin").write_bytes(os.urandom(700_000))
    return folder / "tree"


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def _paths(folder: DataFolder) -> list[str]:
    return [path_of(file) for file in await folder.entries(recursive=True)]


async def _everything(client: PoolClient, identifier: str) -> list[str]:
    """Return all names at the top, the kernel's own included."""
    return [file.name for file in await client.list_files(identifier)]


async def _download(folder: DataFolder, name: str, to: str) -> list[Path]:
    files = await folder.find([name])
    targets = destinations(name, files, to)
    await folder.download(files, targets)
    return targets


def _watch(events: list[tuple[object, ...]]) -> object:
    class Recorder:
        def begin(self, files: int, size: int) -> None:
            events.append(("begin", files, size))

        def start(self, name: str, size: int) -> None:
            events.append(("start", name, size))

        def move(self, count: int) -> None:
            events.append(("move", count))

        def end(self) -> None:
            events.append(("end",))

    return Recorder()


async def test_a_folder_makes_the_journey_there_and_back(
    folder: DataFolder, client: PoolClient, identifier: str, tmp_path: Path
) -> None:
    """Every file arrives whole under its own path, and nothing of ours is left behind."""
    tree = _tree(tmp_path)
    await folder.upload(local_files([str(tree)]))
    expected = ["tree", "tree/a.txt", "tree/inner", "tree/inner/empty", "tree/inner/ü b.bin"]
    assert await _paths(folder) == expected
    targets = await _download(folder, "tree", f"{tmp_path}/back/")
    assert [target.relative_to(tmp_path / "back").as_posix() for target in targets] == [
        "tree/a.txt",
        "tree/inner/ü b.bin",
    ]
    for target in targets:
        assert target.read_bytes() == (tree / target.relative_to(targets[0].parent)).read_bytes()
    assert not any(name.startswith(".acajs-") for name in await _everything(client, identifier))
    assert [path for path in (tmp_path / "back").rglob("*") if path.suffix == ".part"] == []


async def test_what_was_there_is_replaced(folder: DataFolder, tmp_path: Path) -> None:
    """The same name again is the new content, in the session and here."""
    file = tmp_path / "a.txt"
    for content in ("one", "another"):
        file.write_text(content)
        await folder.upload(local_files([str(file)], "deep/er/b.txt"))
    copy = tmp_path / "copy.txt"
    copy.write_text("old")
    assert await _download(folder, "deep/er/b.txt", str(copy)) == [copy]
    assert copy.read_text() == "another"


async def test_patterns_and_removing(folder: DataFolder, tmp_path: Path) -> None:
    """Patterns stand for what they fit; folders go only when that is asked for."""
    tree = _tree(tmp_path)
    (tmp_path / "b.csv").write_text("b")
    await folder.upload(local_files([str(tree), str(tmp_path / "*.csv")]))
    assert [path_of(file) for file in await folder.find(["**/*.bin", "*.csv"])] == [
        "tree/inner/ü b.bin",
        "b.csv",
    ]
    targets = await _download(folder, "tree/**/*.bin", str(tmp_path))
    assert targets == [tmp_path / "inner" / "ü b.bin"]
    with pytest.raises(TransferError, match="tree is a folder; nothing was removed"):
        await folder.remove(["tree", "b.csv"])
    assert await folder.remove(["b.csv"]) == ["b.csv"]
    assert await folder.remove(["tree"], recursive=True) == ["tree"]
    assert await _paths(folder) == []


async def test_progress_covers_every_byte(folder: DataFolder, tmp_path: Path) -> None:
    """The observer hears the number of files, their sizes, and in the end all bytes."""
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(600_000))
    for is_upload in (True, False):
        events: list[tuple[object, ...]] = []
        observer = _watch(events)
        if is_upload:
            await folder.upload(local_files([str(file)]), observer=observer)  # type: ignore[arg-type] # a protocol
        else:
            files = await folder.find(["a.bin"])
            await folder.download(files, [tmp_path / "b.bin"], observer=observer)  # type: ignore[arg-type] # as above
        assert events[:2] == [("begin", 1, 600_000), ("start", "a.bin", 600_000)]
        assert events[-2:] == [("move", 600_000), ("end",)]


@pytest.mark.parametrize("name", ["nothing", "nothing/here.txt", "*.nothing", "no/**/x"])
async def test_what_is_not_there_is_named(folder: DataFolder, name: str) -> None:
    """A name or pattern that fits nothing is an error that says how to look."""
    with pytest.raises(TransferError, match="%files") as caught:
        await folder.find([name])
    assert name in caught.value.message


async def test_a_large_file_is_refused_before_anything_is_sent(
    folder: DataFolder, meddler: Meddler, tmp_path: Path
) -> None:
    """The limit of 128 MB is told with the file's name and size; no request is made."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_text("small")
    with large.open("wb") as sparse:
        sparse.truncate(128 * 1024 * 1024 + 1)
    with pytest.raises(TooLargeError, match=r"1 of 2 files .*large \(134,217,729 bytes\)"):
        await folder.upload(local_files([str(small), str(large)]))
    assert meddler.paths == []


async def test_a_damaged_upload_takes_no_place(
    folder: DataFolder, client: PoolClient, identifier: str, meddler: Meddler, tmp_path: Path
) -> None:
    """A file whose checksum is another in the session leaves the former one untouched."""
    file = tmp_path / "a.txt"
    file.write_text("before")
    await folder.upload(local_files([str(file)]))
    file.write_text("after")
    meddler.on_upload = lambda chunk: chunk.replace(b"after", b"AFTER")
    with pytest.raises(TransferError, match=r"1 of 1 files .* its checksum is another one"):
        await folder.upload(local_files([str(file)]))
    assert await _everything(client, identifier) == ["a.txt"]
    await _download(folder, "a.txt", str(tmp_path / "back"))
    assert (tmp_path / "back").read_text() == "before"


async def test_a_damaged_download_is_fetched_again(
    folder: DataFolder, meddler: Meddler, tmp_path: Path
) -> None:
    """The checksum is compared after the transfer: once damaged it is fetched again."""
    (tmp_path / "a.txt").write_text("right")
    await folder.upload(local_files([str(tmp_path / "a.txt")]))
    meddler.on_download = lambda chunk: b"wrong" if meddler.downloads == 1 else chunk
    await _download(folder, "a.txt", str(tmp_path / "b.txt"))
    assert (tmp_path / "b.txt").read_text() == "right"
    assert meddler.downloads == 2


async def test_a_download_that_stays_damaged_replaces_nothing(
    folder: DataFolder, meddler: Meddler, tmp_path: Path
) -> None:
    """After two damaged attempts the file of this machine is as it was."""
    (tmp_path / "a.txt").write_text("right")
    await folder.upload(local_files([str(tmp_path / "a.txt")]))
    (tmp_path / "a.txt").write_text("mine")
    meddler.on_download = lambda _: b"wrong"
    with pytest.raises(TransferError, match="a checksum that differs"):
        await _download(folder, "a.txt", str(tmp_path / "a.txt"))
    assert _names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "mine"


async def test_an_interrupted_upload_leaves_nothing(
    folder: DataFolder, client: PoolClient, identifier: str, meddler: Meddler, tmp_path: Path
) -> None:
    """Cancelled between two files of a batch, neither stands in the session, nor a part."""
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(bytes(100_000))
    uploading = asyncio.ensure_future(
        folder.upload(local_files([str(tmp_path / "a.bin"), str(tmp_path / "b.bin")]))
    )
    uploads = 0

    def cancel(chunk: bytes) -> bytes:
        nonlocal uploads
        uploads += chunk.startswith(b"--")
        if uploads == 2:
            uploading.cancel()
        return chunk

    meddler.on_upload = cancel
    with pytest.raises(asyncio.CancelledError):
        await uploading
    assert await _everything(client, identifier) == []


async def test_an_interrupted_download_leaves_nothing(
    folder: DataFolder, meddler: Meddler, tmp_path: Path
) -> None:
    """Cancelled in the middle of a file, no part of it is left on this machine."""
    (tmp_path / "a.bin").write_bytes(bytes(2_000_000))
    await folder.upload(local_files([str(tmp_path / "a.bin")]))
    downloading = asyncio.ensure_future(_download(folder, "a.bin", f"{tmp_path}/to/"))

    def cancel(chunk: bytes) -> bytes:
        downloading.cancel()
        return chunk

    meddler.on_download = cancel
    with pytest.raises(asyncio.CancelledError):
        await downloading
    assert _names(tmp_path / "to") == []


async def test_a_session_of_another_language_takes_files_too(
    folder: DataFolder, meddler: Meddler, version: str, tmp_path: Path
) -> None:
    """Without JavaScript in the session the files API does what it can, and says what not."""
    meddler.forbids_code = True
    (tmp_path / "a.txt").write_text("alpha")
    await folder.upload(local_files([str(tmp_path / "a.txt")]))
    assert await _paths(folder) == ["a.txt"] if version == NEW else True
    await _download(folder, "a.txt", str(tmp_path / "b.txt"))
    assert (tmp_path / "b.txt").read_text() == "alpha"
    deep = local_files([str(tmp_path / "a.txt")], "deep/a.txt")
    if version == NEW:
        await folder.upload(deep)
        assert "deep/a.txt" in await _paths(folder)
    else:
        with pytest.raises(Exception, match="knows no folders"):
            await folder.upload(deep)
    assert await folder.remove(["a.txt"]) == ["a.txt"]


async def test_a_listing_of_many_files_comes_whole(
    folder: DataFolder, client: PoolClient, identifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More entries than one page holds, here or there, are all listed, in order."""
    monkeypatch.setattr("acajs_kernel.transfers.data_folder._PAGE_ENTRIES", 500)
    code = 'for (let i = 0; i < 1100; i++) require("fs").writeFileSync("f" + i, "")'
    assert (await client.execute(identifier, code)).status == "Succeeded"
    expected = sorted(f"f{number}" for number in range(1100))
    assert await _paths(folder) == expected


async def test_a_missing_folder_is_an_error(folder: DataFolder) -> None:
    """Listing what is no folder fails, with the reason."""
    with pytest.raises((PoolError, TransferError)):
        await folder.entries("nowhere")


_ODD = ["a+b.txt", "v1.2/[slug].js", "it's/x~y"]


async def test_names_that_the_service_refuses_go_there_and_back(
    folder: DataFolder, meddler: Meddler, tmp_path: Path
) -> None:
    """They never travel under such names: the session's own code puts them in their places."""
    for name in _ODD:
        file = tmp_path / "here" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    await folder.upload(local_files([str(tmp_path / "here")], "there"))
    found = [path_of(file) for file in await folder.entries("there", recursive=True)]
    assert set(found) >= {f"there/{name}" for name in _ODD}
    assert [path_of(file) for file in await folder.entries("there/v1.2")] == [
        "there/v1.2/[slug].js"
    ]
    for number, name in enumerate(_ODD):
        (remote,) = await folder.find([f"there/{name.replace('[', '[[]')}"])
        target = tmp_path / "back" / str(number)
        await folder.download([remote], [target])
        assert target.read_text() == name
    gone = await folder.remove(["there/*.txt", "there/v1.2/*"])
    assert sorted(gone) == ["there/a+b.txt", "there/v1.2/[slug].js"]
    for path in meddler.paths:
        assert not set("+[]'~") & set(unquote(path)), "the service would refuse it"


async def test_without_javascript_such_names_are_refused_before_anything_is_sent(
    folder: DataFolder, meddler: Meddler, tmp_path: Path
) -> None:
    """The files API must do alone there, and the first file is not sent before the last is seen."""
    meddler.forbids_code = True
    for name in ("good.txt", "a+b.txt"):
        (tmp_path / name).write_text(name)
    with pytest.raises(InvalidRequestError, match=r"holds '\+'; nothing was sent"):
        await folder.upload(local_files([str(tmp_path / "good.txt"), str(tmp_path / "a+b.txt")]))
    assert not [path for path in meddler.paths if path.startswith("POST /files")]
