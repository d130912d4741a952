"""Settling by hand before each call of something else, and something else before each of its."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.campaign import CampaignState
from domain.errors import IllegalTransition, VersionConflict
from domain.identifiers import CampaignId
from domain.message import Message
from domain.outcome import Outcome, Unknown
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientState
from domain.tally import Tally
from domain.use_cases.settle_unknown import UnknownAction
from tests.unit.faults import AnsweringMailer, Died
from tests.unit.sentinel import MINUTE, Sentinel

PORTS = ("campaigns", "chunks", "fan_out", "queue")
FIRST = "person-0@example.com"
SECOND = "person-1@example.com"


class SlowMailer(AnsweringMailer):
    """A call takes a second."""

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """As told, a second later."""
        outcomes = super().send(messages, within)
        self._clock.sleep(timedelta(seconds=1))
        return outcomes


Act = Callable[[Sentinel, CampaignId], object]


class Interruption:
    """Before one of the calls of the ports, by its number, something is done; once."""

    def __init__(self, sentinel: Sentinel, number: int, meanwhile: Callable[[], object]) -> None:
        """Not yet; `happened` says whether there were so many calls."""
        self.happened = False
        self._sentinel = sentinel
        self._calls_before = number
        self._meanwhile = meanwhile
        self._ports = {name: getattr(sentinel, name) for name in PORTS}
        for name, port in self._ports.items():
            setattr(sentinel, name, _Interrupted(port, self))

    def call(self) -> None:
        """One of the ports is called."""
        if self._calls_before == 0 and not self.happened:
            self.happened = True
            self.restore()
            self._meanwhile()
        self._calls_before -= 1

    def restore(self) -> None:
        """What calls from now on is not interrupted."""
        for name, port in self._ports.items():
            setattr(self._sentinel, name, port)


class _Interrupted:
    """A port, each call of which is told first."""

    def __init__(self, port: object, interruption: Interruption) -> None:
        self._port = port
        self._interruption = interruption

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the port has
        attribute = getattr(self._port, name)

        def call(*arguments: object, **named: object) -> object:
            self._interruption.call()
            return attribute(*arguments, **named)

        return call


def open_again(sentinel: Sentinel) -> CampaignId:
    """Sending: two chunks are finished and hold unknown ones, a third is still to be sent."""
    sentinel.chunk_size = 1
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = AnsweringMailer(
        sentinel.clock, {FIRST: [Unknown("cut")], SECOND: [Unknown("cut")]}
    )
    for chunk in sentinel.stored_chunks():
        if chunk.recipients[0].address in {FIRST, SECOND}:
            sentinel.send_chunk(chunk.ref)
    return campaign_id


def all_but_called_sent(sentinel: Sentinel) -> CampaignId:
    """Sending: every chunk is finished, and nobody has looked."""
    campaign_id = open_again(sentinel)
    for chunk in sentinel.stored_chunks():
        sentinel.send_chunk(chunk.ref)
    return campaign_id


def sent(sentinel: Sentinel) -> CampaignId:
    """Sent."""
    campaign_id = open_again(sentinel)
    sentinel.run()
    return campaign_id


def paused(sentinel: Sentinel) -> CampaignId:
    """Paused, with every chunk finished."""
    campaign_id = all_but_called_sent(sentinel)
    sentinel.pause(campaign_id)
    return campaign_id


def in_one_chunk(sentinel: Sentinel) -> CampaignId:
    """Sending: an unknown one and a pending one are in the same chunk."""
    campaign_id = sentinel.create_started(3)
    (chunk,) = sentinel.stored_chunks()
    sentinel.mailer = SlowMailer(
        sentinel.clock, {each.address: [Unknown("cut")] for each in chunk.recipients[:2]}
    )
    limiter, sentinel.limiter = sentinel.limiter, MemoryRateLimiter(2)
    # Time for one micro-batch: the rest is put back.
    time_left = sentinel.mailer.timeout + sentinel.policy.record_reserve
    sentinel.send_chunk(chunk.ref, sentinel.clock.monotonic() + time_left)
    sentinel.limiter = limiter
    (chunk,) = sentinel.stored_chunks()
    assert (len(chunk.unknown), len(chunk.pending)) == (2, 1)
    return campaign_id


def tell(sentinel: Sentinel, _: CampaignId) -> None:
    """The provider proves everybody that it can."""
    for chunk in sentinel.stored_chunks():
        for position in chunk.unknown:
            sentinel.provider_events.tell(
                ProviderEvent(
                    kind=ProviderEventKind.SEND,
                    chunk=chunk.ref,
                    position=position,
                    message_id="m-proved",
                    at=sentinel.clock.now(),
                )
            )
    sentinel.run_events()


def repeated(change: Callable[[], object]) -> None:
    """Where somebody else was first, once more, if the state by then allows it."""
    try:
        change()
    except VersionConflict:
        with suppress(IllegalTransition):
            change()


def pause_or_resume(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """Whichever it can."""
    if sentinel.state(campaign_id) is CampaignState.PAUSED:
        sentinel.resume_campaign(campaign_id)
    elif sentinel.state(campaign_id) is CampaignState.SENDING:
        repeated(lambda: sentinel.pause(campaign_id))


def pause_and_resume(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """Back where it was, by two writes."""
    pause_or_resume(sentinel, campaign_id)
    pause_or_resume(sentinel, campaign_id)


def cancel(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """If it can be."""
    if sentinel.state(campaign_id) in {CampaignState.SENDING, CampaignState.PAUSED}:
        repeated(lambda: sentinel.cancel(campaign_id))


def reconcile_later(sentinel: Sentinel, _: CampaignId) -> None:
    """Everything is due, and then sent."""
    sentinel.clock.sleep(10 * MINUTE)
    sentinel.reconcile()
    sentinel.run()


def die(_: Sentinel, __: CampaignId) -> None:
    """Whoever settles is gone."""
    raise Died


OTHERS: dict[str, Act] = {
    "the end is checked": lambda sentinel, campaign_id: sentinel.finish_campaign(campaign_id),
    "workers run": lambda sentinel, _: sentinel.run(),
    "the provider proves": tell,
    "paused or resumed": pause_or_resume,
    "paused and resumed": pause_and_resume,
    "cancelled": cancel,
    "reconciled": reconcile_later,
}
BEGINNINGS = (open_again, all_but_called_sent, sent, paused, in_one_chunk)
MEANWHILE: dict[str, Act] = {
    **OTHERS,
    "re-sent by another": lambda sentinel, campaign_id: settle(
        sentinel, campaign_id, UnknownAction.RESEND
    ),
    "given up by another": lambda sentinel, campaign_id: settle(
        sentinel, campaign_id, UnknownAction.GIVE_UP
    ),
    "dies": die,
}


def settle(sentinel: Sentinel, campaign_id: CampaignId, action: UnknownAction) -> int:
    """How many were; none where the campaign's state forbids it."""
    try:
        return sentinel.settle_unknown(campaign_id, action).settled
    except (IllegalTransition, Died):
        return 0


