"""``python -m acajs_kernel.cli``: the command where its script is not on PATH."""

from acajs_kernel.search_path import leave_working_folder

if __name__ == "__main__":
    leave_working_folder()  # before anything else is imported

    from acajs_kernel.cli import main

    main()
