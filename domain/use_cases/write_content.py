"""Make content of what an author wrote."""

from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.merge_fields import MergeFields
from domain.plain_text import plain_text_of
from domain.sending_identities import SendingIdentities
from domain.template import MAX_BODY_BYTES, Content


@dataclass(frozen=True)
class WrittenContent:
    """As it was written: without a text it is made from the HTML."""

    subject: str
    html: str
    text: str | None = None
    defaults: MergeFields | None = None
    sender: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class WriteContent:
    """Complete, within its limits, and from whom the deployment may send."""

    identities: SendingIdentities

    def __call__(self, written: WrittenContent) -> Content:
        """Raises InvalidInput."""
        text = written.text
        if text is None:
            text = _text_of(written.html)
        sender, reply_to = written.sender, written.reply_to
        return Content.of(
            written.subject,
            written.html,
            text,
            defaults=written.defaults,
            sender=None if sender is None else self.identities.named("from", sender),
            reply_to=None if reply_to is None else self.identities.named("reply_to", reply_to),
        )


def _text_of(html: str) -> str:
    if not html.strip() or len(html.encode(errors="replace")) > MAX_BODY_BYTES:
        # What is wrong is told of the HTML itself.
        return "-"
    text = plain_text_of(html)
    if not text:
        raise InvalidInput("text", "The HTML holds nothing to make it from: write one.")
    return text
