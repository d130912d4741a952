"""What answers at a URL."""

from typing import Protocol


class Web(Protocol):
    """Pages as mail programs ask for them."""

    def status(self, url: str) -> int:
        """The HTTP status that a GET of an http or https URL is answered with; follows no redirect.

        Raises DependencyUnavailable where nothing answered in a few seconds, or by no certificate
        that is good for its name.
        """
        ...
