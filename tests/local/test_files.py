"""The files API in both families, and attacks on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from acajs_kernel.local import LocalPool, application, uploads

from .conftest import BASE, NEW, OLD, Api, client_of, error_of, names_in, new_identifier
from .test_executions import UNTIL_FILE

pytestmark = pytest.mark.asyncio(loop_scope="module")

Fresh = Callable[..., Api]


def text_of(path: Path) -> str:
    return path.read_text()


async def folder_of(api: Api) -> Path:
    code = "$$.text(JSON.stringify(process.cwd()))"
    return Path((await api.run(code))["executionResult"])


async def test_older_family_uploads_lists_downloads_and_deletes(fresh: Fresh) -> None:
    """The older family's four file operations have the documented shapes."""
    api = fresh(OLD)
    uploaded = await api.upload("data.bin", b"\x00\xff\r\n--x")
    assert uploaded.status_code == 200
    properties = uploaded.json()["value"][0]["properties"]
    assert (properties["filename"], properties["size"]) == ("data.bin", 7)
    datetime.fromisoformat(properties["lastModifiedTime"].replace("Z", "+00:00"))
    assert (await api.send("GET", "/files")).json() == uploaded.json()
    downloaded = await api.download("data.bin")
    assert downloaded.content == b"\x00\xff\r\n--x"
    assert downloaded.headers["content-length"] == "7"
    assert (await api.send("DELETE", "/files/data.bin")).status_code == 200
    assert (await api.send("GET", "/files")).json() == {"value": []}


async def test_newer_family_uploads_lists_describes_downloads_and_deletes(fresh: Fresh) -> None:
    """The newer family takes path= everywhere and describes single files."""
    api = fresh(NEW)
    uploaded = await api.upload("table.csv", b"a,b\n", path="in/deep")
    entry = uploaded.json()
    assert uploaded.status_code == 200
    assert {**entry, "lastModifiedAt": "?"} == {
        "name": "table.csv",
        "type": "file",
        "contentType": "text/csv",
        "sizeInBytes": 4,
        "lastModifiedAt": "?",
        "directory": "in/deep",
    }
    at = {"path": "in/deep"}
    assert (await api.send("GET", "/files/table.csv", params=at)).json() == entry
    assert (await api.send("GET", "/files", params=at)).json() == {"value": [entry]}
    top = (await api.send("GET", "/files")).json()["value"]
    assert [(each["name"], each["type"]) for each in top] == [("in", "directory")]
    everything = (await api.send("GET", "/files", params={"recursive": "true"})).json()["value"]
    assert [(each["directory"], each["name"]) for each in everything] == [
        ("", "in"),
        ("in", "deep"),
        ("in/deep", "table.csv"),
    ]
    assert (await api.download("table.csv", "in/deep")).content == b"a,b\n"
    assert (await api.send("DELETE", "/files/table.csv", params=at)).status_code == 204
    assert error_of(await api.download("table.csv", "in/deep")) == (404, "FileNotFound")


async def test_code_and_files_api_see_the_same_folder(api: Api) -> None:
    """A file that code wrote can be read over the API, and the reverse."""
    await api.run("require('fs').writeFileSync('from-code.txt', 'written')")
    assert (await api.download("from-code.txt")).content == b"written"
    await api.upload("from-api.txt", b"uploaded")
    result = await api.run("$$.text(require('fs').readFileSync('from-api.txt', 'utf8'))")
    assert result["executionResult"] == "uploaded"


async def test_files_api_works_while_code_runs(fresh: Fresh) -> None:
    """Uploading, listing and deleting need not wait for a running execution."""
    api = fresh()
    running = asyncio.ensure_future(api.run(UNTIL_FILE.replace("NAME", "go")))
    assert (await api.upload("other", b"1")).status_code == 200
    assert (await api.send("DELETE", "/files/other")).status_code == 204
    assert not running.done()
    await api.upload("go", b"")
    assert (await running)["status"] == "Succeeded"


@pytest.mark.parametrize(
    "name",
    [
        "with space.txt",
        "ünï-文件-٣.txt",
        "100%.txt",
        "a#b;c&d=e@f,^_",
        "...",
        "content",
        "-rf",
        "$(x)",
    ],
)
async def test_unusual_names_survive(api: Api, name: str) -> None:
    """A name arrives unchanged, whatever characters it holds."""
    assert (await api.upload(name, name.encode())).status_code == 200
    assert (await api.download(quote(name, safe=""))).content == name.encode()
    listed = json.dumps((await api.send("GET", "/files")).json(), ensure_ascii=False)
    assert json.dumps(name, ensure_ascii=False) in listed


