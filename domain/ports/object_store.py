"""Object storage: files that are too large for a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

MIN_PART_BYTES = 5 * 1024 * 1024
"""Of every part but the last (Amazon S3, "Multipart upload limits")."""
MAX_PARTS = 10_000


@dataclass(frozen=True)
class SignedUrl:
    """Whoever has it may do one thing with one object until `expires_at`; it is a secret."""

    url: str
    expires_at: datetime


class ObjectStore(Protocol):
    """Objects by name, such as `imports/<id>/contacts.csv`; each is written as a whole.

    Strongly consistent: an object that was written is what the next read finds. Objects go by
    themselves some days after they were written. Every method raises DependencyFault, and
    InvalidInput for a name that `domain.stored_file` refuses; each may be repeated.
    """

    def sign_upload(self, name: str, duration: timedelta) -> SignedUrl:
        """A URL to PUT the object to, any number of times, with any content type.

        `duration` is of whole seconds, and of seven days at most.
        """
        ...

    def sign_download(self, name: str, filename: str, duration: timedelta) -> SignedUrl:
        """A URL to GET the object from, which a browser saves as `filename`."""
        ...

    def size(self, name: str) -> int | None:
        """In bytes; None where there is no such object."""
        ...

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; none past the end. Raises NotFound."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Put the object, in the place of one of that name."""
        ...

    def delete(self, name: str) -> None:
        """Take the object away, if there is one."""
        ...

    def begin(self, name: str) -> str:
        """Begin to write an object in parts; returns what the other two calls name it by."""
        ...

    def write_part(self, name: str, writing_id: str, number: int, content: bytes) -> str:
        """Write part `number`, from 1, of at least MIN_PART_BYTES but for the last.

        Returns its tag. A part written again takes the place of the first. Raises NotFound where
        the writing is over, or was never begun.
        """
        ...

    def complete(self, name: str, writing_id: str, tags: Sequence[str]) -> None:
        """Make the object of the parts, at least one, in order; before that it is not there.

        Raises NotFound where the writing is over, but may let pass what was completed so already:
        look whether the object is there. NotFound, too, where a tag is not its part's: repeating
        it is of no use.
        """
        ...

    def abandon(self, name: str, writing_id: str) -> None:
        """Forget the parts, if they are not forgotten yet."""
        ...
