"""Segments with rules, and segments to exclude: who gets the mail of a campaign."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from domain.campaign import CampaignState
from domain.contact import ContactDraft
from domain.errors import InvalidInput, UnknownReference
from domain.identifiers import CampaignId, ContactId, SegmentId
from domain.rule import read_rule
from domain.segment import Segment
from domain.use_cases.audience_walk import CONTACTS_A_READ
from domain.use_cases.create_campaign import CampaignRequest
from domain.use_cases.create_segment import CreateSegment
from domain.use_cases.preview_segment import READS, PreviewSegment
from tests.unit.sentinel import Sentinel

GOLD = {"field": "plan", "op": "equals", "value": "gold"}


def people(sentinel: Sentinel, plan: str, *numbers: int) -> list[ContactId]:
    """Contacts `<number>@example.com` on this plan, who joined so many days ago."""
    today = sentinel.clock.now().date()
    drafts = [
        ContactDraft.of(
            f"{number}@example.com",
            {"plan": plan, "name": "N", "joined": (today - timedelta(days=number)).isoformat()},
        )
        for number in numbers
    ]
    return [each.contact_id for each in sentinel.contacts.put(drafts)]


def ruled(sentinel: Sentinel, segment_id: str, rule: object) -> SegmentId:
    """A segment with a rule."""
    create = CreateSegment(
        segments=sentinel.segments,
        contacts=sentinel.contacts,
        clock=sentinel.clock,
        ids=sentinel.ids,
    )
    return create(segment_id, segment_id, rule=read_rule(rule)).segment_id


def static(sentinel: Sentinel, segment_id: str, members: Collection[ContactId]) -> SegmentId:
    """A segment that people are put into."""
    named = SegmentId(segment_id)
    sentinel.segments.add(
        Segment(segment_id=named, name=segment_id, created_at=sentinel.clock.now())
    )
    sentinel.segments.add_members(named, members)
    return named


def campaign(sentinel: Sentinel, segment_id: SegmentId, *excluded: SegmentId) -> CampaignId:
    """To one segment, without those of others; not run yet."""
    created = sentinel.create_campaign(
        CampaignRequest(
            name="News",
            template_id=sentinel.add_template(),
            segment_id=segment_id,
            exclude_segment_ids=excluded,
        )
    )
    return created.campaign.campaign_id


def mailed(sentinel: Sentinel) -> set[int]:
    """Their numbers; nobody has two mails."""
    addresses = sentinel.mailed()
    assert len(addresses) == len(set(addresses))
    return {int(each.partition("@")[0]) for each in addresses}


@pytest.mark.parametrize("ranges", [1, 4])
def test_exactly_who_fits_is_mailed(sentinel: Sentinel, ranges: int) -> None:
    """Over as many ranges and chunks as it takes, and also who was put a moment before."""
    sentinel.fan_out_ranges, sentinel.chunk_size = ranges, 3
    people(sentinel, "gold", *range(100))
    people(sentinel, "silver", *range(100, 150))
    campaign_id = campaign(sentinel, ruled(sentinel, "gold", GOLD))
    people(sentinel, "gold", 200)

    sentinel.run()

    assert mailed(sentinel) == {*range(100), 200}
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id).sent == 101


def test_a_rule_that_nobody_fits_ends_at_once(sentinel: Sentinel) -> None:
    """Sent, to nobody: as an empty segment is."""
    people(sentinel, "silver", *range(30))
    campaign_id = campaign(sentinel, ruled(sentinel, "gold", GOLD))

    sentinel.run()

    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.read_campaign(campaign_id)[1].recipients == 0


def test_the_few_among_many_are_found(sentinel: Sentinel) -> None:
    """Through steps in which nobody fits."""
    people(sentinel, "silver", *range(6_000))
    people(sentinel, "gold", 7_000, 7_001, 7_002)
    campaign_id = campaign(sentinel, ruled(sentinel, "gold", GOLD))

    sentinel.run()

    assert mailed(sentinel) == {7_000, 7_001, 7_002}
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_start_that_is_broken_off_goes_on(sentinel: Sentinel) -> None:
    """Nobody is missed and nobody mailed twice, whatever the time of each run."""
    sentinel.chunk_size = 1
    people(sentinel, "gold", *range(60))
    campaign_id = campaign(sentinel, ruled(sentinel, "gold", GOLD))

    while requests := sentinel.invoker.take_all():
        for request in requests:
            sentinel.start_campaign(request, timedelta())
        sentinel.run_workers()

    assert mailed(sentinel) == set(range(60))
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_the_day_of_the_start_counts_for_all(sentinel: Sentinel) -> None:
    """A fan-out over midnight applies one day's rule."""
    sentinel.chunk_size = 1
    joined = (sentinel.clock.now() - timedelta(days=7)).date().isoformat()
    sentinel.contacts.put(
        [
            ContactDraft.of(f"{number}@example.com", {"name": "N", "joined": joined})
            for number in range(40)
        ]
    )
    week = {"field": "joined", "op": "within_last_days", "value": 7}
    campaign(sentinel, ruled(sentinel, "new", week))
    (request,) = sentinel.invoker.take_all()
    sentinel.start_campaign(request, timedelta())
    sentinel.clock.sleep(timedelta(days=1))

    sentinel.run()

    assert mailed(sentinel) == set(range(40))


