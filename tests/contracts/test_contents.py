"""The contract of `domain.ports.contents`."""

from domain.identifiers import CampaignId
from domain.template import MAX_BODY_BYTES, MAX_SUBJECT_CHARACTERS, Content
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race

CONTENT = Content(
    "Hello {{ name }} ☃",
    "<p>Hello {{ name }}</p>\n",
    "Hello {{ name }}\n",
    {"name": "there ☃"},
    "News <news@example.com>",
    "help@example.com",
)
OTHER = Content("Other", "<p>Other</p>", "Other")


def test_a_snapshot_is_read_as_it_was_added(family: Family) -> None:
    """Subject, HTML and text to the character, defaults and senders."""
    family.contents.add_if_absent(CAMPAIGN_ID, CONTENT)

    assert family.contents.get(CAMPAIGN_ID) == CONTENT
    assert family.contents_elsewhere.get(CAMPAIGN_ID) == CONTENT


def test_no_snapshot_is_none_until_there_is_one(family: Family) -> None:
    """An implementation may remember a snapshot, but not that there was none."""
    assert family.contents.get(CAMPAIGN_ID) is None

    family.contents_elsewhere.add_if_absent(CAMPAIGN_ID, CONTENT)

    assert family.contents.get(CAMPAIGN_ID) == CONTENT


def test_the_first_snapshot_stays(family: Family) -> None:
    """Adding another changes nothing and raises nothing."""
    family.contents.add_if_absent(CAMPAIGN_ID, CONTENT)

    family.contents.add_if_absent(CAMPAIGN_ID, OTHER)
    family.contents.add_if_absent(CAMPAIGN_ID, CONTENT)

    assert family.contents.get(CAMPAIGN_ID) == CONTENT


def test_who_came_second_sends_the_first_snapshot(family: Family) -> None:
    """A starter whose own content was not kept is told the one that was."""
    assert family.contents_elsewhere.add_if_absent(CAMPAIGN_ID, CONTENT) == CONTENT

    assert family.contents.add_if_absent(CAMPAIGN_ID, OTHER) == CONTENT

    assert family.contents.get(CAMPAIGN_ID) == CONTENT


def test_of_those_who_add_at_once_one_stays(family: Family) -> None:
    """All of them are told the same snapshot, and it is the one that is read."""

    def add(number: int) -> Content:
        return family.contents.add_if_absent(CAMPAIGN_ID, Content(f"Subject {number}", "<p>", "."))

    told = race(add, range(THREADS))

    stored = family.contents_elsewhere.get(CAMPAIGN_ID)
    assert stored is not None
    assert told == [stored] * THREADS


def test_campaigns_have_their_own_snapshots(family: Family) -> None:
    """More of them than anybody would remember."""
    ids = [CampaignId(f"cmp_{number}") for number in range(40)]
    for campaign_id in ids:
        family.contents.add_if_absent(campaign_id, Content(campaign_id, "<p>", "."))

    for campaign_id in [*ids, *ids]:
        found = family.contents.get(campaign_id)
        assert found is not None
        assert found.subject == campaign_id


def test_the_largest_content_fits(family: Family) -> None:
    """The limits of a template are those of a snapshot."""
    largest = Content.of(
        "☃" * MAX_SUBJECT_CHARACTERS, "é" * (MAX_BODY_BYTES // 2), "x" * MAX_BODY_BYTES
    )

    family.contents.add_if_absent(CAMPAIGN_ID, largest)

    assert family.contents_elsewhere.get(CAMPAIGN_ID) == largest
