"""Looking at a workspace: what an unchanged one costs, and that no change is missed."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import pytest

from acajs_kernel.workspace.survey import Limits, Watcher

_LIMITS = Limits(500, 50 * 1024 * 1024)


def _age(folder: Path) -> None:
    """Let everything be older than the clock's tick."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (1_000_000_000.5, 1_000_000_000.5))


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
    for _ in range(50):
        began = time.thread_time()
        assert not watcher.look()
        taken.append(time.thread_time() - began)
    assert len(watcher.survey.files) == 500
    assert statistics.median(taken) < 0.001


@pytest.mark.parametrize(
    "change",
    ["write", "same size", "add", "add folder", "remove", "rename", "ignore", "replace", "fresh"],
)
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
    if change == "write":
        file.write_text("longer")
    elif change in {"same size", "fresh"}:
        before = file.stat()
        file.write_text("two")
        if change == "fresh":  # within the same tick of the clock
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "add":
        (inner / "b.txt").write_text("")
    elif change == "add folder":
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "c.txt").write_text("")
    elif change == "remove":
        file.unlink()
    elif change == "rename":
        file.rename(inner / "b.txt")
    elif change == "ignore":
        (tmp_path / ".acajsignore").write_text("sub")
    elif change == "replace":
        other = tmp_path / "other"
        other.write_text("two")
        os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
        other.replace(file)
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
