"""What the DNS says of a domain."""

from typing import Protocol


class Dns(Protocol):
    """Look-ups as a receiver of mail makes them, over what resolvers remember.

    A name is in ASCII, without a dot at its end. Every method raises DependencyUnavailable where
    no answer was had in a few seconds, or one that is a server's own failure.
    """

    def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records, each in one piece; none where there are none, or no such name."""
        ...

    def exchanges(self, name: str) -> tuple[str, ...]:
        """The hosts of the MX records in small letters, the preferred first; likewise."""
        ...
