"""`wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling"), and the choice of files for `os.sendfile`."""

import io
import os
import stat
import sys
import wsgiref.util
from typing import Any, BinaryIO, Optional

#: The most bytes of a file in one record. With its header the record has 64 KiB, which Node reads in one piece.
_PIECE = 65536 - 8
#: Only Linux's `sendfile` accepts a Unix socket.
_CAN_SEND = sys.platform == "linux" and hasattr(os, "sendfile")


class FileWrapper(wsgiref.util.FileWrapper):
    """Reads blocks of 64 KiB by default. If the application returns it, a regular file is sent by `os.sendfile`."""

    def __init__(self, filelike: Any, blksize: int = 65536) -> None:
        super().__init__(filelike, blksize)


class RealFile:
    """A regular file that is being sent. Nothing else reads it during that time."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self._file = file
        self.descriptor = file.fileno()
        #: Where the next piece begins.
        self.offset = offset

    def next_piece(self, left: Optional[int]) -> int:
        """Returns how many bytes to send next, at most `left`; 0 at the end. Raises OSError if the file was truncated."""
        available = os.fstat(self.descriptor).st_size - self.offset
        if available < 0:
            raise OSError("the file became shorter while it was being sent")
        return min(_PIECE, available if left is None else min(available, left))

    def update_position(self) -> None:
        """Sets the file's position to where reading would have left it."""
        self._file.seek(self.offset)


def real_file(result: Any) -> Optional[RealFile]:
    """
    Returns the file that a result wraps, if `os.sendfile` sends the bytes that its `read()` returns: a regular file that
    `open()` opened in binary mode. Else returns None. Other objects, such as a GzipFile, also have a `fileno()`, but their
    `read()` may return other bytes than the file has.
    """
    if type(result) is not FileWrapper or not _CAN_SEND:
        return None
    file: Any = result.filelike
    raw = file.raw if type(file) is io.BufferedReader else file
    if type(raw) is not io.FileIO or file.closed:
        return None
    status = os.fstat(raw.fileno())
    if not stat.S_ISREG(status.st_mode):
        return None
    offset = file.tell()
    # Such files are read: those in /proc have size 0 and still have content, and those sought beyond their end are empty.
    return RealFile(file, offset) if offset < status.st_size else None
