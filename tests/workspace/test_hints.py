"""Errors about files that lie beside the notebook say how to send them."""

from __future__ import annotations

from pathlib import Path

import pytest

from acajs_kernel.workspace.hints import explain_missing
from tests.workspace.notebook import write_files

_SESSION = "/tmp/x/data"


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ("ENOENT: no such file or directory, open 'data.csv'", "%upload data.csv"),
        ("ENOENT: no such file or directory, open './data.csv'", "%upload data.csv"),
        ("ENOENT: no such file or directory, scandir 'sub'", "%upload sub"),
        ("ENOENT: no such file or directory, copyfile 'data.csv' -> 'x'", "%upload data.csv"),
        (f"ENOENT: no such file or directory, open '{_SESSION}/data.csv'", "%upload data.csv"),
        ("ENOENT: no such file or directory, open '/mnt/data/data.csv'", "%upload data.csv"),
        (
            "ENOENT: no such file or directory, open 'sub/a b.txt'",
            "%upload 'sub/a b.txt' --to 'sub/a b.txt'",
        ),
        (
            "Cannot find module './sub/helper'\nRequire stack:\n- /s/data/notebook.js",
            "%upload sub/helper.js --to sub/helper.js",
        ),
        (
            "Cannot find module './helper'\nRequire stack:\n- /s/sub/x.js\n- /s/notebook.js",
            "%upload sub/helper.js --to sub/helper.js",
        ),
        (
            "Cannot find module '../data.csv'\nRequire stack:\n- /s/sub/x.js\n- /s/notebook.js",
            "%upload data.csv",
        ),
        (
            f"Cannot find module '{_SESSION}/helper.mjs' imported from {_SESSION}/[eval1]",
            "%upload helper.mjs",
        ),
        ("Cannot find module '/s/helper.mjs' imported from /s/[eval1]", "%upload helper.mjs"),
    ],
)
def test_the_command_that_sends_the_file_is_named(
    message: str, command: str, tmp_path: Path
) -> None:
    """Whichever way the error names the file."""
    write_files(
        tmp_path,
        {"data.csv": "", "helper.mjs": "", "sub/helper.js": "", "sub/a b.txt": ""},
    )
    hint = explain_missing(message, workspace=tmp_path, session_folder=_SESSION)
    assert f"\nSend it: {command}" in f"{hint}\n".replace(f"{command}\n", command)
    assert hint.endswith(command)


@pytest.mark.parametrize(
    "message",
    [
        "ENOENT: no such file or directory, open 'missing.csv'",
        "ENOENT: no such file or directory, open '../data.csv'",
        "ENOENT: no such file or directory, open '/etc/data.csv'",
        "ENOENT: no such file or directory, open '.'",
        "ENOENT: no such file or directory, open 'a\0b'",
        f"ENOENT: no such file or directory, open '{'x' * 5000}'",
        "Cannot find module 'data.csv'\nRequire stack:\n- /s/notebook.js",
        "Cannot find package 'data.csv' imported from /s/[eval1]",
        "EACCES: permission denied, open 'data.csv'",
    ],
)
def test_nothing_is_said_where_no_file_would_help(message: str, tmp_path: Path) -> None:
    """No file of that name lies beside the notebook, or it is another kind of error."""
    write_files(tmp_path, {"data.csv": ""})
    assert explain_missing(message, workspace=tmp_path, session_folder=_SESSION) == ""
