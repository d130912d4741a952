"""Exports of contacts: the file, and that no kill is seen in it."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.contacts import MemoryContactRepository
from adapters.memory.jobs import MemoryJobRepository
from domain.contact import Consent, ContactDraft
from domain.contact_export import MAX_FOUND_FIELDS
from domain.csv_cells import value_of
from domain.errors import (
    DependencyUnavailable,
    IllegalTransition,
    InvalidInput,
    NotFound,
    UnknownReference,
)
from domain.export_rows import ABOUT_EVERYBODY
from domain.idempotency import IdempotencyRecord
from domain.identifiers import JobId, SegmentId
from domain.job import KEPT, LEASE, JobState
from domain.job_run import JobRun
from domain.merge_fields import MergeFields
from domain.ports.contacts import ContactPage
from domain.ports.jobs import AnyJob
from domain.ports.object_store import MIN_PART_BYTES
from tests.unit.exporting import Exporting, Life, mortal
from tests.unit.faults import Died, RefusingJobInvoker
from tests.unit.sentinel import MINUTE, NOW, addresses

SMALL_PART = 400


class SlowContacts(MemoryContactRepository):
    """A page takes a quarter of a minute."""

    def __init__(self, sentinel: Exporting) -> None:
        """By its clock."""
        super().__init__(sentinel.database, sentinel.ids)
        self._clock = sentinel.clock

    def page(self, *, lower: str, upper: str, after: str | None, limit: int) -> ContactPage:
        """In the end."""
        self._clock.sleep(timedelta(seconds=15))
        return super().page(lower=lower, upper=upper, after=after, limit=limit)


class InterruptedContacts(MemoryContactRepository):
    """Something happens once, while the second page is read."""

    def __init__(self, sentinel: Exporting, meanwhile: Callable[[], object]) -> None:
        """Nothing has happened yet."""
        super().__init__(sentinel.database, sentinel.ids)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def page(self, *, lower: str, upper: str, after: str | None, limit: int) -> ContactPage:
        """As it was before."""
        page = super().page(lower=lower, upper=upper, after=after, limit=limit)
        if after is not None and self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        return page


@pytest.fixture
def sentinel() -> Exporting:
    """Without contacts."""
    return Exporting()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Exporting:
    """Fourteen people, two a page, in parts of a few lines; each page takes a while."""
    monkeypatch.setattr("adapters.memory.object_store.MIN_PART_BYTES", SMALL_PART)
    sentinel = Exporting()
    sentinel.contacts = SlowContacts(sentinel)
    sentinel.part_bytes, sentinel.page_size = SMALL_PART, 2
    for number in range(14):
        sentinel.add_person(number, {"name": f"N{number}", f"f{number}": number})
    return sentinel


def test_everybody_is_in_it_once(sentinel: Exporting) -> None:
    """With every field that anybody has, in the order of their names, after what all have."""
    sentinel.add_people({"plan": "gold"}, {"city": "Wien"}, {})
    lines = sentinel.made()
    assert list(lines[0]) == [*ABOUT_EVERYBODY, "city", "plan"]
    assert {(each["email"], each["city"], each["plan"]) for each in lines} == {
        ("person-0@example.com", "", "gold"),
        ("person-1@example.com", "Wien", ""),
        ("person-2@example.com", "", ""),
    }


def test_what_is_known_of_a_person_is_in_the_line(sentinel: Exporting) -> None:
    """The id, the status of now, locale, time zone and consent."""
    consent = Consent.of("sign-up form", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    (contact,) = sentinel.contacts.put(
        [ContactDraft.of("ann@example.com", {}, "de-AT", "Europe/Vienna", consent)]
    )
    sentinel.suppress("ann@example.com")
    assert sentinel.made() == [
        {
            "contact_id": contact.contact_id,
            "email": "ann@example.com",
            "status": "complained",
            "locale": "de-AT",
            "time_zone": "Europe/Vienna",
            "consent_source": "sign-up form",
            "consent_at": "2026-01-02T03:04:05Z",
        }
    ]


def test_the_file_is_as_excel_and_the_rfc_have_it(sentinel: Exporting) -> None:
    """UTF-8 with a mark, lines that end in CR LF, quotes doubled."""
    sentinel.contacts.put([ContactDraft.of("ann@example.com", {"name": 'Änn "A", Böhm\nWien'})])
    export = sentinel.create_export(fields=["name"])
    sentinel.finish(export.job_id)
    content = sentinel.file(export.job_id)
    assert content.startswith(b"\xef\xbb\xbfcontact_id,email,")
    assert content.endswith('"Änn ""A"", Böhm\nWien"\r\n'.encode())


def test_values_are_written_as_json_writes_them(sentinel: Exporting) -> None:
    """Which is how an import reads them."""
    sentinel.add_people(
        {"whole": 5, "minus": -5, "real": 1.5, "large": 1e22, "yes": True, "no": False}
    )
    (line,) = sentinel.made()
    assert [line[name] for name in ("whole", "minus", "real", "large", "yes", "no")] == [
        "5",
        "-5",
        "1.5",
        "1e+22",
        "true",
        "false",
    ]


def test_what_was_exported_can_be_given_again(sentinel: Exporting) -> None:
    """Each line is the contact it was made of, where text is left as it is."""
    consent = Consent.of("=form", datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    fields: MergeFields = {
        "text": '=1+1, "so";\r\nthey said\t',
        "code": "007",
        "whole": -5,
        "real": 5.0,
        "small": 1e-7,
        "yes": True,
        "day": "2026-11-19",
    }
    given = sentinel.contacts.put(
        [
            ContactDraft.of("+ann@bücher.example", fields, "de-AT", "Europe/Vienna", consent),
            ContactDraft.of("bea@example.com", {}),
        ]
    )
    drafts = [
        ContactDraft.of(
            line["email"],
            {name: value_of(line[name]) for name in fields if line[name]},
            line["locale"] or None,
            line["time_zone"] or None,
            Consent.of(line["consent_source"], datetime.fromisoformat(line["consent_at"]))
            if line["consent_at"]
            else None,
        )
        for line in sentinel.made(spreadsheet_safe=False)
    ]
    again = sentinel.contacts.put(drafts)
    assert {each.contact_id: each for each in again} == {each.contact_id: each for each in given}


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+49 1", "'+49 1"),
        ("-x", "'-x"),
        ("@x", "'@x"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        (' "=1', "' \"=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1+1", "a;'=1+1"),
        ("a\n- b", "a\n'- b"),
        ("a=b, c-d", "a=b, c-d"),
        ("2026-11-19", "2026-11-19"),
    ],
)
def test_no_text_is_a_formula(sentinel: Exporting, text: str, safe: str) -> None:
    """Unless it is asked for as it is; also where a spreadsheet takes another separator."""
    sentinel.add_people({"text": text})
    assert [each["text"] for each in sentinel.made()] == [safe]
    assert [each["text"] for each in sentinel.made(spreadsheet_safe=False)] == [text]


def test_a_field_called_as_a_column_of_everybody_has_a_name_of_its_own(sentinel: Exporting) -> None:
    """Two columns of one name would be one to most programs."""
    sentinel.add_people({"status": "vip", "locale": "Tyrol"})
    (line,) = sentinel.made()
    assert (line["status"], line["fields.status"]) == ("subscribed", "vip")
    assert (line["locale"], line["fields.locale"]) == ("", "Tyrol")


def test_an_export_of_nobody_has_a_header(sentinel: Exporting) -> None:
    """And no line."""
    export = sentinel.create_export()
    sentinel.finish(export.job_id)
    assert sentinel.file(export.job_id).decode("utf-8-sig") == ",".join(ABOUT_EVERYBODY) + "\r\n"
    assert sentinel.export(export.job_id).rows == 0


def test_a_segment_is_who_is_in_it(sentinel: Exporting) -> None:
    """A static one, and one with a rule, which is found as everywhere."""
    static = sentinel.add_segment([{"age": 20}, {"age": 30}, {"age": 40}])
    rule = sentinel.add_rule({"field": "age", "op": "greater", "value": 25})
    sentinel.contacts.put([ContactDraft.of("zoe@example.com", {"age": 50})])
    assert sorted(each["email"] for each in sentinel.made(segment_id=static)) == addresses(3)
    assert sorted(each["age"] for each in sentinel.made(segment_id=rule)) == ["30", "40", "50"]


def test_fields_that_are_asked_for_are_the_columns(sentinel: Exporting) -> None:
    """In that order, whether or not anybody has them; none where none are."""
    sentinel.add_people({"a": 1, "b": 2})
    (line,) = sentinel.made(fields=["c", "b"])
    assert list(line)[len(ABOUT_EVERYBODY) :] == ["c", "b"]
    (line,) = sentinel.made(fields=[])
    assert list(line) == [*ABOUT_EVERYBODY]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ([f"f{number}" for number in range(51)], "fields"),
        (["a", "not a name"], "fields/1"),
        (["email"], "fields/0"),
        (["a", "a"], "fields/1"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    sentinel: Exporting, fields: list[str], place: str
) -> None:
    """By name, and there is no export."""
    with pytest.raises(InvalidInput) as refused:
        sentinel.create_export(fields=fields)
    assert refused.value.field == place


def test_a_segment_that_is_not_there_is_refused(sentinel: Exporting) -> None:
    """Before anything is created."""
    with pytest.raises(UnknownReference) as refused:
        sentinel.create_export(segment_id=SegmentId("nobody"))
    assert refused.value.field == "segment_id"


def test_more_columns_than_a_file_may_have_fail_with_the_remedy(sentinel: Exporting) -> None:
    """A person names those that are needed."""
    for number in range(0, 250, 50):
        fields = {f"f{number + each}": 1 for each in range(50)}
        sentinel.add_person(number, fields)
    export = sentinel.finish(sentinel.create_export().job_id)
    assert export.state is JobState.FAILED
    assert export.failure is not None
    assert f"over {MAX_FOUND_FIELDS}" in export.failure
    assert "`fields`" in export.failure
    assert len(sentinel.made(fields=["f1"])) == 5


def test_a_file_is_made_of_parts(sentinel: Exporting) -> None:
    """Of a size that object storage takes, however large it is; nothing is lost in between."""
    sentinel.add_people(*({"text": f"{number:04}" + "x" * 2_000} for number in range(7_500)))
    export = sentinel.finish(sentinel.create_export().job_id)
    content = sentinel.file(export.job_id)
    assert len(export.part_tags) == 3
    assert len(content) > 2 * MIN_PART_BYTES
    lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert sorted(each["text"][:4] for each in lines) == [f"{each:04}" for each in range(7_500)]
    assert export.rows == 7_500


def test_a_new_export_is_saved_and_invoked(sentinel: Exporting) -> None:
    """It runs at once, and the reconciler knows when to look at it."""
    export = sentinel.create_export()
    assert sentinel.export(export.job_id) == export
    assert export.state is JobState.RUNNING
    assert export.next_check_at == sentinel.clock.now() + LEASE
    assert sentinel.job_invoker.take_all() == [JobRun(export.job_id)]


def test_an_invoker_that_refuses_does_not_undo_it(sentinel: Exporting) -> None:
    """The reconciler goes on."""
    sentinel.job_invoker = RefusingJobInvoker()
    export = sentinel.create_export()
    assert sentinel.export(export.job_id) == export


def test_an_export_that_is_asked_for_again_is_the_same(sentinel: Exporting) -> None:
    """By whoever had no answer: it is invoked once more, which does no harm."""
    record = IdempotencyRecord.begin(
        "digest", "fingerprint", "01K9ZZZZZZZZZZZZZZZZZZZZZZ", sentinel.clock.now()
    )
    first = sentinel.create_export(record=record)
    sentinel.clock.sleep(MINUTE)
    again = record.release(sentinel.clock.now(), undone=False).try_again(sentinel.clock.now())
    assert sentinel.create_export(record=again) == first
    assert len(sentinel.database.jobs) == 1
    assert sentinel.job_invoker.take_all() == [JobRun(first.job_id)] * 2


class UnansweringJobs(MemoryJobRepository):
    """Does not answer a new job, which it may have stored."""

    stores = True

    def add(self, job: AnyJob) -> None:
        """Timed out."""
        if self.stores:
            super().add(job)
        raise DependencyUnavailable("Timed out.")


def test_an_export_whose_storing_was_not_answered_is_looked_for(sentinel: Exporting) -> None:
    """It stands where it is there, and is not pretended where it is not."""
    sentinel.jobs = UnansweringJobs(sentinel.database)
    export = sentinel.create_export()
    assert sentinel.export(export.job_id) == export
    sentinel.jobs.stores = False
    with pytest.raises(DependencyUnavailable):
        sentinel.create_export()
    assert len(sentinel.database.jobs) == 1


def disturbed(small: Exporting, life: Life) -> tuple[bytes, int]:
    """The file of an export whose process ends with `life`; and how many rows it is said to have.

    Invocations have little time, so that it is handed over on the way.
    """
    job_id = small.create_export().job_id
    immortal = mortal(small, life)
    try:
        while small.export(job_id).state is JobState.RUNNING:
            small.work(job_id, timedelta(seconds=90))
    except Died:
        immortal()
        small.clock.sleep(LEASE)
        assert small.finish(job_id, timedelta(seconds=90)).state is JobState.FINISHED
    immortal()
    assert small.export(job_id).state is JobState.FINISHED
    return small.file(job_id), small.export(job_id).rows


def test_no_kill_is_seen_in_the_file(small: Exporting) -> None:
    """At whichever call it is, before or after: the file is the same to the byte."""
    undisturbed = Life(None)
    expected = disturbed(small, undisturbed)
    assert expected[1] == 14
    assert undisturbed.calls > 50
    for number in range(undisturbed.calls):
        for after in (False, True):
            life = Life(number, after=after)
            assert disturbed(small, life) == expected, (number, after)
            assert life.calls > number


def test_nothing_but_files_is_left(small: Exporting) -> None:
    """The rows between two parts are taken away once they are in one."""
    for _ in range(3):
        disturbed(small, Life(None))
    assert len(small.objects()) == 3


def test_somebody_who_is_at_it_is_left_alone(small: Exporting) -> None:
    """One invocation of two, and the file is one's."""
    job_id = small.create_export().job_id
    small.work(job_id, timedelta(seconds=40))
    held = small.jobs.save(small.export(job_id).claim(small.ids.lease_token(), small.clock.now()))
    small.work(job_id)
    assert small.export(job_id) == held


