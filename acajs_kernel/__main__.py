"""Start the kernel: ``python -m acajs_kernel -f CONNECTION_FILE``."""

import gc
import os
import sys

from acajs_kernel.environment_names import (
    EMBEDDED_POOL_VARIABLE,
    ENDPOINT_VARIABLES,
    RUNTIME_VARIABLE,
    WORKSPACE_VARIABLE,
)
from acajs_kernel.search_path import leave_working_folder

# A connection file and nothing else: no setting on the command line.
_PLAIN_ARGUMENTS = 2


def main() -> None:
    """Launch the kernel, with its first session on its way before anything else is loaded.

    Whether it is wanted is a guess from the environment; a configuration file may name a
    pool elsewhere, and then the session is discarded.
    """
    gc.disable()  # nearly all that loading makes is kept; `AcaJsKernelApp.start` goes on with it
    if len(sys.argv) <= 1 + _PLAIN_ARGUMENTS and _is_embedded():
        _start_session()
    from acajs_kernel.kernel.application import AcaJsKernelApp  # noqa: PLC0415 -- after the session

    AcaJsKernelApp.launch_instance()


def _is_embedded() -> bool:
    if os.environ.get(EMBEDDED_POOL_VARIABLE, "").strip() == "off":
        return False
    return not any(os.environ.get(name, "").strip() for name in ENDPOINT_VARIABLES)


def _start_session() -> None:
    from acajs_kernel.errors import ConfigurationError  # noqa: PLC0415 -- not always needed
    from acajs_kernel.local.ahead import start_ahead  # noqa: PLC0415 -- as above
    from acajs_kernel.working_folder import choose_workspace  # noqa: PLC0415 -- as above

    try:
        setting = os.environ.get(WORKSPACE_VARIABLE, "")
        workspace = choose_workspace(setting, is_embedded=True).in_place
    except ConfigurationError:
        return  # the first cell says so
    code = None
    if os.environ.get(RUNTIME_VARIABLE, "").strip() != "plain":
        from acajs_kernel.runtime.source import travelling_source  # noqa: PLC0415 -- as above

        code = travelling_source().install_code
    start_ahead(code, workspace)


if __name__ == "__main__":
    leave_working_folder()  # nothing has been imported yet that is not of Python's own start
    main()
