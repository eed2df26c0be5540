"""Files between this machine and a session, and packages for it."""

from acajs_kernel.transfers.data_folder import DataFolder
from acajs_kernel.transfers.destinations import destinations, find_downloads
from acajs_kernel.transfers.names import LocalFile, local_files, path_of
from acajs_kernel.transfers.progress import Observer, format_size

__all__ = [
    "DataFolder",
    "LocalFile",
    "Observer",
    "destinations",
    "find_downloads",
    "format_size",
    "local_files",
    "path_of",
]