@pytest.mark.parametrize(
    "name",
    [
        "%2e%2e",
        "%2e%2e%2fsecret",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "..%5c..%5cwindows",
        "a%00b",
        "a%0Ab",
        "a%0A",
        "x" * 256,
        "%2e",
        "a+b",
        "%5Bslug%5D.js",
        "what%3F",
        "it%27s",
        "%F0%9F%98%80",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_names_that_are_no_names_are_refused(pool: LocalPool, name: str, method: str) -> None:
    """Traversal, absolute names, backslashes, control characters and long names give 400."""
    identifier = new_identifier()
    async with client_of(pool) as client:
        for version, path in [
            (OLD, f"/files/content/{name}" if method == "GET" else f"/files/{name}"),
            (NEW, f"/files/{name}/content" if method == "GET" else f"/files/{name}"),
        ]:
            # As it goes over the wire: httpx would encode the percent signs again.
            url = httpx.URL(BASE).copy_with(
                raw_path=f"{path}?api-version={version}&identifier={identifier}".encode()
            )
            answer = await client.request(method, url)
            assert error_of(answer) == (400, "InvalidFileName"), answer.text
        await client.request(
            "DELETE", "/session", params={"api-version": NEW, "identifier": identifier}
        )


@pytest.mark.parametrize(
    "name",
    ["..", "../up.txt", "/etc/evil", "a/b", "c\\d", "n\x01l", "x" * 256, "a+b", "[x]", "~x", "😀"],
)
async def test_uploads_under_names_that_are_no_names_are_refused(api: Api, name: str) -> None:
    """The name in an upload's body is checked like any other."""
    boundary = "b0undary"
    content = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
        f"\r\n\r\nhello\r\n--{boundary}--\r\n"
    )
    answer = await api.send(
        "POST",
        "/files/upload" if api.is_old else "/files",
        content=content.encode(),
        headers={"content-type": f"multipart/form-data; boundary={boundary}"},
    )
    assert answer.status_code == 400, answer.text
    assert not (await folder_of(api)).parent.joinpath("up.txt").exists()


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "a/../..",
        "/etc",
        "a//b",
        "a\\b",
        "a/./b",
        "p\x00q",
        "d/" * 600,
        "v1.2",
        "a/.git",
        "a+b",
    ],
)
async def test_paths_that_lead_elsewhere_are_refused(fresh: Fresh, path: str) -> None:
    """The parameter path is relative, without empty or upward parts."""
    api = fresh()
    for answer in (
        await api.send("GET", "/files", params={"path": path}),
        await api.upload("x", b"", path=path),
        await api.download("x", path),
        await api.send("DELETE", "/files/x", params={"path": path}),
    ):
        assert answer.status_code == 400
        assert error_of(answer)[1] in {"InvalidFileName", "InvalidPath"}


@pytest.mark.parametrize("path", ["", "/", "."])
async def test_top_folder_has_several_names(fresh: Fresh, path: str) -> None:
    """An empty path, a slash and a dot mean the session's folder."""
    api = fresh()
    await api.upload("x", b"1")
    assert (await api.download("x", path)).content == b"1"


async def test_links_that_lead_out_are_refused(fresh: Fresh, tmp_path: Path) -> None:
    """A symbolic link out of the folder is neither read, written through, nor followed."""
    (tmp_path / "secret").write_text("hidden")
    api = fresh()
    folder = await folder_of(api)
    (folder / "file").symlink_to(tmp_path / "secret")
    (folder / "dir").symlink_to(tmp_path)
    (folder / "loop").symlink_to("loop")
    assert error_of(await api.download("file")) == (403, "PathOutsideSession")
    assert error_of(await api.download("secret", "dir")) == (403, "PathOutsideSession")
    assert error_of(await api.send("GET", "/files/file")) == (403, "PathOutsideSession")
    listing = await api.send("GET", "/files", params={"path": "dir"})
    assert error_of(listing) == (403, "PathOutsideSession")
    assert error_of(await api.upload("new", b"", path="dir")) == (403, "PathOutsideSession")
    deleted = await api.send("DELETE", "/files/secret", params={"path": "dir"})
    assert error_of(deleted) == (403, "PathOutsideSession")
    assert (await api.download("loop")).status_code == 400
    everything = await api.send("GET", "/files", params={"recursive": "true"})
    assert [each["name"] for each in everything.json()["value"]] == ["dir", "file", "loop"]
    # Uploading over such a link and deleting it touch the link alone.
    assert (await api.upload("file", b"mine")).status_code == 200
    assert (await api.download("file")).content == b"mine"
    assert (await api.send("DELETE", "/files/dir")).status_code == 204
    assert names_in(tmp_path) == ["secret"]
    assert text_of(tmp_path / "secret") == "hidden"


