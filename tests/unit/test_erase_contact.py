"""Erasing a person, and what is told of one before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.campaign import CampaignState, UnknownPolicy
from domain.chunk import Chunk
from domain.contact import ContactDraft
from domain.errors import NotFound
from domain.fan_out import FanOutRange
from domain.identifiers import CampaignId, ContactId, SegmentId
from domain.job_run import ErasureRun
from domain.message import Message
from domain.outcome import Outcome, Unknown
from domain.ports.metrics import Retry
from domain.provider_event import ProviderEventKind
from domain.recipient import RecipientState
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from domain.use_cases.continue_erasure import ContinueErasure
from domain.use_cases.erase_contact import EraseContact
from domain.use_cases.export_contact import ExportContact
from domain.use_cases.list_deliveries import ListDeliveries
from domain.use_cases.unsubscribe import UnsubscribeResult
from tests.unit.faults import AnsweringMailer, Died
from tests.unit.sentinel import MINUTE, NOW, Sentinel
from tests.unit.test_provider_events import event, tell

ADDRESS = "person-0@example.com"


def erase(sentinel: Sentinel) -> EraseContact:
    """The use case."""
    return EraseContact(
        contacts=sentinel.contacts,
        segments=sentinel.segments,
        suppressions=sentinel.suppressions,
        campaigns=sentinel.campaigns,
        chunks=sentinel.chunks,
        fan_out=sentinel.fan_out,
        clock=sentinel.clock,
        finish=sentinel.finish_campaign,
    )


def deliveries(sentinel: Sentinel) -> ListDeliveries:
    """The use case."""
    return ListDeliveries(
        contacts=sentinel.contacts,
        campaigns=sentinel.campaigns,
        chunks=sentinel.chunks,
        fan_out=sentinel.fan_out,
    )


def export(sentinel: Sentinel) -> ExportContact:
    """The use case."""
    return ExportContact(
        contacts=sentinel.contacts,
        suppressions=sentinel.suppressions,
        segments=sentinel.segments,
        campaigns=sentinel.campaigns,
        chunks=sentinel.chunks,
        fan_out=sentinel.fan_out,
    )


def person(sentinel: Sentinel) -> ContactId:
    """The one who is erased."""
    contact = sentinel.contacts.find(ADDRESS)
    assert contact is not None
    return contact.contact_id


def everything(sentinel: Sentinel) -> str:
    """All that is stored, as text."""
    database = sentinel.database
    return repr([getattr(database, name) for name in database.__slots__ if name != "lock"])


def another(sentinel: Sentinel) -> CampaignId:
    """One more campaign to the segment of `Sentinel.create`."""
    greeting, everyone = sentinel.templates.page(1, None).templates[0], SegmentId("everyone")
    return sentinel.create_of(greeting.template_id, everyone)


def test_nothing_of_the_person_is_left(sentinel: Sentinel) -> None:
    """Not the address, not the name, in no segment and no campaign; the others have everything."""
    sentinel.create_started(7)
    sentinel.run()
    contact_id = person(sentinel)
    sentinel.suppressions.add(Suppression(ADDRESS, SuppressionReason.COMPLAINT, NOW))
    assert ADDRESS in everything(sentinel)
    mails = sentinel.mailed()

    assert erase(sentinel)(contact_id)

    left = everything(sentinel)
    assert ADDRESS not in left
    assert "'N0'" not in left
    assert all(f"person-{number}@example.com" in left for number in range(1, 7))
    assert sentinel.segments.memberships(contact_id, [SegmentId("everyone")]) == frozenset()
    assert sentinel.mailed() == mails
    assert ADDRESS in sentinel.suppressions.find([ADDRESS])
    with pytest.raises(NotFound):
        erase(sentinel)(contact_id)


def test_who_waits_for_a_mail_gets_none(sentinel: Sentinel) -> None:
    """Counted as skipped; the campaign ends as it should."""
    campaign_id = sentinel.create_started(3)

    assert erase(sentinel)(person(sentinel))
    sentinel.run()

    assert sorted(sentinel.mailed()) == ["person-1@example.com", "person-2@example.com"]
    tally = sentinel.tally(campaign_id)
    assert (tally.sent, tally.skipped) == (2, 1)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_the_last_who_waits_ends_the_campaign(sentinel: Sentinel) -> None:
    """At once: nobody else would look soon."""
    campaign_id = sentinel.create_started(1)

    assert erase(sentinel)(person(sentinel))

    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id).skipped == 1


@pytest.mark.parametrize("policy", UnknownPolicy)
def test_who_is_unknown_is_never_mailed_again(sentinel: Sentinel, policy: UnknownPolicy) -> None:
    """Not by the policy, and not by hand: counted as failed, erased."""
    campaign_id = sentinel.create_started(1, policy)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {ADDRESS: [Unknown("cut")]})
    sentinel.run_workers()

    assert erase(sentinel)(person(sentinel))
    sentinel.pass_time(timedelta(hours=3))

    ((progress,),) = (chunk.progress for chunk in sentinel.stored_chunks())
    assert (progress.state, progress.reason) == (RecipientState.FAILED, "erased")
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_somebody_unknown_is_not_found(sentinel: Sentinel) -> None:
    """Neither to erase nor to tell of."""
    for use_case in (
        erase(sentinel),
        lambda each: deliveries(sentinel)(each, 20, None),
        lambda each: export(sentinel)(each, None),
    ):
        with pytest.raises(NotFound):
            use_case(ContactId("con_unknown"))


def test_a_fan_out_that_has_read_the_person_writes_nothing(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure comes between its reading and its writing; it starts again at once without."""
    campaign_id = sentinel.create(3)
    contact_id = person(sentinel)
    append = sentinel.fan_out.append

    def erase_first(held: FanOutRange, chunks: Sequence[Chunk]) -> FanOutRange:
        monkeypatch.undo()
        assert erase(sentinel)(contact_id)
        return append(held, chunks)

    monkeypatch.setattr(sentinel.fan_out, "append", erase_first)
    sentinel.run()

    assert sorted(sentinel.mailed()) == ["person-1@example.com", "person-2@example.com"]
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert ADDRESS not in everything(sentinel)


