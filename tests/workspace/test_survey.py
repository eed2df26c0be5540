"""Looking at a workspace: what an unchanged one costs, and that no change is missed."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acajs_kernel.workspace.survey import Limits, Watcher

_LIMITS = Limits(500, 50 * 1024 * 1024)


def _age(folder: Path) -> None:
    """Let everything be older than the clock's tick."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (1_000_000_000.5, 1_000_000_000.5))


def _seconds_of_looking_at(places: list[str]) -> float:
    began = time.thread_time()
    for place in places:
        os.stat(place)  # noqa: PTH116 -- what is compared with
    return time.thread_time() - began


@contextlib.contextmanager
def _untraced() -> Iterator[None]:
    """Measure what users have: recording the test's coverage takes as long as the work."""
    trace = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(trace)


def test_looking_at_an_unchanged_workspace_takes_less_than_a_millisecond(tmp_path: Path) -> None:
    """With as many files as may be copied, and folders among them."""
    for number in range(500):
        path = tmp_path / f"folder{number % 20}" / f"file{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    _age(tmp_path)
    watcher = Watcher(tmp_path, _LIMITS)
    assert watcher.look()
    taken = []
    with _untraced():
        for _ in range(200):
            began = time.thread_time()
            is_new = watcher.look()
            taken.append(time.thread_time() - began)
            assert not is_new
    assert len(watcher.survey.files) == 500
    looks = [place for place, (_, _, inode) in watcher._marks or () if inode >= 0]
    bare = min(_seconds_of_looking_at(looks) for _ in range(200))
    # Others may share the processor: then the system alone takes longer than that.
    assert min(taken) < max(0.001, 1.5 * bare)


def _write_in_one_tick(file: Path) -> None:
    before = file.stat()
    file.write_text("two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace_by_one_as_old(file: Path) -> None:
    other = file.with_name("other")
    other.write_text("two")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)


_CHANGES: dict[str, Callable[[Path], object]] = {
    "write": lambda file: file.write_text("longer"),
    "same size": lambda file: file.write_text("two"),
    "add": lambda file: file.with_name("b.txt").touch(),
    "add folder": lambda file: (file.parent / "new").mkdir(),
    "remove": lambda file: file.unlink(),
    "rename": lambda file: file.rename(file.with_name("b.txt")),
    "ignore": lambda file: (file.parent.parent / ".acajsignore").write_text("sub"),
    "replace": _replace_by_one_as_old,
    "fresh": _write_in_one_tick,
}


@pytest.mark.parametrize("change", _CHANGES)
def test_no_change_is_missed(change: str, tmp_path: Path) -> None:
    """Whatever has happened to a file or a folder, the next look tells."""
    inner = tmp_path / "sub"
    inner.mkdir()
    file = inner / "a.txt"
    file.write_text("one")
    if change != "fresh":
        _age(tmp_path)
    watcher = Watcher(tmp_path, _LIMITS)
    watcher.look()
    if change != "fresh":
        assert not watcher.look()
    _CHANGES[change](file)
    assert watcher.look()


def test_a_big_tree_is_not_walked_to_its_end_nor_again_and_again(tmp_path: Path) -> None:
    """Beyond the limits the walk ends, and the next one waits."""
    for number in range(300):
        folder = tmp_path / f"folder{number}"
        folder.mkdir()
        for name in "abc":
            (folder / name).write_text("")
    watcher = Watcher(tmp_path, Limits(100, 1000))
    assert watcher.look()
    assert "more than 100 files" in watcher.survey.excess
    assert len(watcher.survey.files) <= 101
    began = time.thread_time()
    assert not watcher.look()
    assert time.thread_time() - began < 0.001


def test_folders_with_countless_entries_that_are_left_out_are_bounded(tmp_path: Path) -> None:
    """Also where nothing of them would be copied."""
    for number in range(20_001):
        (tmp_path / f".{number}").touch()
    watcher = Watcher(tmp_path, _LIMITS)
    watcher.look()
    assert "entries" in watcher.survey.excess
