"""Send a template to a few people who want to see it arrive."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.address import normalise_address
from domain.campaign import CampaignCategory
from domain.chunk import ChunkRef
from domain.errors import InvalidInput
from domain.identifiers import CampaignId, TemplateId
from domain.message import Message
from domain.outcome import Accepted, Outcome, Unknown
from domain.ports.clock import Clock
from domain.ports.suppressions import SuppressionRepository
from domain.use_cases.preview_template import Person, PreviewTemplate
from domain.use_cases.send_directly import LAST_BEGUN, SendDirectly

logger = logging.getLogger(__name__)

MAX_ADDRESSES = 5
TEST_SEND = ChunkRef(CampaignId("test-send"), 0, 0)
"""What the provider tells of test mails leads to no campaign; a bounce suppresses all the same."""


@dataclass(frozen=True, kw_only=True)
class SendTestMails:
    """By the mailer and at the rate of campaigns, which it is none of: nothing is counted."""

    preview: PreviewTemplate
    suppressions: SuppressionRepository
    send: SendDirectly
    clock: Clock

    def __call__(
        self,
        template_id: TemplateId,
        addresses: Sequence[str],
        person: Person,
        version: int | None = None,
        *,
        is_repeat: bool = False,
    ) -> Sequence[Outcome]:
        """One outcome for each address, in order; each mail as `person` would get it.

        An address is refused where even transactional mail is held back from it, and then nobody
        is mailed. What `is_repeat` of a request
        whose end nobody knows sends nothing: a second mail is worse than none. Raises NotFound and
        InvalidInput.
        """
        last_begun = self.clock.monotonic() + LAST_BEGUN
        template = self.preview.template(template_id, version)
        recipient = self.preview.recipient(person)
        to = self._checked(addresses)
        mails = self.preview.render(
            template, [replace(recipient, address=address) for address in to], person
        )
        if is_repeat:
            return [Unknown("an earlier try of this request may have sent it")] * len(to)
        outcomes = [
            self.send(
                Message(
                    chunk=TEST_SEND,
                    position=position,
                    to=address,
                    subject=mail.subject,
                    html=mail.html,
                    text=mail.text,
                    sender=template.content.sender,
                    reply_to=template.content.reply_to,
                ),
                last_begun,
            )
            for position, (address, mail) in enumerate(zip(to, mails, strict=True))
        ]
        logger.info(
            "Test mails: %d of %d accepted",
            sum(isinstance(each, Accepted) for each in outcomes),
            len(outcomes),
            extra={"template_id": template_id, "version": template.version},
        )
        return outcomes

    def _checked(self, addresses: Sequence[str]) -> Sequence[str]:
        """Normalised, each once, none of them suppressed. Raises InvalidInput."""
        to: list[str] = []
        for index, text in enumerate(addresses):
            try:
                address = normalise_address(text)
            except InvalidInput as error:
                raise InvalidInput(f"to/{index}", error.detail) from error
            if address in to:
                raise InvalidInput(f"to/{index}", "It is there already; give each address once.")
            to.append(address)
        suppressed = self.suppressions.find(to)
        for index, address in enumerate(to):
            found = suppressed.get(address)
            if found is not None and found.scope.holds_back(CampaignCategory.TRANSACTIONAL):
                raise InvalidInput(f"to/{index}", "Suppressed: it is not to be mailed.")
        return to