async def test_links_inside_are_followed(fresh: Fresh) -> None:
    """A link to another file of the session reads as that file."""
    api = fresh()
    await api.upload("real", b"content")
    (await folder_of(api)).joinpath("link").symlink_to("real")
    assert (await api.download("link")).content == b"content"
    listed = (await api.send("GET", "/files")).json()["value"]
    assert [each["sizeInBytes"] for each in listed] == [7, 7]


async def test_folders_and_pipes_are_not_read_or_deleted_as_files(fresh: Fresh) -> None:
    """A folder, or a named pipe that would block for ever, gives 409."""
    api = fresh()
    await api.run("require('child_process').execSync('mkdir d && mkfifo p')")
    for name in ("d", "p"):
        assert error_of(await api.download(name)) == (409, "FileConflict")
    assert error_of(await api.send("DELETE", "/files/d")) == (409, "FileConflict")
    assert error_of(await api.upload("d", b"")) == (409, "FileConflict")
    assert error_of(await api.upload("x", b"", path="p")) == (409, "FileConflict")
    assert error_of(await api.download("x", "p")) == (404, "FileNotFound")


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"", "multipart/form-data; boundary=b", 400),
        (b"nonsense", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n", "multipart/form-data; boundary=b", 400),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=" + "b" * 300, 400),
        (b"{}", "application/json", 415),
        (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n', None, 400),
        (b'--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\nx\r\n--b--\r\n', None, 400),
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\ncut', None, 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n1\r\n' * 2
            + b"--b--\r\n",
            None,
            400,
        ),
    ],
)
async def test_malformed_uploads_are_refused(
    api: Api, content: bytes, content_type: str | None, status: int
) -> None:
    """A body that is no complete form with exactly one file gives 400, and leaves no file."""
    answer = await api.send(
        "POST",
        "/files/upload" if api.is_old else "/files",
        content=content,
        headers={"content-type": content_type or "multipart/form-data; boundary=b"},
    )
    assert error_of(answer)[0] == status
    folder = await folder_of(api)
    assert not (folder / "x").exists()
    assert list((folder.parent / "uploads").iterdir()) == []


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_file_above_the_limit_is_refused(
    fresh: Fresh, framing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte above the limit gives 413, with or without a Content-Length; the limit passes."""
    monkeypatch.setattr(uploads, "MAXIMUM_FILE_BYTES", 100_000)
    monkeypatch.setattr(uploads, "_ENVELOPE_BYTES", 200)
    api = fresh()

    async def send(size: int) -> httpx.Response:
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
        body = head + b"x" * size + b"\r\n--b--\r\n"

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 30_000):
                yield body[start : start + 30_000]

        return await api.send(
            "POST",
            "/files",
            content=body if framing == "length" else pieces(),
            headers={"content-type": "multipart/form-data; boundary=b"},
        )

    assert (await send(100_000)).status_code == 200
    for size in (100_001, 200_000):
        assert error_of(await send(size)) == (413, "FileTooLarge")
    entry = (await api.send("GET", "/files")).json()["value"]
    assert [(each["name"], each["sizeInBytes"]) for each in entry] == [("big", 100_000)]
    assert list(((await folder_of(api)).parent / "uploads").iterdir()) == []


async def test_service_limit_is_128_megabytes() -> None:
    """The limit is the service's documented one."""
    assert uploads.MAXIMUM_FILE_BYTES == 134_217_728


async def test_long_listing_comes_in_pages(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that is longer than a page has a nextLink, which leads to the rest."""
    monkeypatch.setattr(application, "_PAGE_ENTRIES", 10)
    api = fresh()
    await api.run("for (let i = 0; i < 21; i++) require('fs').writeFileSync('f' + i, '')")
    names: list[str] = []
    answer = await api.send("GET", "/files")
    pages = 1
    while True:
        content = answer.json()
        names += [each["name"] for each in content["value"]]
        if "nextLink" not in content:
            break
        answer = await api.client.get(content["nextLink"])
        pages += 1
    assert pages == 3
    assert sorted(names) == sorted(f"f{number}" for number in range(21))


async def test_concurrent_uploads_of_one_name_leave_one_of_them_whole(fresh: Fresh) -> None:
    """An upload replaces a file in one step: never a mixture of two."""
    api = fresh()
    contents = [bytes([65 + n]) * 500_000 for n in range(4)]
    answers = await asyncio.gather(*(api.upload("same", content) for content in contents))
    assert {answer.status_code for answer in answers} == {200}
    assert (await api.download("same")).content in contents