def overtaken(small: Exporting, number: int | None, *, after: bool = False) -> tuple[bytes, int]:
    """The file of an export whose process sleeps at a call, until another has done all the work.

    And how many calls the process makes.
    """
    job_id = small.create_export().job_id

    def another_finishes() -> None:
        immortal()
        small.clock.sleep(LEASE)
        small.finish(job_id)

    life = Life(number, after=after, happens=another_finishes)
    immortal = mortal(small, life)
    small.work(job_id)
    immortal()
    assert small.export(job_id).state is JobState.FINISHED
    return small.file(job_id), life.calls


def test_a_process_that_was_thought_dead_spoils_nothing(small: Exporting) -> None:
    """Wherever it wakes up: the file is the other's, and nothing lies about."""
    expected, calls = overtaken(small, None)
    assert calls > 30
    for number in range(calls):
        for after in (False, True):
            assert overtaken(small, number, after=after)[0] == expected, (number, after)
    assert len(small.objects()) == 1 + 2 * calls


def test_what_is_left_is_handed_over(small: Exporting) -> None:
    """Out of time, with another invocation asked for; nobody waits for the reconciler."""
    job_id = small.create_export().job_id
    invocations = 0
    while runs := small.job_invoker.take_all():
        assert runs == [JobRun(job_id)]
        small.work(job_id, timedelta(seconds=30))
        invocations += 1
    assert small.export(job_id).state is JobState.FINISHED
    assert invocations > 5


