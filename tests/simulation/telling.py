"""What the provider tells of the mails it took: late, early, twice, in any order, or never."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.message import SentMail
from domain.provider_event import ProviderEvent, ProviderEventKind
from tests.simulation.decisions import Draws
from tests.simulation.faults import Fault, Faults
from tests.simulation.hub import Hub, Process, Signal
from tests.simulation.ports import MILLISECOND, MINUTE, SECOND

_ENDS = (
    (ProviderEventKind.DELIVERY, 0.7),
    (ProviderEventKind.HARD_BOUNCE, 0.1),
    (ProviderEventKind.SOFT_BOUNCE, 0.08),
    (ProviderEventKind.COMPLAINT, 0.08),
    (ProviderEventKind.REJECT, 0.04),
)
"""Of each mail one of these comes to pass, beside that it was sent."""


@dataclass(frozen=True)
class Telling:
    """By `tell` of every mail, in the course of time, and to `came` that it did."""

    tell: Callable[[ProviderEvent], None]
    came: Signal
    hub: Hub
    faults: Faults
    tells: bool

    def of(self, mail: SentMail, number: int) -> None:
        """What there is to tell of the `number`th mail."""
        if not self.tells:
            return
        draws = self.hub.decisions.draws("telling", number)
        reached = 0.0
        end = ProviderEventKind.DELIVERY
        for kind, share in _ENDS:
            if reached <= draws[0] < reached + share:
                end = kind
            reached += share
        self._event(mail, number, ProviderEventKind.SEND)
        self._event(mail, number, end)

    def _event(self, mail: SentMail, number: int, kind: ProviderEventKind) -> None:
        name = f"{kind} of mail {number}"
        draws = self.hub.decisions.draws("event", name)
        event = ProviderEvent(
            kind=kind,
            chunk=mail.message.chunk,
            position=mail.message.position,
            message_id=mail.message_id,
            at=self.hub.moment(self.hub.now),
            addresses=(mail.message.to,),
        )
        if self._happens(number, f"{kind}, lost", draws[0], 0.35):
            return
        delay = self._delay(number, kind, draws)
        self._tell(name, event, delay)
        if self._happens(number, f"{kind}, twice", draws[4], 0.15):
            self._tell(f"{name}, again", event, delay + int(draws[5] ** 3 * 10 * MINUTE))

    def _delay(self, number: int, kind: ProviderEventKind, draws: Draws) -> int:
        if self._happens(number, f"{kind}, late", draws[1], 0.45):
            return int(draws[2] ** 3 * 60 * MINUTE)
        if draws[3] < 0.5:
            # Before the worker has its answer.
            return int(draws[2] * 100 * MILLISECOND)
        return int(draws[2] * 20 * SECOND)

    def _happens(self, number: int, kind: str, draw: float, rate: float) -> bool:
        return self.faults.by_chance(Fault("provider", "event", number, kind), draw, rate)

    def _tell(self, name: str, event: ProviderEvent, delay: int) -> None:
        def tell(_: Process) -> None:
            self.tell(event)
            self.came.notify()

        self.hub.spawn(name, "provider", tell, self.hub.now + delay)
