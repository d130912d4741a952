"""Campaigns by the command line, against a real server in memory."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import Overloaded
from entrypoints.http import problems
from entrypoints.local.emulator import held_port
from tests.integration.command_line import CommandLine
from tests.integration.forwarding_proxy import Refusal, forwarding
from tests.integration.waiting import PATIENCE

FLASH_SALE = ("--name", "Flash sale", "--template", "promo-template", "--segment", "vip-customers")
DAY = datetime.now(UTC).date() + timedelta(days=180)
LATER = ("--at", f"{DAY}T09:00:00Z")


@pytest.fixture(scope="module")
def sent(cli: CommandLine) -> str:
    """A campaign that is sent."""
    created = cli.run("campaigns", "create", *FLASH_SALE, "--watch", "--json")
    campaign_id: str = json.loads(created.out.splitlines()[0])["campaign_id"]
    return campaign_id


@pytest.fixture
def scheduled(cli: CommandLine) -> str:
    """A campaign for later."""
    campaign_id: str = cli.json("campaigns", "create", *FLASH_SALE, *LATER)["campaign_id"]
    return campaign_id


def test_a_campaign_is_created_and_watched_by_somebody_at_no_terminal(cli: CommandLine) -> None:
    """Plain lines, the last of them how it ended."""
    created = cli.run("campaigns", "create", *FLASH_SALE)
    assert created.code == 0, created.err
    campaign_id = created.lines[0].split()[1]
    assert created.lines[1:4] == [
        "Name      Flash sale",
        "State     sending",
        "Path      immediate",
    ]

    watched = cli.run("campaigns", "watch", campaign_id, "--every", "0.2")

    assert (watched.code, watched.err) == (0, "")
    assert watched.lines[-1] == "sent: 1000 of 1000, 1000 sent"


def test_watching_with_json_ends_with_the_campaign_as_it_ended(cli: CommandLine) -> None:
    """A line for each change, every one a document by itself."""
    done = cli.run("campaigns", "create", *FLASH_SALE, "--watch", "--json")

    looks = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, looks[-1]["state"], looks[-1]["counts"]["sent"]) == (0, "sent", 1000)


def test_watching_one_that_reached_nobody_fails(cli: CommandLine, tmp_path: Path) -> None:
    """It is sent, and a script would take that for done."""
    page = tmp_path / "page.html"
    page.write_text("Your plan: {{ plan }} {{ unsubscribe_url }} {{ postal_address }}")
    cli.json("templates", "create", "plans", "--name", "P", "--subject", "P", "--html", str(page))
    reader = "without-a-plan@example.com"
    contact = cli.json("contacts", "put", reader, "--field", "plan=gold")["contact_id"]
    cli.json("segments", "create", "plans", "--name", "Plans")
    cli.run("segments", "add", "plans", contact)
    campaign = ("--name", "Plans", "--template", "plans", "--segment", "plans")
    campaign_id = cli.json("campaigns", "create", *campaign, *LATER)["campaign_id"]
    cli.json("contacts", "put", reader)
    cli.json("campaigns", "move", campaign_id, "--now")

    watched = cli.run("campaigns", "watch", campaign_id, "--every", "0.2")

    assert watched.code == 7
    assert watched.lines[-1] == "sent: 1 of 1, 1 failed"
    assert watched.err.startswith("Nobody was mailed, and 1 failed: ")
    failed = f"campaigns recipients {campaign_id} --state failed"
    assert failed in watched.err
    assert "plan" in cli.run(*failed.split()).out


def test_watching_one_that_was_cancelled_ends_otherwise(cli: CommandLine, scheduled: str) -> None:
    """A script need not read the words."""
    cli.json("campaigns", "cancel", scheduled, "--yes")

    assert cli.run("campaigns", "watch", scheduled).code == 9


def test_watching_outlasts_a_restart_of_the_server(cli: CommandLine, scheduled: str) -> None:
    """While nobody answers it asks again, says so once, and ends by what it finds then."""
    with held_port() as port:
        with forwarding(cli.url, port) as proxy:
            here = CommandLine(proxy.url)
            watching = here.start("campaigns", "watch", scheduled, "--every", "0.2")
            assert watching.stdout
            assert watching.stdout.readline().startswith(f"scheduled for {DAY}")
        with watching:
            assert watching.stderr
            # Before that it may say that an answer was lost: a look may be under way.
            told = iter(watching.stderr.readline, "")
            assert any("Asking again for 300 s." in line for line in told)
            cli.json("campaigns", "cancel", scheduled, "--yes")
            with forwarding(cli.url, port):
                out, err = watching.communicate(timeout=PATIENCE)
    assert (watching.returncode, err) == (9, "It answers again.\n")
    assert out.splitlines() == ["cancelled: 0 of 0"]


def test_watching_gives_up_on_a_server_that_stays_away() -> None:
    """After as long as it was told to bear with it."""
    with held_port() as port:
        url = f"http://127.0.0.1:{port}"
        done = CommandLine(url).run("campaigns", "watch", "cmp_a", "--patience", "0")

    assert done.code == 6
    assert f"Nothing answers at {url}" in done.err


def test_a_lost_answer_makes_no_second_campaign(cli: CommandLine) -> None:
    """The same request is sent again under the same key, and has the first answer."""
    before = {each["campaign_id"] for each in _all(cli)}
    with forwarding(cli.url) as proxy:
        proxy.to_lose = 2
        done = CommandLine(proxy.url).run("campaigns", "create", *FLASH_SALE, *LATER, "--json")

    assert done.code == 0, done.err
    assert done.err.splitlines() == ["The answer was lost; sending the same request again."] * 2
    assert len({each.headers["idempotency-key"] for each in proxy.asked}) == 1
    assert [each.status for each in proxy.asked] == [201, 201, 201]
    assert {each["campaign_id"] for each in _all(cli)} - before == {done.json["campaign_id"]}


def test_a_server_that_asks_to_wait_is_asked_again(cli: CommandLine) -> None:
    """With the same key, and only so often."""
    with forwarding(cli.url) as proxy:
        proxy.to_refuse = 1
        done = CommandLine(proxy.url).run("campaigns", "create", *FLASH_SALE, *LATER)
        first = [each.status for each in proxy.asked]
        keys = {each.headers["idempotency-key"] for each in proxy.asked}
        proxy.to_refuse = 100
        given_up = CommandLine(proxy.url).run("campaigns", "list")

    assert (done.code, first, len(keys)) == (0, [503, 201], 1)
    assert "The server asks to wait" in done.err
    assert given_up.code == 6
    assert len(proxy.asked) - len(first) == 4


THROTTLED = Refusal(429, {"content-type": "application/json"}, '{"message":"Too Many Requests"}')
"""As API Gateway refuses what is over its stage's throttle."""


