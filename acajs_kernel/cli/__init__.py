"""The command ``acajs``: one module for each of its commands."""

__all__ = ["main"]


def main() -> None:
    """Run the command line; our own errors end it with their message and status 1."""
    # Imported here because `python -m acajs_kernel.cli` imports this package first of all,
    # while the working folder is still where Python looks for modules.
    from acajs_kernel.cli.application import run  # noqa: PLC0415

    run()
