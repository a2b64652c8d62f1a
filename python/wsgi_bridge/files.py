"""`wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling"), and which files the system can send itself."""

import io
import os
import stat
import sys
import wsgiref.util
from typing import Any, BinaryIO, Optional

#: With its header, a record that Node reads in one piece.
_PIECE = 65536 - 8
#: On other systems `sendfile` does not take such a socket.
_CAN_SEND = sys.platform == "linux" and hasattr(os, "sendfile")


class FileWrapper(wsgiref.util.FileWrapper):
    """Blocks that are worth a record each. Returned as the result itself, a real file's bytes go by `os.sendfile`."""

    def __init__(self, filelike: Any, blksize: int = 65536) -> None:
        super().__init__(filelike, blksize)


class RealFile:
    """A regular file on its way out. Nothing reads it meanwhile."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self._file = file
        self.descriptor = file.fileno()
        #: Where the next piece begins.
        self.offset = offset

    def next_piece(self, left: Optional[int]) -> int:
        """How many bytes to send next, 0 at the end. `left`: no more than that. Raises OSError for a file that was cut off."""
        there = os.fstat(self.descriptor).st_size - self.offset
        if there < 0:
            raise OSError("the file became shorter while it was being sent")
        return min(_PIECE, there if left is None else min(there, left))

    def leave(self) -> None:
        """The file is where it would be if it had been read so far."""
        self._file.seek(self.offset)


def real_file(result: Any) -> Optional[RealFile]:
    """
    The file that a result wraps, if the bytes on the disk are what its `read()` would give: a file as `open()` makes it in
    binary mode. Others have a `fileno()` too, such as gzip's, whose bytes are not those of the disk.
    """
    if type(result) is not FileWrapper or not _CAN_SEND:
        return None
    file: Any = result.filelike
    raw = file.raw if type(file) is io.BufferedReader else file
    if type(raw) is not io.FileIO or file.closed:
        return None
    status = os.fstat(raw.fileno())
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:  # files of /proc have no size, and yet bytes
        return None
    return RealFile(file, file.tell())