def test_what_the_gateway_throttles_is_sent_again_whatever_it_is(
    cli: CommandLine, scheduled: str
) -> None:
    """Nothing was done: a rename, too, is sent again, a little later each time."""
    with forwarding(cli.url) as proxy:
        proxy.refusal = THROTTLED
        proxy.to_refuse = 1
        created = CommandLine(proxy.url).run("campaigns", "create", *FLASH_SALE, "--immediate-only")
        proxy.to_refuse = 1
        renamed = CommandLine(proxy.url).run("campaigns", "rename", scheduled, "Another")

    assert (created.code, renamed.code) == (0, 0)
    assert created.err == renamed.err == "The server asks to wait: 0.2 s.\n"
    assert [each.status for each in proxy.asked] == [429, 202, 429, 200]


def test_what_the_gateway_goes_on_throttling_was_not_done(cli: CommandLine) -> None:
    """It says so, and not that the URL is wrong."""
    with forwarding(cli.url) as proxy:
        proxy.refusal = THROTTLED
        proxy.to_refuse = 100
        done = CommandLine(proxy.url).run("campaigns", "create", *FLASH_SALE)

    assert (done.code, len(proxy.asked)) == (6, 4)
    assert "answered 429 Too Many Requests." in done.err
    assert "Nothing was done" in done.err
    assert "URL" not in done.err


