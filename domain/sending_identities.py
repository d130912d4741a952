"""From whom mails may come, and where answers may go: what the deployment is configured with."""

from dataclasses import dataclass
from email.utils import parseaddr

from domain.errors import InvalidInput


@dataclass(frozen=True)
class SendingIdentities:
    """From headers, each an address or a name and an address."""

    headers: tuple[str, ...]

    def named(self, field: str, text: str) -> str:
        """The header that `text` names, by its address or as it is. Raises InvalidInput."""
        for header in self.headers:
            if text.strip().lower() in {header.lower(), parseaddr(header)[1].lower()}:
                return header
        raise InvalidInput(
            field, "None of the deployment's senders; give the address of one (SENDER, SENDERS)."
        )