def test_who_is_being_mailed_is_erased_after_it(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure says that it is not done, and goes on when it is asked again."""
    sentinel.create_started(1)
    contact_id = person(sentinel)
    (chunk,) = sentinel.stored_chunks()
    done: list[bool] = []
    send = sentinel.mailer.send

    def erase_meanwhile(messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        done.append(erase(sentinel)(contact_id))
        return send(messages, within)

    monkeypatch.setattr(sentinel.mailer, "send", erase_meanwhile)
    sentinel.run()

    assert done == [False]
    assert sentinel.contacts.get([contact_id]) == ()
    assert erase(sentinel)(contact_id)
    assert ADDRESS not in everything(sentinel)
    assert sentinel.recipient_states() == {"": RecipientState.SENT}
    assert chunk.recipients[0].address == ADDRESS


def test_a_worker_that_has_read_the_person_mails_nobody(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Erased between its reading and its claim, it loses by version, and looks once more."""
    campaign_id = sentinel.create_started(2)
    contact_id = person(sentinel)
    permission = sentinel.chunks.permission

    def erase_first(of: CampaignId, addresses: Sequence[str]) -> object:
        monkeypatch.undo()
        assert erase(sentinel)(contact_id)
        return permission(of, addresses)

    monkeypatch.setattr(sentinel.chunks, "permission", erase_first)
    sentinel.run()

    assert sentinel.mailed() == ["person-1@example.com"]
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_an_erasure_that_breaks_off_is_gone_on_with(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was the last thing that it did."""
    for number in range(25):
        if number:
            another(sentinel)
        else:
            sentinel.create(3)
        sentinel.run()
    contact_id = person(sentinel)
    erased = sentinel.chunks.erase
    calls: list[Chunk] = []

    def breaks_off(chunk: Chunk, before: Chunk) -> Chunk:
        calls.append(chunk)
        if len(calls) % 7 == 0:
            raise InterruptedError
        return erased(chunk, before)

    monkeypatch.setattr(sentinel.chunks, "erase", breaks_off)
    tries = 0
    done = False
    while not done:
        tries += 1
        try:
            done = erase(sentinel)(contact_id)
        except InterruptedError:
            assert sentinel.contacts.get([contact_id]) == ()

    assert tries > 2
    assert ADDRESS not in everything(sentinel)


def test_a_long_erasure_says_that_it_is_not_done(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway does not wait; the next try goes on where this one was."""
    sentinel.create_started(1)
    for _ in range(24):
        another(sentinel)
    sentinel.run()
    contact_id = person(sentinel)
    progress = sentinel.fan_out.progress

    def slow(campaign_id: CampaignId) -> object:
        sentinel.clock.sleep(timedelta(seconds=2))
        return progress(campaign_id)

    monkeypatch.setattr(sentinel.fan_out, "progress", slow)

    assert [erase(sentinel)(contact_id) for _ in range(3)] == [False, False, True]
    assert ADDRESS not in everything(sentinel)


def run_erasures(sentinel: Sentinel) -> int:
    """Go on with what the reconciler had invoked; returns how many there were."""
    runs = sentinel.job_invoker.take_all()
    for run in runs:
        assert isinstance(run, ErasureRun)
        ContinueErasure(erase=erase(sentinel))(run.contact_id)
    return len(runs)


def test_an_erasure_that_broke_off_is_ended_by_the_reconciler(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked for it need not ask again, and afterwards nothing of it stays."""
    sentinel.create_started(2)
    sentinel.run()
    contact_id = person(sentinel)

    def dies(_: Chunk, __: Chunk) -> Chunk:
        monkeypatch.undo()
        raise Died

    monkeypatch.setattr(sentinel.chunks, "erase", dies)
    with pytest.raises(Died):
        erase(sentinel)(contact_id)
    assert ADDRESS in everything(sentinel)
    sentinel.reconcile()
    assert run_erasures(sentinel) == 0

    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()
    assert run_erasures(sentinel) == 1

    assert ADDRESS not in everything(sentinel)
    assert sentinel.metrics.of("retried")[-1].values == {"what": Retry.ERASURE}
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()
    assert run_erasures(sentinel) == 0
    assert contact_id not in repr(sentinel.database.erasures)


def test_the_reconciler_comes_again_for_who_is_still_being_mailed(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a minute, until the mail is out."""
    sentinel.create_started(1)
    contact_id = person(sentinel)
    send = sentinel.mailer.send

    def long_send(messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        assert not erase(sentinel)(contact_id)
        sentinel.clock.sleep(MINUTE)
        sentinel.reconcile()
        sentinel.reconcile()
        sentinel.job_invoker.take_all()
        ContinueErasure(erase=erase(sentinel))(contact_id)
        sentinel.reconcile()
        assert run_erasures(sentinel) == 0
        return send(messages, within)

    monkeypatch.setattr(sentinel.mailer, "send", long_send)
    sentinel.policy = replace(sentinel.policy, send_lease=timedelta(hours=1))
    sentinel.run()
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()

    assert run_erasures(sentinel) == 1
    assert ADDRESS not in everything(sentinel)


def test_an_erasure_that_is_gone_on_with_after_its_end_is_over(sentinel: Sentinel) -> None:
    """An invocation may come late, or twice."""
    sentinel.create_started(1)
    contact_id = person(sentinel)
    assert erase(sentinel)(contact_id)
    before = everything(sentinel)

    ContinueErasure(erase=erase(sentinel))(contact_id)

    assert everything(sentinel) == before


@pytest.mark.parametrize("kind", [ProviderEventKind.HARD_BOUNCE, ProviderEventKind.COMPLAINT])
def test_what_the_provider_tells_later_suppresses_without_the_address(
    sentinel: Sentinel, kind: ProviderEventKind
) -> None:
    """Counted, and whoever imports the address again does not mail it; it is kept as a hash."""
    campaign_id = sentinel.create_started(1)
    sentinel.run()
    told = event(sentinel, ADDRESS, kind)
    assert erase(sentinel)(person(sentinel))

    tell(sentinel, told)

    tally = sentinel.tally(campaign_id)
    assert tally.bounced + tally.complained == 1
    assert ADDRESS not in everything(sentinel)
    assert ADDRESS in sentinel.suppressions.find([ADDRESS])


def test_an_event_does_not_bring_back_what_the_provider_called_the_mail(
    sentinel: Sentinel,
) -> None:
    """Of unknown outcome, then erased, then proved: counted as sent, under no name."""
    campaign_id = sentinel.create_started(1)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {ADDRESS: [Unknown("cut")]})
    sentinel.run_workers()
    told = event(sentinel, ADDRESS, ProviderEventKind.DELIVERY, "m-late")
    assert erase(sentinel)(person(sentinel))

    tell(sentinel, told)

    assert sentinel.tally(campaign_id).sent == 1
    assert "m-late" not in everything(sentinel)


def test_an_erasure_amid_an_event_leaves_no_address(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever records it has read the recipient, and puts the address on the list afterwards."""
    sentinel.create_started(1)
    sentinel.run()
    contact_id = person(sentinel)
    bounce = replace(event(sentinel, ADDRESS, ProviderEventKind.HARD_BOUNCE), addresses=())
    erase_before_adding(sentinel, monkeypatch, contact_id)

    tell(sentinel, bounce)

    assert ADDRESS not in everything(sentinel)
    assert ADDRESS in sentinel.suppressions.find([ADDRESS])


def test_an_erasure_amid_a_click_leaves_no_address(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the reader asked for holds by the hash."""
    sentinel.create_started(1)
    sentinel.run()
    (mail,) = sentinel.mailer.outbox
    assert mail.message.unsubscribe_url is not None
    token = mail.message.unsubscribe_url.rpartition("/")[2]
    erase_before_adding(sentinel, monkeypatch, person(sentinel))

    result = sentinel.unsubscribe(token, SuppressionScope.MARKETING)

    assert result is UnsubscribeResult.DONE
    assert ADDRESS not in everything(sentinel)
    assert ADDRESS in sentinel.suppressions.find([ADDRESS])


def erase_before_adding(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch, contact_id: ContactId
) -> None:
    """The erasure runs to its end just before the next address is put on the list."""
    add = sentinel.suppressions.add

    def erase_first(suppression: Suppression) -> object:
        monkeypatch.undo()
        assert erase(sentinel)(contact_id)
        return add(suppression)

    monkeypatch.setattr(sentinel.suppressions, "add", erase_first)


def test_the_mails_of_a_person_are_listed(sentinel: Sentinel) -> None:
    """Newest first, page by page, of those campaigns only that the person was in."""
    first = sentinel.create(30)
    sentinel.fan_out_ranges, sentinel.chunk_size = 3, 2
    second = another(sentinel)
    stranger = sentinel.add_segment([], "nobody")
    greeting = sentinel.templates.page(1, None).templates[0].template_id
    sentinel.create_of(greeting, stranger)
    third = another(sentinel)
    sentinel.run()
    sentinel.contacts.put([ContactDraft.of("new@example.com", {})])
    late = sentinel.contacts.find("new@example.com")
    assert late is not None

    found: list[CampaignId] = []
    cursor = None
    while True:
        page = deliveries(sentinel)(person(sentinel), 1, cursor)
        assert {each.recipient.address for each in page.deliveries} <= {ADDRESS}
        assert {each.progress.state for each in page.deliveries} <= {RecipientState.SENT}
        found += [each.campaign.campaign_id for each in page.deliveries]
        cursor = page.cursor
        if cursor is None:
            break

    assert found == sorted([first, second, third], reverse=True)
    assert deliveries(sentinel)(late.contact_id, 20, None).deliveries == ()


def test_an_export_tells_everything(sentinel: Sentinel) -> None:
    """The contact, where it is, what is held back from it, and its mails with what they merged."""
    campaign_id = sentinel.create_started(2)
    sentinel.run()
    sentinel.add_segment([], "nobody")
    sentinel.suppressions.add(Suppression(ADDRESS, SuppressionReason.COMPLAINT, NOW, note="n"))

    told = export(sentinel)(person(sentinel), None)

    assert told.contact.address == ADDRESS
    assert told.segment_ids == ("everyone",)
    assert told.suppression is not None
    assert (told.suppression.reason, told.suppression.note) == (SuppressionReason.COMPLAINT, "n")
    ((delivery),) = told.deliveries.deliveries
    assert delivery.campaign.campaign_id == campaign_id
    assert dict(delivery.recipient.fields) == {"name": "N0"}
