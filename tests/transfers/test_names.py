"""Names of files, on this machine and in the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from acajs_kernel.errors import TransferError
from acajs_kernel.pool import SessionFile
from acajs_kernel.transfers import destinations, format_size, local_files
from acajs_kernel.transfers.names import check_remote, matches


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.csv", "*.csv", True),
        ("d/a.csv", "*.csv", False),
        ("d/a.csv", "**/*.csv", True),
        ("a.csv", "**/*.csv", True),
        ("d/e/a.csv", "d/**/*.csv", True),
        ("d/e/a.csv", "d/**", True),
        (".hidden", "*", False),
        (".hidden", ".*", True),
        ("d/.git/a", "**", False),
        ("a1", "a[0-9]", True),
        ("A", "a", False),
    ],
)
def test_patterns_fit_as_in_a_shell(path: str, pattern: str, *, expected: bool) -> None:
    """A star stays within a folder, two go through folders, dots must be asked for."""
    assert matches(path, pattern) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [("a", "a"), ("./a", "a"), ("/mnt/data/a/b", "a/b"), ("/mnt/data", ""), ("a/", "a"), ("", "")],
)
def test_a_path_in_the_session_has_one_form(given: str, expected: str) -> None:
    """However it is written, a path counts from the data folder."""
    assert check_remote(given) == expected


@pytest.mark.parametrize("given", ["../a", "a/../b", "/etc/passwd", "a//b", "a\\b", "a\nb"])
def test_a_path_that_leads_elsewhere_is_refused(given: str) -> None:
    """What is not below the data folder is refused before anything is sent."""
    with pytest.raises(TransferError, match="not a path in the session's data folder"):
        check_remote(given)


def test_what_the_session_lists_cannot_lead_out(tmp_path: Path) -> None:
    """A session that lists a file called ``../x`` makes no file beside the destination."""
    evil = SessionFile("x", "..", "file", 1, None, "")
    with pytest.raises(TransferError, match="no path"):
        destinations("*", [evil], str(tmp_path))


def test_uploads_are_named_as_asked(tmp_path: Path) -> None:
    """``--to`` is a new name for one thing, a folder for several or with a slash."""
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    for file in (one, other):
        file.write_text("text")

    def targets(paths: list[Path], to: str) -> list[str]:
        return [file.target for file in local_files([str(path) for path in paths], to)]

    assert targets([one], "") == ["one.txt"]
    assert targets([one], "new.txt") == ["new.txt"]
    assert targets([one], "new/") == ["new/one.txt"]
    assert targets([one, other], "new") == ["new/one.txt", "new/other.txt"]
    assert targets([tmp_path], "new") == ["new/one.txt", "new/other.txt"]
    assert targets([tmp_path / "*.txt"], "") == ["one.txt", "other.txt"]


def test_a_file_with_a_patterns_signs_is_that_file(tmp_path: Path) -> None:
    """What exists under the very name is meant, before any pattern."""
    for name in ("a[1].txt", "a1.txt"):
        (tmp_path / name).touch()
    (found,) = local_files([str(tmp_path / "a[1].txt")])
    assert found.target == "a[1].txt"


_SIGNS = [
    "[slug].js",
    "[...all].ts",
    "a?b",
    "*",
    "**",
    "[",
    "]",
    "[!x]",
    "a*b[c]",
    "~x",
    "~",
    "{a,b}",
]


@pytest.mark.parametrize("name", _SIGNS)
@pytest.mark.parametrize("write", ["{}", "./{}", "{folder}/{}", "[id]/{}", "./~x/{}"])
def test_a_path_with_any_signs_is_that_file(
    name: str, write: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frameworks name files like patterns, editors with tildes; other files that fit stay out."""
    if name.startswith("~") and write == "{}":
        pytest.skip("a shell's home folder")
    monkeypatch.chdir(tmp_path)
    file = Path(write.format(name, folder=tmp_path))
    for folder in (file.parent, Path("i"), Path("d")):
        folder.mkdir(exist_ok=True)
        for other in (name, "s.js", "aXb", "x", "b"):
            (folder / other).touch()
    (found,) = local_files([str(file) if write.startswith("{folder") else write.format(name)])
    assert found.path.samefile(file)
    assert found.target == name


def test_a_patterns_folder_may_have_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What exists under the very name of a part is that part, and the others are patterns."""
    monkeypatch.chdir(tmp_path)
    for folder in ("[id]", "i"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.js").touch()
    assert [file.path for file in local_files(["[id]/*.js"])] == [Path("[id]/a.js")]
    (tmp_path / "[id]" / "a.js").unlink()
    (tmp_path / "[id]").rmdir()
    assert [file.path for file in local_files(["[id]/*.js"])] == [Path("i/a.js")]


@pytest.mark.parametrize("name", ["~nobody-of-this-name", "~nobody-of-this-name/x", "./~x", "~x*"])
def test_the_home_of_nobody_is_a_name(name: str, tmp_path: Path) -> None:
    """It ends in an error that says that there is no such file, and as a destination it is one."""
    with pytest.raises(TransferError, match="no file"):
        local_files([name])
    file = SessionFile("a.js", "", "file", 1, None, "")
    assert destinations("a.js", [file], name) == [Path(name)]


@pytest.mark.parametrize(
    ("wanted", "paths", "to", "expected"),
    [
        ("[slug].js", ["[slug].js"], "", ["[slug].js"]),
        ("[slug].js", ["[slug].js"], "new.js", ["new.js"]),
        ("[slug].js", ["s.js", "l.js"], "new", ["new/s.js", "new/l.js"]),
        ("a/[id]", ["a/[id]/x", "a/[id]/b/y"], "new", ["new/x", "new/b/y"]),
        ("a/[id]", ["a/[id]/x"], "new/", ["new/[id]/x"]),
        ("[id]/*.js", ["[id]/x.js"], "new", ["new/x.js"]),
        ("[id]/*.js", ["i/x.js", "d/x.js"], "new", ["new/i/x.js", "new/d/x.js"]),
    ],
)
def test_signs_in_a_downloads_name_are_no_pattern(
    wanted: str, paths: list[str], to: str, expected: list[str]
) -> None:
    """Where the file of that very name was found, it goes where any other name would."""
    files = [
        SessionFile(path.rpartition("/")[2], path.rpartition("/")[0], "file", 1, None, "")
        for path in paths
    ]
    assert [path.as_posix() for path in destinations(wanted, files, to)] == expected


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """Nothing is overwritten silently by another file of the same command."""
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").touch()
    with pytest.raises(TransferError, match="both be called a"):
        local_files([str(tmp_path / "one" / "a.txt"), str(tmp_path / "other" / "a.txt")])


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file and the folder that it was looked for in."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TransferError, match=r"no file missing\*\.csv in .*nothing was sent"):
        local_files(["missing*.csv"])


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KB"), (3 << 20, "3.0 MB"), (None, "")],
)
def test_sizes_are_for_people(size: int | None, text: str) -> None:
    """Sizes have units of 1,024."""
    assert format_size(size) == text