def let_it_end(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """Whoever paused it resumes it, and time passes."""
    if sentinel.state(campaign_id) is CampaignState.PAUSED:
        sentinel.resume_campaign(campaign_id)
    sentinel.pass_time(20 * MINUTE)


def unknown(sentinel: Sentinel) -> set[str]:
    """Who is."""
    states = sentinel.recipient_states()
    return {each for each, state in states.items() if state is RecipientState.UNKNOWN}


def check(sentinel: Sentinel, campaign_id: CampaignId, in_doubt: Collection[str]) -> None:
    """What always holds in the end."""
    chunks = sentinel.stored_chunks()
    assert sentinel.state(campaign_id) in {CampaignState.SENT, CampaignState.CANCELLED}
    assert all(chunk.is_finished for chunk in chunks)
    total = Tally()
    for chunk in chunks:
        total += Tally.of(chunk.progress)
    assert sentinel.tally(campaign_id) == total
    mailed = sentinel.mailed()
    # What was cut off is not in the outbox: one there is the second mail, or the only one.
    assert len(mailed) == len(set(mailed))
    states = sentinel.recipient_states()
    assert {states[address] for address in mailed} <= {RecipientState.SENT}
    assert RecipientState.SKIPPED not in {states[address] for address in in_doubt}
    assert {each for each in states if states[each] is RecipientState.FAILED} <= set(in_doubt)


def before_each_call(begin: Callable[[Sentinel], CampaignId], act: Act, meanwhile: Act) -> int:
    """Try it anew for every call that `act` makes; how many these are."""
    number = 0
    while True:
        sentinel = Sentinel()
        campaign_id = begin(sentinel)
        in_doubt = unknown(sentinel)
        assert len(in_doubt) == 2

        def interrupt(sentinel: Sentinel = sentinel, campaign: CampaignId = campaign_id) -> None:
            meanwhile(sentinel, campaign)

        interruption = Interruption(sentinel, number, interrupt)
        act(sentinel, campaign_id)
        interruption.restore()
        settle(sentinel, campaign_id, UnknownAction.RESEND)
        let_it_end(sentinel, campaign_id)
        check(sentinel, campaign_id, in_doubt)
        if not interruption.happened:
            return number
        number += 1


@pytest.mark.parametrize("meanwhile", MEANWHILE.values(), ids=MEANWHILE.keys())
@pytest.mark.parametrize("action", UnknownAction)
@pytest.mark.parametrize("begin", BEGINNINGS)
def test_whatever_happens_before_a_call(
    begin: Callable[[Sentinel], CampaignId], action: UnknownAction, meanwhile: Act
) -> None:
    """The counts are right, nobody has a third mail, no state lies, and the campaign ends."""
    calls = before_each_call(
        begin, lambda sentinel, campaign_id: settle(sentinel, campaign_id, action), meanwhile
    )
    assert calls > 3


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
@pytest.mark.parametrize("action", UnknownAction)
@pytest.mark.parametrize("begin", BEGINNINGS)
def test_before_whatever_call_of_others_it_happens(
    begin: Callable[[Sentinel], CampaignId], action: UnknownAction, other: Act
) -> None:
    """The same: what others have read may be settled before they write."""
    before_each_call(
        begin, other, lambda sentinel, campaign_id: settle(sentinel, campaign_id, action)
    )
