"""Send a template to a few people who want to see it arrive."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.campaign import CampaignCategory
from domain.chunk import ChunkRef
from domain.contact import normalise_address
from domain.errors import DependencyFault, InvalidInput
from domain.identifiers import CampaignId, TemplateId
from domain.message import Message
from domain.outcome import Accepted, NotSent, Outcome, Unknown
from domain.ports.clock import Clock
from domain.ports.mailer import Mailer
from domain.ports.rate_limiter import RateLimiter
from domain.ports.suppressions import SuppressionRepository
from domain.use_cases.preview_template import Person, PreviewTemplate

logger = logging.getLogger(__name__)

MAX_ADDRESSES = 5
TEST_SEND = ChunkRef(CampaignId("test-send"), 0, 0)
"""What the provider tells of test mails leads to no campaign; a bounce suppresses all the same."""
_PATIENCE = timedelta(seconds=3)
_LAST_BEGUN = timedelta(seconds=10)
"""No mail is begun later: a call may take 18 s, and a gateway waits for the answer for 30."""


@dataclass(frozen=True, kw_only=True)
class SendTestMails:
    """By the mailer and at the rate of campaigns, which it is none of: nothing is counted."""

    preview: PreviewTemplate
    suppressions: SuppressionRepository
    limiter: RateLimiter
    mailer: Mailer
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
        started = self.clock.monotonic()
        template = self.preview.template(template_id, version)
        recipient = self.preview.recipient(person)
        to = self._checked(addresses)
        mails = self.preview.render(
            template, [replace(recipient, address=address) for address in to], person
        )
        if is_repeat:
            return [Unknown("an earlier try of this request may have sent it")] * len(to)
        outcomes = [
            self._send(
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
                started + _LAST_BEGUN,
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

    def _send(self, message: Message, last_begun: timedelta) -> Outcome:
        now = self.clock.now()
        left = last_begun - self.clock.monotonic()
        if left <= timedelta():
            return NotSent("the others took too long; try again", overdue=True)
        try:
            grant = self.limiter.request(1, now, min(_PATIENCE, left))
        except DependencyFault as fault:
            logger.warning("No place for a test mail: %s", fault)
            return NotSent("there was no place in the send rate to be had; try again")
        if isinstance(grant, timedelta):
            return NotSent("campaigns take up the send rate; try again")
        while (wait := grant.at - self.clock.now()) > timedelta():
            self.clock.sleep(wait)
        now = self.clock.now()
        if not grant.is_usable(now):
            return NotSent("its place in the send rate was missed; try again", overdue=True)
        (outcome,) = self.mailer.send([message], grant.left(now))
        if isinstance(outcome, NotSent) and outcome.throttled:
            with suppress(DependencyFault):
                self.limiter.slow_down(self.clock.now())
        return outcome
