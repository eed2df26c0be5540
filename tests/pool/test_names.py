"""Names of files and folders that the service would refuse are refused here first."""

from __future__ import annotations

import io

import pytest

from acajs_kernel.errors import InvalidRequestError
from acajs_kernel.pool.names import check_name, check_path, is_reachable
from tests.pool.fakes import IDENTIFIER, FakePool, client_of


@pytest.mark.parametrize(
    "name", ["a", "A-b_c d.e@$&=;,#%^()1", "文件.csv", "Überblick.txt", ".x", "..."]
)
def test_names_of_files_that_the_service_takes(name: str) -> None:
    """Letters of any script, digits and the documented signs."""
    assert check_name(name) == name
    assert is_reachable(name)


@pytest.mark.parametrize(
    ("name", "sign"),
    [(f"a{sign}b", sign) for sign in "+[]{}~'!`<>|?*:\""] + [("😀.txt", "\\U0001f600")],
)
def test_other_signs_are_refused_with_the_rule(name: str, sign: str) -> None:
    """The error names the sign, and what names may hold."""
    with pytest.raises(InvalidRequestError, match="nothing was sent") as caught:
        check_name(name)
    assert sign in caught.value.message
    assert "letters of any script, digits and - _ space . @ $ & = ; , # % ^ ( )" in (
        caught.value.remedy
    )
    assert not is_reachable(name)


@pytest.mark.parametrize("path", ["", "/", "a", "a/b c", "/a/(1)/", "文件/x"])
def test_folders_that_the_service_takes(path: str) -> None:
    """The same signs without the period; outer slashes are dropped."""
    assert check_path(path) == path.strip("/")
    assert is_reachable("x.y", path)


@pytest.mark.parametrize("path", ["v1.2", "a/.git", "a.b/c", "a/b+c", "x[1]"])
def test_other_folders_are_refused_with_the_rule(path: str) -> None:
    """A period is for files only."""
    with pytest.raises(InvalidRequestError, match="nothing was sent") as caught:
        check_path(path)
    assert "without a period" in caught.value.remedy
    assert not is_reachable("x", path)


async def test_nothing_is_sent_for_such_a_name() -> None:
    """Every call about a file looks first."""
    pool = FakePool()
    async with client_of(pool, api_version="2025-10-02-preview") as client:
        for act in (
            client.upload(IDENTIFIER, "a+b", b""),
            client.upload(IDENTIFIER, "a", b"", path="v1.2"),
            client.download(IDENTIFIER, "a+b", io.BytesIO()),
            client.download(IDENTIFIER, "a", io.BytesIO(), path="v1.2"),
            client.list_files(IDENTIFIER, path="v1.2"),
            client.file_metadata(IDENTIFIER, "a+b"),
            client.delete_file(IDENTIFIER, "a", path="v1.2"),
        ):
            with pytest.raises(InvalidRequestError):
                await act
    assert not pool.requests