def test_a_rule_means_the_day_on_which_the_export_began(small: Exporting) -> None:
    """For all of it, though it goes on past midnight."""
    for number in range(14):
        small.add_person(number, {"seen": "2026-03-02"})
    segment_id = small.add_rule({"field": "seen", "op": "within_last_days", "value": 0})
    small.clock.sleep(timedelta(hours=14, minutes=59, seconds=30))
    assert len(small.made(segment_id=segment_id)) == 14
    assert small.clock.now().day == 3


def test_a_file_that_would_be_too_large_fails_with_the_remedy(
    small: Exporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its record has no room for its parts."""
    monkeypatch.setattr("domain.use_cases.run_export.MAX_EXPORT_PARTS", 2)
    failed = small.finish(small.create_export().job_id)
    assert failed.state is JobState.FAILED
    assert "too large; export segments" in (failed.failure or "")
    assert small.objects() == []


def test_a_part_that_was_written_over_is_told(small: Exporting) -> None:
    """Nobody gets a file that two have written: it fails, and says what to do."""
    job_id = small.create_export(fields=[]).job_id
    while not small.export(job_id).part_tags:
        small.work(job_id, timedelta(seconds=16))
    export = small.export(job_id)
    small.object_store.write_part(export.object_name, export.writing_id, 1, b"x" * SMALL_PART)
    failed = small.finish(job_id)
    assert failed.state is JobState.FAILED
    assert "create the export again" in (failed.failure or "")
    assert small.objects() == []


def test_a_cancelled_export_leaves_nothing(small: Exporting) -> None:
    """Neither parts nor rows between them; whoever is at it leaves off."""
    job_id = small.create_export().job_id
    while not small.export(job_id).part_tags:
        small.work(job_id, timedelta(seconds=16))
    assert small.objects()
    small.contacts = InterruptedContacts(small, lambda: small.cancel_export(job_id))
    small.work(job_id)
    assert small.export(job_id).state is JobState.CANCELLED
    assert small.objects() == []
    with pytest.raises(IllegalTransition):
        small.cancel_export(job_id)


def test_a_cancellation_that_crashed_is_finished(small: Exporting) -> None:
    """Sent again it is answered, and takes away what the first has left."""
    job_id = small.create_export(fields=[]).job_id
    small.work(job_id, timedelta(seconds=16))
    tried_at = small.clock.now()
    immortal = mortal(small, Life(1, after=True))
    with pytest.raises(Died):
        small.cancel_export(job_id)
    immortal()
    assert small.objects()
    assert small.cancel_export(job_id, tried_at=tried_at).state is JobState.CANCELLED
    assert small.objects() == []


def test_a_cancellation_wins_over_whoever_is_at_it(small: Exporting) -> None:
    """People asked for it: a race that is lost is run again."""
    job_id = small.create_export(fields=[]).job_id
    life = Life(0, after=True, happens=lambda: small.work(job_id, timedelta(seconds=16)))
    immortal = mortal(small, life)
    cancel = small.cancel_export
    immortal()
    assert cancel(job_id).state is JobState.CANCELLED
    assert life.calls > 2


def test_a_finished_export_is_not_cancelled(sentinel: Exporting) -> None:
    """Its file stays."""
    job_id = sentinel.create_export().job_id
    sentinel.finish(job_id)
    with pytest.raises(IllegalTransition):
        sentinel.cancel_export(job_id)
    assert sentinel.file(job_id)


def test_a_segment_that_has_gone_too_far_fails_it(sentinel: Exporting) -> None:
    """With what is wrong."""
    segment_id = sentinel.add_segment([{}])
    job_id = sentinel.create_export(segment_id=segment_id).job_id
    del sentinel.database.segments[segment_id]
    failed = sentinel.finish(job_id)
    assert (failed.state, failed.failure) == (
        JobState.FAILED,
        "Its segment is gone; export another one.",
    )


def test_a_fault_lets_the_next_one_go_on_at_once(small: Exporting) -> None:
    """Whoever repeats it need not wait for the lease."""
    (expected, _) = disturbed(small, Life(None))
    job_id = small.create_export().job_id

    def fails() -> None:
        raise DependencyUnavailable("Timed out.")

    small.contacts = InterruptedContacts(small, fails)
    with pytest.raises(DependencyUnavailable):
        small.work(job_id)
    small.work(job_id)
    assert small.file(job_id) == expected


def test_whoever_is_erased_meanwhile_is_not_in_what_is_read_after(small: Exporting) -> None:
    """The rest of the file is."""
    job_id = small.create_export(fields=[]).job_id
    small.work(job_id, timedelta(seconds=16))
    written = small.export(job_id).rows
    last = max(small.database.contact_keys)
    address = small.database.contacts[small.database.contact_keys[last]].address
    small.contacts.begin_erasure(small.database.contact_keys[last], NOW)
    small.finish(job_id)
    assert 0 < written < 13
    assert address not in small.file(job_id).decode()
    assert small.export(job_id).rows == 13


def test_a_file_can_be_had_for_an_hour_at_a_time(sentinel: Exporting) -> None:
    """Under a name that says what it is; after a week it is gone, and the export says so."""
    job_id = sentinel.create_export().job_id
    assert sentinel.read_export(job_id).download is None
    assert not sentinel.read_export(job_id).is_gone
    sentinel.work(job_id)
    finished_at = sentinel.clock.now()
    read = sentinel.read_export(job_id)
    assert read.download is not None
    assert read.download.expires_at == finished_at + timedelta(hours=1)
    allowed = sentinel.object_store.allowed(read.download.url.rpartition("/")[2])
    assert 'filename="sentinel-contacts-2026-03-02.csv"' in allowed.disposition

    sentinel.clock.sleep(KEPT - MINUTE)
    last = sentinel.read_export(job_id)
    assert last.download is not None
    assert last.download.expires_at == finished_at + KEPT
    sentinel.clock.sleep(MINUTE)
    assert sentinel.read_export(job_id).is_gone


def test_a_file_that_is_not_there_is_not_promised(sentinel: Exporting) -> None:
    """Whatever the record says."""
    job_id = sentinel.create_export().job_id
    sentinel.work(job_id)
    sentinel.object_store.delete(sentinel.export(job_id).object_name)
    assert sentinel.read_export(job_id).is_gone


def test_an_export_that_is_not_there_is_not_found(sentinel: Exporting) -> None:
    """Read or cancelled."""
    for act in (sentinel.read_export, sentinel.cancel_export):
        with pytest.raises(NotFound):
            act(JobId("exp_none"))
