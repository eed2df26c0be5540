"""``python -m acajs_kernel.cli``: the command where its script is not on PATH."""

from acajs_kernel.cli import main

if __name__ == "__main__":
    main()
