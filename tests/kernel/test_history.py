"""The history: across kernels, bounded, shared, and never in the way."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest

from acajs_kernel.kernel import history
from acajs_kernel.kernel.history import History, history_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a file in a folder that is not there yet."""
    return tmp_path / "folder" / "history.sqlite"


def _kernel(file: Path | None, *sources: str) -> History:
    """Return the history of a kernel that has run some cells."""
    kernel = History(file)
    for number, source in enumerate(sources, 1):
        kernel.add(number, source, f"={source}")
    return kernel


def test_cells_of_earlier_kernels_are_found(file: Path) -> None:
    """Each kernel has a session number; the tail goes over all of them."""
    _kernel(file, "a", "b").close()
    later = _kernel(file, "c")
    assert later.tail(2, output=False) == [(1, 2, "b"), (2, 1, "c")]
    assert later.tail(1, output=True) == [(2, 1, ("c", "=c"))]
    assert later.tail(0, output=False) == []
    later.close()


def test_sessions_are_counted_back_from_the_kernels_own(file: Path) -> None:
    """0 is the kernel's own session, -1 the one before, 1 the first; also before any cell ran."""
    for sources in (("a", "b", "c"), ("d",)):
        _kernel(file, *sources).close()
    kernel = History(file)
    assert kernel.range(0, 1, None, output=False) == []
    assert kernel.range(-1, 1, None, output=False) == [(2, 1, "d")]
    kernel.add(1, "e", None)
    assert kernel.range(0, 1, None, output=True) == [(3, 1, ("e", None))]
    assert kernel.range(-1, 1, None, output=False) == [(2, 1, "d")]
    assert kernel.range(-2, 2, 3, output=False) == [(1, 2, "b")]
    assert kernel.range(1, 1, 3, output=False) == [(1, 1, "a"), (1, 2, "b")]
    assert kernel.range(7, 1, None, output=False) == []
    kernel.close()


def test_a_search_takes_globs_and_can_be_unique(file: Path) -> None:
    """The last matches, oldest first; each text once in its latest place."""
    _kernel(file, "let a", "b", "let a").close()
    kernel = _kernel(file, "let c", "b")
    assert kernel.search("let*", None, unique=False, output=False) == [
        (1, 1, "let a"),
        (1, 3, "let a"),
        (2, 1, "let c"),
    ]
    assert kernel.search("*", None, unique=True, output=False) == [
        (1, 3, "let a"),
        (2, 1, "let c"),
        (2, 2, "b"),
    ]
    assert kernel.search("let ?", 1, unique=True, output=True) == [(2, 1, ("let c", "=let c"))]
    assert kernel.search("nothing*", 5, unique=False, output=False) == []
    kernel.close()


def test_the_oldest_cells_go_first(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file does not grow without bound."""
    monkeypatch.setattr(history, "MAXIMUM_CELLS", 5)
    monkeypatch.setattr(history, "_CELLS_BETWEEN_PRUNINGS", 1)
    kernel = _kernel(file, *map(str, range(1, 21)))
    assert kernel.tail(100, output=False) == [(1, n, str(n)) for n in range(16, 21)]
    kernel.close()


def test_large_texts_are_not_kept(file: Path) -> None:
    """A result is cut, a giant cell is left out."""
    kernel = History(file)
    kernel.add(1, "small", "x" * 1_000_000)
    kernel.add(2, "y" * 1_000_001, None)
    assert kernel.tail(9, output=True) == [(1, 1, ("small", "x" * 10_000))]
    kernel.close()


def test_several_kernels_write_at_once(file: Path) -> None:
    """Nothing is lost, and sessions keep apart."""
    kernels = [History(file) for _ in range(4)]

    def run(kernel: History) -> None:
        for number in range(1, 26):
            kernel.add(number, f"cell {number}", None)

    threads = [threading.Thread(target=run, args=[kernel]) for kernel in kernels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    entries = kernels[0].tail(1000, output=False)
    assert len(entries) == 100
    assert {session for session, _, _ in entries} == {1, 2, 3, 4}
    for kernel in kernels:
        kernel.close()


@pytest.mark.parametrize("trouble", ["garbage", "folder", "parent"])
def test_a_file_that_cannot_be_used_costs_only_the_past(
    trouble: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The kernel's own cells are kept in memory, and the log says what to do, once."""
    if trouble == "garbage":
        file.parent.mkdir()
        file.write_bytes(b"no database" * 1000)
    elif trouble == "folder":
        file.mkdir(parents=True)
    else:
        file.parent.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING, "acajs_kernel"):
        kernel = _kernel(file, "a", "b")
        assert kernel.tail(5, output=False) == [(1, 1, "a"), (1, 2, "b")]
    (record,) = caplog.records
    assert "ACAJS_HISTORY" in record.getMessage()
    kernel.close()


def test_a_file_that_breaks_later_costs_only_the_past(file: Path) -> None:
    """A table that is gone under the kernel is no reason to fail."""
    kernel = _kernel(file, "a")
    other = sqlite3.connect(file)
    other.execute("DROP TABLE cells")
    other.commit()
    other.close()
    kernel.add(2, "b", None)
    assert kernel.tail(5, output=False) == [(1, 2, "b")]
    kernel.close()


def test_texts_that_are_no_unicode_are_kept() -> None:
    """A lone surrogate becomes a question mark."""
    kernel = _kernel(None, "'\ud83d'")
    assert kernel.tail(1, output=False) == [(1, 1, "'?'")]
    kernel.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_its_owner_can_read_the_file(file: Path) -> None:
    """Cells may hold secrets."""
    kernel = _kernel(file, "a")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) & 0o077 == 0
    kernel.close()


def test_the_setting_names_a_file_or_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Auto is Jupyter's data folder, off is none, else a path."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    assert history_file("auto") == tmp_path / "acajs" / "history.sqlite"
    assert history_file("off") is None
    assert history_file("/x/y") == Path("/x/y")
