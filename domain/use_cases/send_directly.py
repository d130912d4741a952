"""Send one mail while somebody waits for the answer: of no campaign, and counted nowhere."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from domain.errors import DependencyFault
from domain.message import Message
from domain.outcome import NotSent, Outcome
from domain.ports.clock import Clock
from domain.ports.mailer import Mailer
from domain.ports.rate_limiter import RateLimiter
from domain.priority import Priority
from domain.use_cases.grant_wait import wait_until

logger = logging.getLogger(__name__)

LAST_BEGUN = timedelta(seconds=10)
"""After a request came no mail is begun: a call may take 18 s, and a gateway waits for 30."""
_PLACES = 5
"""At the most: each that is missed is one less for campaigns."""


@dataclass(frozen=True, kw_only=True)
class SendDirectly:
    """By the mailer and at the rate of campaigns, of which it is as urgent as any."""

    limiter: RateLimiter
    mailer: Mailer
    clock: Clock

    def __call__(self, message: Message, last_begun: timedelta) -> Outcome:
        """Not begun after `last_begun`, of the monotonic clock.

        Whose place passes before it is used takes another one: that happens on a busy machine.
        """
        for _ in range(_PLACES - 1):
            outcome = self._at_a_place(message, last_begun)
            if not (isinstance(outcome, NotSent) and outcome.overdue):
                return outcome
            if self.clock.monotonic() >= last_begun:
                return outcome
        return self._at_a_place(message, last_begun)

    def _at_a_place(self, message: Message, last_begun: timedelta) -> Outcome:
        now = self.clock.now()
        left = last_begun - self.clock.monotonic()
        if left <= timedelta():
            return NotSent("the others took too long; try again", overdue=True)
        try:
            grant = self.limiter.request(1, now, left, Priority.URGENT)
        except DependencyFault as fault:
            logger.warning("No place for a mail: %s", fault)
            return NotSent("there was no place in the send rate to be had; try again")
        if isinstance(grant, timedelta):
            return NotSent("campaigns take up the send rate; try again")
        wait_until(grant.at, self.clock)
        now = self.clock.now()
        if not grant.is_usable(now):
            return NotSent("its place in the send rate was missed; try again", overdue=True)
        (outcome,) = self.mailer.send([message], grant.left(now))
        if isinstance(outcome, NotSent) and outcome.throttled:
            with suppress(DependencyFault):
                self.limiter.slow_down(self.clock.now())
        return outcome
