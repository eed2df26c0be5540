"""The way between Jupyter and the kernel: encrypted where that is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import zmq
from jupyter_client.kernelspec import KernelSpecManager

from tests.checkout import REPOSITORY
from tests.cli.command import acajs
from tests.kernel_client import running_kernel

_TRANSPORTS = [
    "tcp",
    pytest.param(
        "ipc", marks=pytest.mark.skipif(sys.platform == "win32", reason="there are no Unix sockets")
    ),
]


@pytest.mark.parametrize("transport", _TRANSPORTS)
async def test_a_kernel_speaks_curve_where_jupyter_demands_it(
    transport: str, environment: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Cells, output and input work, and nobody without the keys gets an answer."""
    ran = acajs(environment, "install", "--prefix", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    specs = KernelSpecManager(kernel_dirs=[str(tmp_path / "share" / "jupyter" / "kernels")])
    async with running_kernel(
        environment, specs=specs, transport=transport, transport_encryption="required"
    ) as kernel:
        assert (await kernel.run("console.log('42')")).stdout == "42\n"
        await kernel.interrupt()
        assert kernel.manager.curve_publickey
        address = kernel.client.hb_channel.address
        with zmq.Context() as context, context.socket(zmq.REQ) as stranger:
            stranger.linger = 0
            stranger.connect(address)
            stranger.send(b"ping")
            assert not stranger.poll(300), "it answered without encryption"
    assert "without encryption" not in capfd.readouterr().err


def test_the_packages_own_kernel_spec_declares_it_too(tmp_path: Path) -> None:
    """Jupyter encrypts for a kernel whose spec says that it can."""
    kernels = tmp_path / "kernels"
    kernels.mkdir()
    (kernels / "acajs").symlink_to(REPOSITORY / "kernelspec")
    spec = KernelSpecManager(kernel_dirs=[str(kernels)]).get_kernel_spec("acajs")
    assert spec.metadata["supported_encryption"] == ["curve"]
    assert spec.kernel_protocol_version == "5.5"
