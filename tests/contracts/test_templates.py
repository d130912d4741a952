"""The contract of `domain.ports.templates`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import AlreadyExists, InvalidInput, VersionConflict
from domain.identifiers import TemplateId
from domain.template import MAX_BODY_BYTES, MAX_SUBJECT_CHARACTERS, Content, Template
from tests.contracts.examples import MADE_UP_CURSORS, a_segment
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of
from tests.contracts.settable_clock import START

IDS = [
    TemplateId(each)
    for each in ("1st", "A-template", "Z", "a-template", "promo", "promo-template", "promo_1")
]
"""In order: digits, capitals, hyphens, small letters, underscores sort by their code."""


def a_template(template_id: TemplateId = IDS[4]) -> Template:
    """Small."""
    return Template(
        template_id=template_id,
        name="Promo ☃",
        content=Content("Hello {{ name }}", "<p>Hello {{ name }}</p>\n", "Hello\n"),
        created_at=START + timedelta(microseconds=1),
        updated_at=START + timedelta(microseconds=1),
    )


def read_all(family: Family, limit: int) -> tuple[Sequence[TemplateId], Sequence[int]]:
    """Every template that pages of `limit` bring, and how long each page was."""
    found: list[TemplateId] = []
    lengths: list[int] = []
    cursor = None
    while True:
        page = family.templates.page(limit, cursor)
        found += [each.template_id for each in page.templates]
        lengths.append(len(page.templates))
        if page.cursor is None:
            return found, lengths
        assert len(lengths) < 100, "it never ends"
        cursor = page.cursor


def test_a_template_is_read_as_it_was_added(family: Family) -> None:
    """Content to the character, time to the microsecond."""
    family.templates.add(a_template())

    assert family.templates.get(IDS[4]) == a_template()


def test_an_unknown_template_is_none(family: Family) -> None:
    """Nothing is raised for an id that nobody has."""
    assert family.templates.get(IDS[4]) is None


def test_the_largest_template_fits(family: Family) -> None:
    """The domain's limits are within the store's."""
    content = Content.of(
        "☃" * MAX_SUBJECT_CHARACTERS, "é" * (MAX_BODY_BYTES // 2), "x" * MAX_BODY_BYTES
    )
    template = replace(a_template(), content=content)

    family.templates.add(template)

    assert family.templates.get(template.template_id) == template


def test_a_taken_id_is_refused_and_nothing_changes(family: Family) -> None:
    """The first template stays as it is."""
    family.templates.add(a_template())

    with pytest.raises(AlreadyExists) as refusal:
        family.templates.add(replace(a_template(), name="Another"))

    assert (refusal.value.kind, refusal.value.identifier) == ("template", IDS[4])
    assert family.templates.get(IDS[4]) == a_template()


def test_adding_the_same_again_is_refused(family: Family) -> None:
    """That it would write what is stored does not make two creators of it."""
    family.templates.add(a_template())

    with pytest.raises(AlreadyExists):
        family.templates.add(a_template())


def test_a_segment_may_have_the_same_name(family: Family) -> None:
    """Templates and segments are named apart, and listed apart."""
    family.segments.add(a_segment("promo"))
    family.templates.add(a_template())

    assert family.templates.page(10, None).templates == (a_template().summary,)


def test_of_those_who_add_one_id_one_wins(family: Family) -> None:
    """Threads that add different templates under one id: the others hear that it is taken."""
    rivals = [replace(a_template(), name=f"Rival {number}") for number in range(THREADS)]

    def add(template: Template) -> Template:
        family.templates.add(template)
        return template

    winner = winner_of(race(add, rivals), AlreadyExists)

    assert family.templates.get(IDS[4]) == winner


def test_there_is_an_empty_page_of_no_templates(family: Family) -> None:
    """No templates and no cursor."""
    page = family.templates.page(10, None)

    assert (page.templates, page.cursor) == ((), None)


@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (100, [7])])
def test_pages_bring_every_template_once_by_id(
    family: Family, limit: int, lengths: Sequence[int]
) -> None:
    """The last page has no cursor, also when it is full."""
    for template_id in IDS[::-1]:
        family.templates.add(a_template(template_id))

    assert read_all(family, limit) == (IDS, lengths)


def test_a_template_added_while_reading_is_found_if_it_comes_later(family: Family) -> None:
    """And one that comes earlier disturbs nothing."""
    for template_id in IDS[1:4]:
        family.templates.add(a_template(template_id))
    first = family.templates.page(2, None)

    family.templates.add(a_template(IDS[0]))
    family.templates.add(a_template(IDS[4]))
    second = family.templates.page(10, first.cursor)

    assert [each.template_id for each in second.templates] == IDS[3:5]


@pytest.mark.parametrize("cursor", MADE_UP_CURSORS)
def test_a_made_up_cursor_is_refused(family: Family, cursor: str) -> None:
    """InvalidInput names `cursor`, whatever the nonsense is."""
    family.templates.add(a_template())

    with pytest.raises(InvalidInput) as refusal:
        family.templates.page(10, cursor)

    assert refusal.value.field == "cursor"


def test_a_cursor_of_another_list_is_refused(family: Family) -> None:
    """Segments have cursors of their own."""
    for name in ("only-a-segment", "second", "third"):
        family.segments.add(a_segment(name))
    family.templates.add(a_template())
    cursor = family.segments.page(1, None).cursor
    assert cursor is not None

    with pytest.raises(InvalidInput) as refusal:
        family.templates.page(10, cursor)

    assert refusal.value.field == "cursor"


def edited(family: Family, subject: str, before: Template | None = None) -> Template:
    """The version after the one stored, or after `before`, as it was saved."""
    before = before or family.templates.get(IDS[4])
    assert before is not None
    after = before.edit(
        before.name,
        replace(before.content, subject=subject),
        before.updated_at + timedelta(hours=1),
    )
    family.templates.save(after, before)
    return after


def test_an_edit_is_a_version_and_the_ones_before_stay(family: Family) -> None:
    """Each is read as it was written; the last one is current, and is the one in the list."""
    family.templates.add(a_template())
    versions = [a_template(), edited(family, "Second"), edited(family, "Third")]

    assert [each.version for each in versions] == [1, 2, 3]
    assert family.templates.get(IDS[4]) == versions[-1]
    assert [family.templates.version(IDS[4], number) for number in (1, 2, 3)] == versions
    assert family.templates.page(10, None).templates == (versions[-1].summary,)


def test_a_version_that_is_not_there_is_none(family: Family) -> None:
    """Not yet, or of a template that is not."""
    family.templates.add(a_template())

    assert family.templates.version(IDS[4], 2) is None
    assert family.templates.version(IDS[5], 1) is None


def test_versions_are_listed_newest_first_without_gaps(family: Family) -> None:
    """From below one of them, or from the current one; so many."""
    family.templates.add(a_template())
    for number in range(2, 13):
        edited(family, f"Version {number}")

    def listed(before: int | None, limit: int) -> list[int]:
        return [each.version for each in family.templates.versions(IDS[4], before, limit)]

    assert listed(None, 3) == [12, 11, 10]
    assert listed(10, 100) == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert listed(99, 1) == [12]
    assert listed(2, 5) == [1]
    assert listed(1, 5) == []
    assert family.templates.versions(IDS[3], None, 5) == []
    assert family.templates.versions(IDS[4], 2, 1)[0] == a_template().summary


def test_an_edit_of_what_is_no_longer_current_is_a_conflict(family: Family) -> None:
    """And changes nothing."""
    family.templates.add(a_template())
    current = edited(family, "Second")

    with pytest.raises(VersionConflict):
        edited(family, "Other", before=a_template())
    with pytest.raises(VersionConflict):
        edited(family, "Nobody's", before=a_template(IDS[5]))

    assert family.templates.get(IDS[4]) == current
    assert family.templates.get(IDS[5]) is None
    assert len(family.templates.versions(IDS[4], None, 10)) == 2


def test_of_those_who_edit_one_version_one_wins(family: Family) -> None:
    """The others hear of it."""
    family.templates.add(a_template())

    winner = winner_of(
        race(lambda subject: edited(family, subject, a_template()), ["A", "B", "C", "D"]),
        VersionConflict,
    )

    assert family.templates.get(IDS[4]) == winner
    assert family.templates.version(IDS[4], 2) == winner


def test_defaults_and_senders_are_kept(family: Family) -> None:
    """Each value of its own type; the largest of them fit."""
    content = replace(
        a_template().content,
        defaults={"name": "there ☃", "visits": 3, "score": 0.5, "vip": False, "bio": "x" * 1_900},
        sender="News <news@example.com>",
        reply_to="help@example.com",
    )
    family.templates.add(replace(a_template(), content=content))

    kept = family.templates.get(IDS[4])

    assert kept is not None
    assert kept.content == content
    assert [type(each) for each in kept.content.defaults.values()] == [str, int, float, bool, str]
