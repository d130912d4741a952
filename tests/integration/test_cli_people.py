"""Contacts, segments, suppressions and templates by the command line."""

import json
from pathlib import Path

import pytest

from tests.integration.command_line import CommandLine

PAGE = "<p>Hello {{ name }}</p><p>{{ unsubscribe_url }} {{ postal_address }}</p>"


@pytest.fixture
def ann(cli: CommandLine) -> str:
    """A contact of whom all is known."""
    done = cli.json(
        *("contacts", "put", "ann@example.com", "-f", "name=Ann", "-f", "plan=gold"),
        *("--locale", "de-AT", "--time-zone", "Europe/Vienna"),
        *("--consent-source", "fair", "--consent-at", "2026-05-01T10:00:00Z"),
    )
    contact_id: str = done["contact_id"]
    return contact_id


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gold", "gold"),
        ("5", 5),
        ("-2.5", -2.5),
        ("true", True),
        ("007", "007"),
        ("1.50", "1.50"),
        ("1e400", "1e400"),
        ('"5"', "5"),
        ("a=b", "a=b"),
        ("", ""),
        ("null", "null"),
        ("[1]", "[1]"),
    ],
)
def test_a_field_has_the_type_that_its_text_reads_as(
    cli: CommandLine, written: str, meant: object
) -> None:
    """As in a file that is imported: what a number would not keep is text."""
    done = cli.json("contacts", "put", "typed@example.com", "--field", f"value={written}")

    assert done["fields"] == {"value": meant}
    assert type(done["fields"]["value"]) is type(meant)


def test_an_edit_changes_what_it_names(cli: CommandLine, ann: str) -> None:
    """Fields one by one; what is not named stays."""
    edited = cli.json(
        "contacts", "edit", ann, "-f", "plan=silver", "--remove-field", "name", "--no-consent"
    )

    assert edited["fields"] == {"plan": "silver"}
    assert (edited["consent"], edited["locale"]) == (None, "de-AT")


def test_an_edit_of_nothing_and_one_against_itself_are_refused(cli: CommandLine, ann: str) -> None:
    """Before anything is sent."""
    nothing = cli.run("contacts", "edit", ann)
    both = cli.run("contacts", "edit", ann, "--locale", "de", "--no-locale")

    assert (nothing.code, both.code) == (2, 2)
    assert "Say what to change." in nothing.err
    assert "--no-locale: It is given another value, too." in both.err


def test_somebody_is_found_shown_exported_and_erased(cli: CommandLine, ann: str) -> None:
    """By the address, which stands in no URL, then by the id."""
    found = cli.run("contacts", "find", "Ann@Example.com")
    told = {"Contact": ann, "Address": "ann@example.com", "Consent": "fair, 2026-05-01T10:00:00Z"}
    assert told.items() <= found.members.items()
    held = cli.run("contacts", "export", ann).json
    assert (held["email"], held["deliveries"]) == ("ann@example.com", [])

    assert cli.run("contacts", "erase", ann, "--yes").code == 0

    assert cli.run("contacts", "show", ann).code == 3


def test_a_person_decides_before_somebody_is_erased(cli: CommandLine, ann: str) -> None:
    """Asked where nobody is, it says what to say."""
    assert cli.run("contacts", "erase", ann).code == 2
    assert cli.json("contacts", "show", ann)["contact_id"] == ann


def test_whoever_is_asked_to_confirm_is_unconfirmed(cli: CommandLine) -> None:
    """And what became of the mail is said."""
    done = cli.run("contacts", "put", "carla@example.com", "--confirm")

    assert done.members["Status"] == "unconfirmed"
    assert done.err == "The mail that asks is accepted.\n"


def test_a_table_obeys_nobody_who_had_a_name_stored(cli: CommandLine) -> None:
    """What a terminal would take for a command is shown, not obeyed; brackets are brackets."""
    name = "[red]\x1b[2J\x07Ann"
    cli.json("contacts", "put", "sly@example.com", "--field", f"name={name}")

    done = cli.run("contacts", "find", "sly@example.com")

    assert done.members["Fields"] == r"name=[red]\x1b[2J\x07Ann"


def test_a_rule_is_tried_and_kept(cli: CommandLine, ann: str, tmp_path: Path) -> None:
    """Given as it is, or in a file."""
    rule = {"field": "plan", "op": "equals", "value": "gold"}
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(rule))

    tried = cli.run("segments", "preview", "--rule", json.dumps(rule))
    assert (tried.code, tried.err) == (0, "")
    made = cli.json("segments", "create", "gold-people", "--name", "Gold", "--rule", f"@{path}")
    assert made["rule"] == rule
    members = cli.json("segments", "members", "gold-people", "--all")["items"]
    assert ann in {each["contact_id"] for each in members}


