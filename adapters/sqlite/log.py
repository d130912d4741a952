"""The log beside a database (SQLite's "Database File Format", section 4)."""

from pathlib import Path

_HEADER = 32
_FRAME_HEADER = 24


def has_frame(log: Path, number: int) -> bool:
    """Whether a frame of that number, from 1, was written since the log last began anew.

    Each has one page; the length of the file tells nothing, for it is written over. No file that
    SQLite locks is opened: to close it would undo its locks (POSIX).
    """
    try:
        with log.open("rb", buffering=0) as file:
            header = file.read(_HEADER)
            page = int.from_bytes(header[8:12])
            file.seek(_HEADER + (number - 1) * (_FRAME_HEADER + page))
            frame = file.read(_FRAME_HEADER)
    except OSError:
        return False
    # Their salts, which are others each time.
    return len(frame) == _FRAME_HEADER and frame[8:16] == header[16:24]
