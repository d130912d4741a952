"""What a mail owes its reader: a way out, and where the sender can be found."""

from dataclasses import dataclass, replace

from domain.campaign import CampaignCategory
from domain.errors import InvalidInput
from domain.recipient import Recipient

UNSUBSCRIBE_URL = "unsubscribe_url"
POSTAL_ADDRESS = "postal_address"


@dataclass(frozen=True, kw_only=True)
class Footer:
    """What the deployment has for it."""

    public_url: str
    postal_address: str

    def unsubscribe_url(self, token: str = "sample") -> str:  # noqa: S107  no password
        """Where `token` is shown; without one, a link as an example, which leads nowhere."""
        return f"{self.public_url}/u/{token}"

    def confirm_url(self, token: str) -> str:
        """Where `token` is shown."""
        return f"{self.public_url}/c/{token}"

    def merged(self, recipient: Recipient, unsubscribe_url: str) -> Recipient:
        """With the fields that every template may merge; they win over a contact's own."""
        given = {UNSUBSCRIBE_URL: unsubscribe_url, POSTAL_ADDRESS: self.postal_address}
        return replace(recipient, fields={**recipient.fields, **given})

    def lacks_address(self, category: CampaignCategory) -> bool:
        """Whether mails of that category would name no place where the sender can be found."""
        return category is CampaignCategory.MARKETING and not self.postal_address

    def check(self, category: CampaignCategory, names: frozenset[str]) -> None:
        """Whether a template that merges `names` may be sent. Raises InvalidInput.

        Marketing mail says how to be rid of it and who sends it: the law of most countries asks
        for both, and so do those who receive mail for others.
        """
        if category is not CampaignCategory.MARKETING:
            return
        missing = [name for name in (UNSUBSCRIBE_URL, POSTAL_ADDRESS) if name not in names]
        if missing:
            written = " and ".join(f"{{{{ {name} }}}}" for name in missing)
            raise InvalidInput(
                "template_id",
                f"A marketing mail needs {written}: add it to the template, or send the campaign "
                "with category transactional if it is no advertisement.",
            )
        if self.lacks_address(category):
            raise InvalidInput(
                "template_id",
                "The template merges {{ postal_address }}, and the deployment has none: set "
                "POSTAL_ADDRESS.",
            )