@pytest.mark.parametrize("verb", [("create", *FLASH_SALE), ("clone",)])
def test_one_that_is_to_start_at_once_or_never_is_not_asked_for_again(
    cli: CommandLine, scheduled: str, verb: tuple[str, ...]
) -> None:
    """Later it is worth nothing: the refusal ends the command."""
    problem = problems.of_overload(Overloaded(timedelta(seconds=2)))
    of_which = (scheduled,) if verb == ("clone",) else ()
    with forwarding(cli.url) as proxy:
        proxy.to_refuse = 1
        proxy.refusal = Refusal(problem.status_code, {"retry-after": "2"}, problem.body or "")
        done = CommandLine(proxy.url).run("campaigns", *verb, *of_which, "--immediate-only")

    assert (done.code, [each.status for each in proxy.asked]) == (6, [429])
    assert done.err.splitlines() == [
        "Too many campaigns start at once.",
        (
            "Nothing was created. Try again later, or leave out --immediate-only: then it is "
            "queued, and starts within moments."
        ),
        "There is room in 2 s.",
    ]


def test_what_has_no_key_is_not_sent_again(cli: CommandLine, scheduled: str) -> None:
    """A rename whose answer is lost may have been done: a person is told to look."""
    with forwarding(cli.url) as proxy:
        proxy.to_lose = 1
        done = CommandLine(proxy.url).run("campaigns", "rename", scheduled, "Another")

    assert (done.code, len(proxy.asked)) == (6, 1)
    assert "What was asked for may have been done" in done.err


def test_each_request_has_a_key_of_its_own(cli: CommandLine) -> None:
    """Two campaigns that are meant are two."""
    with forwarding(cli.url) as proxy:
        for _ in range(2):
            CommandLine(proxy.url).json("campaigns", "create", *FLASH_SALE, *LATER)

    assert len({each.headers["idempotency-key"] for each in proxy.asked}) == 2


def test_a_list_reads_on_until_there_are_so_many_or_all(cli: CommandLine, sent: str) -> None:
    """However many the server gives at once; a cursor goes on where a list ended."""
    command = ("campaigns", "recipients", sent)
    some = cli.json(*command, "--limit", "120")
    rest = cli.json(*command, "--all", "--cursor", some["next_cursor"])

    everybody = [each["contact_id"] for page in (some, rest) for each in page["items"]]
    assert len(some["items"]) == 120
    assert (len(everybody), len(set(everybody)), rest["next_cursor"]) == (1000, 1000, None)


def test_a_list_of_many_pages_is_one_table(cli: CommandLine, sent: str) -> None:
    """Its headings are there once, and no column is narrower than above."""
    heading, rule, *rows = cli.run("campaigns", "recipients", sent, "--all").lines

    assert (len(rows), set(rule)) == (1000, {"─"})
    places = [heading.index("State"), *(row.index("sent") for row in rows)]
    assert places == sorted(places)


def test_a_table_says_that_there_are_more(cli: CommandLine, sent: str) -> None:
    """Beside the table, not in it."""
    done = cli.run("campaigns", "recipients", sent, "--limit", "2")

    assert done.lines[0].split() == [
        "Contact",
        "Address",
        "State",
        "Reason",
        "Told",
        "Once",
        "more",
    ]
    assert len(done.lines) == 4
    assert done.err == "There are more: --all shows them, --limit so many.\n"


def test_a_campaign_is_made_urgent(cli: CommandLine, scheduled: str) -> None:
    """And normal again; a person sees it."""
    assert cli.json("campaigns", "show", scheduled)["priority"] == "normal"
    assert cli.json("campaigns", "prioritize", scheduled, "urgent")["priority"] == "urgent"
    assert re.search(r"Priority:? +urgent", cli.run("campaigns", "show", scheduled).out)
    assert cli.json("campaigns", "prioritize", scheduled, "normal")["priority"] == "normal"