def test_a_rule_that_is_none_is_refused_by_its_place(cli: CommandLine) -> None:
    """What is no JSON here, what is no rule by the server."""
    no_json = cli.run("segments", "preview", "--rule", "plan = gold")
    no_rule = cli.run("segments", "preview", "--rule", '{"field": "plan", "op": "like"}')

    assert (no_json.code, no_rule.code) == (2, 1)
    assert "--rule: It is no JSON" in no_json.err
    assert "--rule: It must have all" in no_rule.err


def test_many_are_put_into_a_segment_at_once(cli: CommandLine, ann: str, tmp_path: Path) -> None:
    """A file of ids, more than a request takes."""
    everybody = cli.json("contacts", "list", "--all")["items"]
    ids = [each["contact_id"] for each in everybody][:600]
    (tmp_path / "ids").write_text("\n".join([*ids, ann]))
    cli.json("segments", "create", "many", "--name", "Many")

    cli.json("segments", "add", "many", "--from-file", str(tmp_path / "ids"))

    members = cli.json("segments", "members", "many", "--all")["items"]
    assert {each["contact_id"] for each in members} == {*ids, ann}


def test_an_address_is_held_back_and_taken_off_again(cli: CommandLine) -> None:
    """The entry is found by the address and removed by its id."""
    cli.json("suppressions", "add", "no@example.com", "--scope", "marketing", "--note", "Asked")
    found = cli.json("suppressions", "find", "no@example.com")
    assert (found["scope"], found["reason"], found["note"]) == ("marketing", "operator", "Asked")

    cli.json("suppressions", "remove", found["suppression_id"], "--yes")

    assert cli.run("suppressions", "find", "no@example.com").code == 3


@pytest.fixture
def template(cli: CommandLine, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A template whose text is made from its HTML."""
    name: str = request.node.name.removeprefix("test_").replace("_", "-")[:60]
    (tmp_path / "page.html").write_text(PAGE)
    cli.json(
        *("templates", "create", name, "--name", "Page", "--subject", "Hello {{ name }}"),
        *("--html", str(tmp_path / "page.html"), "--default", "name=there"),
    )
    return name


def test_other_html_makes_the_text_anew_unless_it_is_kept(
    cli: CommandLine, template: str, tmp_path: Path
) -> None:
    """Nobody gets last week's text with this week's HTML."""
    (tmp_path / "other.html").write_text(PAGE.replace("Hello", "Goodbye"))
    edit = ("templates", "edit", template, "--html", str(tmp_path / "other.html"))

    assert "Goodbye {{ name }}" in cli.json(*edit)["text"]
    (tmp_path / "other.html").write_text(PAGE.replace("Hello", "Again"))
    kept = cli.json(*edit, "--keep-text")

    assert "Goodbye {{ name }}" in kept["text"]
    assert "Again" in kept["html"]


def test_an_edit_keeps_what_it_does_not_name(cli: CommandLine, template: str) -> None:
    """And makes a version."""
    before = cli.json("templates", "show", template)
    edited = cli.json("templates", "edit", template, "--subject", "News for {{ name }}")

    same = ("name", "html", "text", "defaults")
    assert {name: edited[name] for name in same} == {name: before[name] for name in same}
    versions = cli.json("templates", "versions", template)["items"]
    assert [each["version"] for each in versions] == [2, 1]


def test_a_preview_is_what_somebody_would_get(
    cli: CommandLine, template: str, ann: str, tmp_path: Path
) -> None:
    """As a contact, with a default where a field is not there; the HTML goes into a file."""
    page = tmp_path / "seen.html"
    seen = cli.run("templates", "preview", template, "--contact", ann, "--html-to", str(page))
    assert seen.members["Subject"] == "Hello Ann"
    assert "<p>Hello Ann</p>" in page.read_text()

    assert cli.json("templates", "preview", template)["subject"] == "Hello there"


def test_a_test_mail_tells_of_each_address(cli: CommandLine, template: str) -> None:
    """One row for each, in their order."""
    sent = cli.run("templates", "test-send", template, "--to", "a@example.com", "--to", "b@b.at")

    assert [line.split()[:2] for line in sent.lines[2:]] == [
        ["a@example.com", "accepted"],
        ["b@b.at", "accepted"],
    ]


def test_html_that_is_not_there_is_said_to_be_missing(cli: CommandLine) -> None:
    """By its name, before anything is sent."""
    done = cli.run("templates", "create", "--name", "x", "--subject", "y", "--html", "none.html")

    assert (done.code, done.err) == (2, "none.html: No such file or directory.\n")