def test_segments_in_rules(sentinel: Sentinel) -> None:
    """Static ones and those with rules of their own, wherever they stand."""
    gold = people(sentinel, "gold", *range(40))
    silver = people(sentinel, "silver", *range(100, 140))
    static(sentinel, "lucky", [*gold[:10], *silver[:10]])
    static(sentinel, "staff", gold[5:20])
    ruled(sentinel, "golden", GOLD)
    ruled(sentinel, "lucky-gold", {"all": [{"segment": "golden"}, {"segment": "lucky"}]})
    rule = {
        "any": [
            {"segment": "lucky-gold"},
            {"not": {"any": [{"segment": "golden"}, {"segment": "lucky"}]}},
        ]
    }
    segment_id = ruled(sentinel, "all-in", {"all": [rule, {"not": {"segment": "staff"}}]})
    campaign(sentinel, segment_id)

    sentinel.run()

    assert mailed(sentinel) == {*range(5), *range(110, 140)}


def test_who_is_excluded_gets_nothing(sentinel: Sentinel) -> None:
    """Of a static segment and of one with a rule; by segments of both kinds."""
    gold = people(sentinel, "gold", *range(30))
    silver = people(sentinel, "silver", *range(100, 130))
    everyone = static(sentinel, "everyone", [*gold, *silver])
    staff = static(sentinel, "staff", [*gold[:3], *silver[:3]])
    golden = ruled(sentinel, "golden", GOLD)

    campaign(sentinel, everyone, staff, golden)
    sentinel.run()
    first = mailed(sentinel)
    sentinel.mailer.outbox.clear()
    sentinel.templates = type(sentinel.templates)(sentinel.database)
    sentinel.database.templates.clear()
    campaign(sentinel, golden, staff)
    sentinel.run()

    assert first == set(range(103, 130))
    assert mailed(sentinel) == set(range(3, 30))


def test_the_members_of_a_static_segment_are_not_looked_at_one_by_one(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules cost those nothing who use none: no membership is read, and no page of all contacts."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(sentinel.segments, "those_in", never)
    monkeypatch.setattr(sentinel.contacts, "page", never)
    campaign(sentinel, static(sentinel, "everyone", people(sentinel, "gold", *range(30))))

    sentinel.run()

    assert mailed(sentinel) == set(range(30))


def test_members_are_the_way_where_all_must_be_members(
    sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that asks for a static segment goes through that, not through all contacts."""
    monkeypatch.delattr(type(sentinel.contacts), "page")
    gold = people(sentinel, "gold", *range(30))
    static(sentinel, "some", [*gold[:10], *people(sentinel, "silver", *range(100, 110))])
    segment_id = ruled(sentinel, "some-gold", {"all": [GOLD, {"segment": "some"}]})
    campaign(sentinel, segment_id)

    sentinel.run()

    assert mailed(sentinel) == set(range(10))


def test_a_template_is_tried_on_somebody_who_fits(sentinel: Sentinel) -> None:
    """One that cannot be rendered for them is refused, though it can be for others."""
    people(sentinel, "silver", *range(20))
    sentinel.contacts.put([ContactDraft.of("bare@example.com", {"plan": "gold"})])

    with pytest.raises(InvalidInput) as refusal:
        campaign(sentinel, ruled(sentinel, "gold", GOLD))

    assert refusal.value.field == "template_id"


def test_rules_of_rules_end_somewhere(sentinel: Sentinel) -> None:
    """Six segments deep is one too many, and so are rules of more than 500 parts together."""
    ruled(sentinel, "deep-0", GOLD)
    for level in range(1, 5):
        ruled(sentinel, f"deep-{level}", {"segment": f"deep-{level - 1}"})
    ruled(sentinel, "deepest", {"segment": "deep-4"})
    with pytest.raises(InvalidInput, match="deep"):
        ruled(sentinel, "too-deep", {"segment": "deepest"})
    ruled(sentinel, "wide", {"all": [GOLD] * 50})
    with pytest.raises(InvalidInput, match="parts"):
        ruled(sentinel, "too-wide", {"any": [{"segment": "wide"}] * 10})
    with pytest.raises(UnknownReference):
        ruled(sentinel, "loop", {"segment": "loop"})
    assert sentinel.segments.get(SegmentId("too-wide")) is None


def test_so_many_static_segments_and_no_more_are_asked_for(sentinel: Sentinel) -> None:
    """Ten beside the one that is gone through, of a rule and of a campaign with its exclusions."""
    names = [static(sentinel, f"static-{number}", []) for number in range(12)]
    none_of_ten = [{"not": {"segment": each}} for each in names[1:11]]
    most = ruled(sentinel, "most", {"all": [{"segment": names[0]}, *none_of_ten]})

    with pytest.raises(InvalidInput, match="static") as refusal:
        ruled(sentinel, "over", {"any": [{"segment": each} for each in names[:11]]})
    assert refusal.value.field == "rule"
    with pytest.raises(InvalidInput, match="static") as refusal:
        campaign(sentinel, most, names[11])
    assert refusal.value.field == "exclude_segment_ids"


def preview(sentinel: Sentinel) -> PreviewSegment:
    """The use case."""
    return PreviewSegment(
        segments=sentinel.segments,
        contacts=sentinel.contacts,
        suppressions=sentinel.suppressions,
        clock=sentinel.clock,
    )


def test_a_preview_of_very_many_counts_at_least_so_many(sentinel: Sentinel) -> None:
    """It looks at 10,000 and says that there are more."""
    looked_at = READS * CONTACTS_A_READ
    people(sentinel, "gold", *range(looked_at + 1))

    found = preview(sentinel)(read_rule(GOLD))

    assert (found.count, found.is_exact, found.looked_at) == (looked_at, False, looked_at)
    assert len(found.sample) == 10