def test_an_urgent_campaign_is_shown_to_be_so_when_it_is_created(cli: CommandLine) -> None:
    """And its clone, which is as it is."""
    created = cli.run("campaigns", "create", *FLASH_SALE, *LATER, "--priority", "urgent")
    cloned = cli.run("campaigns", "clone", created.members["Campaign"])

    assert created.members["Priority"] == cloned.members["Priority"] == "urgent"


def test_one_that_waits_for_approval_says_what_it_waits_for(cli: CommandLine) -> None:
    """Whoever created it, or looks at it, is told how it goes on; once approved it is not."""
    created = cli.run("campaigns", "create", *FLASH_SALE, *LATER, "--approval")
    campaign = created.members["Campaign"]
    approve = f"sentinel campaigns approve {campaign}"
    assert approve in created.err
    assert approve in cli.run("campaigns", "show", campaign).err

    approved = cli.run("campaigns", "approve", campaign)

    assert (approved.code, approved.err) == (0, "")


def test_a_local_time_that_has_passed_somewhere_is_told(cli: CommandLine, scheduled: str) -> None:
    """Who lives there is mailed at once, and by then it cannot be taken back."""
    soon = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    local = ("--at", soon, "--timezone", "Etc/UTC", "--local-time")

    created = cli.run("campaigns", "create", *FLASH_SALE, *local, "--approval")
    moved = cli.run("campaigns", "move", scheduled, *local)

    for done in (created, moved):
        assert done.code == 0, done.err
        assert "In some zones this time has passed already" in done.err


def test_what_was_sent_is_not_made_urgent(cli: CommandLine, sent: str) -> None:
    """It is told that this has no effect."""
    done = cli.run("campaigns", "prioritize", sent, "urgent")

    assert (done.code, done.out) == (5, "")
    assert done.err.splitlines() == [
        "The state does not allow it.",
        "A campaign that is sent does not allow: another priority. It mails nobody any more.",
    ]


def test_a_campaign_is_moved_renamed_paused_and_resumed(cli: CommandLine, scheduled: str) -> None:
    """Each answer is the campaign as it is then."""
    at = f"{DAY + timedelta(days=1)}T09:00:00Z"
    assert cli.json("campaigns", "move", scheduled, "--at", at)["schedule_at"] == at
    assert cli.json("campaigns", "rename", scheduled, "Summer")["name"] == "Summer"
    assert cli.json("campaigns", "pause", scheduled)["pause_reason"] == "operator"
    assert cli.json("campaigns", "resume", scheduled)["state"] == "scheduled"
    assert (
        cli.json("campaigns", "list", "--state", "scheduled", "--limit", "1")["items"][0]["name"]
        == "Summer"
    )


@pytest.mark.parametrize(
    ("verb", "instead"),
    [
        (("create", *FLASH_SALE), "leave --at out"),
        (("clone", "cmp_none"), "say --now"),
        (("move", "cmp_none"), "say --now"),
    ],
)
@pytest.mark.parametrize(
    "at",
    [
        ("--at", "2025-06-01T09:00:00Z"),
        ("--at", "2025-06-01T09:00:00+02:00"),
        ("--at", "2025-06-01t09:00", "--timezone", "Europe/Berlin"),
    ],
)
def test_a_date_that_is_mistyped_mails_nobody(
    cli: CommandLine, verb: tuple[str, ...], instead: str, at: tuple[str, ...]
) -> None:
    """The API takes what has passed for now; who types a wrong year means another thing."""
    with forwarding(cli.url) as proxy:
        done = CommandLine(proxy.url).run("campaigns", *verb, *at)

    assert (done.code, done.out, proxy.asked) == (2, "", [])
    assert done.err == f"--at: {at[1]} has passed. To start it at once, {instead}.\n"


