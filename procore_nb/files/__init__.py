"""Files that records point to: found in frames, downloaded to a folder that people can read, shown as a gallery.

In: frames, and what opens an address. Out: frames of files, a folder with a manifest, a page of pictures. Plans and writes;
`http` sends and `fetch` waits.
"""

from procore_nb.files.contact_sheet import Gallery, gallery
from procore_nb.files.download import Downloader, DownloadOptions
from procore_nb.files.download_folder import DownloadManifest
from procore_nb.files.find_files import (
    KINDS,
    FileRecord,
    declares_files,
    files_in_record,
    find_files,
    records_of,
)

__all__ = [
    "KINDS",
    "DownloadManifest",
    "DownloadOptions",
    "Downloader",
    "FileRecord",
    "Gallery",
    "declares_files",
    "files_in_record",
    "find_files",
    "gallery",
    "records_of",
]
