"""Where sessions' folders lie: where nobody else can put something that sessions would run."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("Windows gives each user a temporary folder", allow_module_level=True)

from acajs_kernel.local import LocalPool, platforms, session_root
from acajs_kernel.local.session_root import HeldFolder, is_private, sessions_root, sweep

_SECONDS = 30.0


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a home that is private, for a machine whose temporary folder is everybody's."""
    real = Path(os.path.expanduser("~"))  # noqa: PTH111 -- as the code under test does it
    with tempfile.TemporaryDirectory(dir=real, prefix="acajs-test-") as name:
        home = Path(name)
        if not is_private(home):
            pytest.skip("others may write above this user's home")
        shared = home / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
        monkeypatch.setattr(tempfile, "tempdir", str(shared))
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        yield home


def test_a_folder_that_others_write_to_is_not_taken(home: Path) -> None:
    """The user's cache is, for them alone, and what it takes is made."""
    assert sessions_root() == (home / ".cache" / "acajs", True)
    for folder in (home / ".cache", home / ".cache" / "acajs"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_temporary_folder_of_the_users_own_is_taken(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS, or where somebody has set `TMPDIR` so; but not the working folder."""
    own = home / "own"
    own.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    assert sessions_root() == (own, False)
    monkeypatch.chdir(own)
    assert sessions_root() == (home / ".cache" / "acajs", True)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o702])
def test_one_open_folder_above_is_enough_to_refuse(mode: int, home: Path) -> None:
    """A sticky one is no better: others can make new files in it."""
    inner = home / "above" / "inner"
    inner.mkdir(parents=True)
    assert is_private(inner)
    inner.parent.chmod(mode)
    has_own_group = session_root._is_own_group(inner.parent.stat().st_gid)
    assert is_private(inner) == (mode == 0o770 and has_own_group)


def test_a_cache_that_others_write_to_is_passed_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next folder is the runtime folder, and the last one is the temporary folder after all."""
    (home / ".cache").mkdir()
    (home / ".cache").chmod(0o777)
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert sessions_root() == (runtime / "acajs", True)
    runtime.chmod(0o777)
    assert sessions_root() == (home / "shared", False)


def test_a_cache_that_is_named_is_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`XDG_CACHE_HOME` moves it; a relative one counts for nothing, as its specification has it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "c"))
    assert sessions_root() == (home / "c" / "acajs", True)
    monkeypatch.setenv("XDG_CACHE_HOME", "c")
    assert sessions_root() == (home / ".cache" / "acajs", True)


def test_a_folder_of_ours_that_was_opened_is_closed(home: Path) -> None:
    """Its mode is set anew, so that an unlucky umask or chmod does not last."""
    folder, _ = sessions_root()
    folder.chmod(0o777)
    assert sessions_root() == (folder, True)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_sessions_find_nothing_that_another_user_has_put_there(home: Path) -> None:
    """A package in the common temporary folder is not found, by `require` or by `import`."""
    package = home / "shared" / "node_modules" / "planted"
    package.mkdir(parents=True)
    (package / "index.js").write_text("throw new Error('planted code was run')")
    async with LocalPool() as pool:
        body = b'{"codeInputType":"inline","executionType":"synchronous","code":"CODE"}'
        code = b"let found; try { require('planted') } catch (error) { found = error.code } found"
        _, _, content = await pool.executor.answer(
            "2025-10-02-preview", "planted-0123", body.replace(b"CODE", code)
        )
        assert b"MODULE_NOT_FOUND" in content
        (folder,) = (home / ".cache" / "acajs").iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list((home / ".cache" / "acajs").iterdir())


def _age(folder: Path) -> None:
    long_ago = time.time() - 3600
    os.utime(folder, (long_ago, long_ago))


def test_what_a_dead_machine_left_is_swept(home: Path) -> None:
    """Folders of pools that live, and young ones, stay; nothing outside is touched."""
    root, _ = sessions_root()
    outside = home / "precious"
    outside.mkdir()
    (outside / "file").touch()
    for name in ("dead", "alive", "young"):
        (root / name / "session" / "data").mkdir(parents=True)
    (root / "dead" / "link").symlink_to(outside)
    (root / "linked").symlink_to(outside)
    held = HeldFolder(root / "alive")
    for name in ("dead", "alive"):
        _age(root / name)
    thread = sweep(root)
    assert thread is not None
    thread.join(_SECONDS)
    assert sorted(path.name for path in root.iterdir()) == ["alive", "linked", "young"]
    assert (outside / "file").exists()
    held.close()
    held.close()
    _age(root / "alive")
    thread = sweep(root)
    assert thread is not None
    thread.join(_SECONDS)
    assert not (root / "alive").exists()
    assert sweep(root) is None


def test_a_process_that_dies_gives_its_folder_up(home: Path) -> None:
    """Also one that is killed, and has children that go on."""
    program = (
        "import os, subprocess, sys; from acajs_kernel.local.platforms import make_pool_folder\n"
        "folder, held = make_pool_folder(None)\n"
        "nothing = subprocess.DEVNULL\n"
        "child = subprocess.Popen(['sleep', '60'], stdout=nothing, stderr=nothing)\n"
        "print(folder, child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"HOME": str(home), "TMPDIR": str(home / "shared")},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    name, child = ran.stdout.split()
    try:
        folder = Path(name)
        assert folder.parent == home / ".cache" / "acajs"
        _age(folder)
        made, held = platforms.make_pool_folder(None)  # which sweeps
        limit = time.monotonic() + _SECONDS
        while folder.exists() and time.monotonic() < limit:
            time.sleep(0.01)
        assert not folder.exists()
        held.close()
        made.rmdir()
    finally:
        os.kill(int(child), 9)