def test_what_has_just_passed_is_now(cli: CommandLine) -> None:
    """It took a while to be typed, or a script's clock is a little behind."""
    at = datetime.now(UTC) - timedelta(minutes=1)

    created = cli.json("campaigns", "create", *FLASH_SALE, "--at", at.isoformat())

    assert (created["state"], created["execution_path"]) == ("sending", "immediate")


@pytest.mark.parametrize("zone", ["Mars", "Europe", "../zone", "a\0b"])
def test_a_zone_that_is_none_is_refused_by_the_server(cli: CommandLine, zone: str) -> None:
    """It knows which there are."""
    at = ("--at", "2025-06-01T09:00:00", "--timezone", zone)
    done = cli.run("campaigns", "create", *FLASH_SALE, *at)

    assert (done.code, done.out) == (1, "")
    assert "--timezone: " in done.err


def test_a_clone_of_one_that_is_to_come_starts_at_once_where_that_is_said(
    cli: CommandLine, scheduled: str
) -> None:
    """Else it has the time of the other one."""
    assert cli.json("campaigns", "clone", scheduled)["state"] == "scheduled"
    assert cli.json("campaigns", "clone", scheduled, "--now")["state"] == "sending"


def test_nothing_is_changed_that_was_not_seen(cli: CommandLine, scheduled: str) -> None:
    """With a revision that is no more, somebody else's change stays."""
    revision = str(cli.json("campaigns", "show", scheduled)["revision"])
    cli.json("campaigns", "rename", scheduled, "Theirs")

    done = cli.run("campaigns", "rename", scheduled, "Mine", "--revision", revision)

    assert done.code == 5
    assert done.err.splitlines() == [
        "It was changed since you read it.",
        (
            "It is at revision 2 by now, and nothing was changed. Look at it again, and say "
            "--revision 2 if that is still what you want."
        ),
    ]
    assert cli.json("campaigns", "show", scheduled)["name"] == "Theirs"


def test_what_cannot_be_undone_is_asked_for_first(cli: CommandLine, scheduled: str) -> None:
    """Where nobody can be asked it is not done, unless it is said beforehand."""
    done = cli.run("campaigns", "cancel", scheduled)

    assert done.code == 2
    assert "say --yes" in done.err
    assert cli.json("campaigns", "show", scheduled)["state"] == "scheduled"


def test_a_refusal_names_the_field_and_the_remedy(cli: CommandLine) -> None:
    """On stderr; stdout stays empty, so that no script takes it for the result."""
    done = cli.run("campaigns", "create", *FLASH_SALE, "--at", "2027-02-30T09:00:00Z", "--json")

    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[:2] == [
        "The request is not valid.",
        "Nothing was changed. Mend this, and try again:",
    ]
    assert "--at: No such date or time" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("campaigns", "show", "cmp_none"), 3, "No such campaign."),
        (("campaigns", "show"), 2, "Missing argument 'CAMPAIGN'"),
        (("campaigns", "move", "cmp_none"), 2, "--at, --now: Say one of the two."),
        (("campaigns", "list", "--url", "nowhere"), 2, "The URL of the server is not one."),
        (("campaigns", "list", "--state", "gone"), 2, "'gone' is not one of"),
    ],
)
def test_what_is_wrong_tells_by_the_exit_status(
    cli: CommandLine, arguments: tuple[str, ...], code: int, told: str
) -> None:
    """And by a line on stderr."""
    done = cli.run(*arguments)

    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_what_is_no_sentinel_is_said_to_be_none(cli: CommandLine) -> None:
    """A page of something else at that URL is neither a result nor a traceback."""
    with forwarding(cli.url) as proxy:
        for status in (200, 404, 502):
            proxy.answer_instead = (status, "<h1>Welcome</h1>")
            done = CommandLine(proxy.url).run("campaigns", "list")
            assert done.code in {3, 6}
            assert "not Sentinel's API" in done.err or "not of Sentinel's API" in done.err


def _all(cli: CommandLine) -> list[dict[str, str]]:
    items: list[dict[str, str]] = cli.json("campaigns", "list", "--all")["items"]
    return items
