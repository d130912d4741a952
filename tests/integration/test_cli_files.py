"""Contacts as CSV files by the command line: in, out, and broken off on the way."""

import csv
import socket
import stat
from pathlib import Path

import pytest

from entrypoints.local.emulator import held_port
from tests.integration.command_line import CommandLine
from tests.integration.forwarding_proxy import forwarding

PEOPLE = (
    "E-Mail,Name,Plan\nfile-{0}@example.com,Ann,gold\nnobody,Bob,\nfile-b{0}@example.com,Cy,5\n"
)


@pytest.fixture
def people(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file of two people and one who has no address."""
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE.format(len(request.node.name)))
    return path


def test_a_file_is_imported_and_what_was_refused_is_shown(cli: CommandLine, people: Path) -> None:
    """The counts, and each refused row with its line, the reason and its cells."""
    done = cli.run("import", str(people))

    assert done.code == 0, done.err
    assert done.members["State"] == "finished"
    assert done.members["Rows"] == "3 rows, 2 created, 1 refused"
    assert done.lines[-1].startswith("3 ")
    assert done.lines[-1].endswith("nobody, Bob,")
    told = done.err.splitlines()
    assert told[0].startswith("Import imp_")
    assert told[1] == "uploading people.csv"
    assert told[-1] == "finished 100 %: 3 rows, 2 created, 1 refused"


def test_a_dry_run_changes_nothing_and_says_how_to_go_on(cli: CommandLine, people: Path) -> None:
    """By the command that it names."""
    address = people.read_text().splitlines()[1].partition(",")[0]
    done = cli.run("import", str(people), "--dry-run")

    assert done.members["State"] == "checked"
    assert cli.run("contacts", "find", address).code == 3
    (command,) = [line.split("`")[1] for line in done.err.splitlines() if "Nothing was" in line]
    assert cli.run(*command.split()[1:]).code == 0
    assert cli.json("contacts", "find", address)["fields"] == {"Name": "Ann", "Plan": "gold"}


def test_refused_rows_are_written_as_a_file_to_be_mended(
    cli: CommandLine, people: Path, tmp_path: Path
) -> None:
    """With the headers of the file, so that it can be imported again once it is mended."""
    refused = tmp_path / "refused.csv"
    done = cli.run("import", str(people), "--json", "--refused", str(refused))

    assert (done.code, done.json["counts"]["refused"]) == (0, 1)
    with refused.open(encoding="utf-8-sig", newline="") as file:
        header, row = csv.reader(file)
    assert header == ["line", "reason", "E-Mail", "Name", "Plan"]
    assert (row[0], row[2:]) == ("3", ["nobody", "Bob", ""])
    assert row[1]


def test_columns_are_what_they_are_said_to_be(cli: CommandLine, tmp_path: Path) -> None:
    """And those that are not named are left out."""
    path = tmp_path / "named.csv"
    path.write_text("Mail;Tarif;Secret\nnamed@example.com;gold;x\n")
    cli.json("segments", "create", "named", "--name", "Named")

    done = cli.run(
        *("import", str(path), "--column", "Mail=email", "--column", "Tarif=plan"),
        *("--segment", "named", "--consent-source", "fair"),
        *("--consent-at", "2026-05-01T10:00:00Z"),
    )

    assert done.code == 0, done.err
    (member,) = cli.json("segments", "members", "named")["items"]
    assert member["fields"] == {"plan": "gold"}
    assert member["consent"]["source"] == "fair"


def test_a_file_goes_to_the_store_whole_and_without_the_key(cli: CommandLine, people: Path) -> None:
    """S3 takes nothing in chunks, and is not to have what opens the API."""
    with forwarding(cli.url) as proxy:
        keyed = CommandLine(proxy.url, {"SENTINEL_API_KEY": "snt_abc_secret"})
        assert keyed.run("import", str(people)).code == 0

    (put,) = [each for each in proxy.asked if each.method == "PUT"]
    assert put.body == people.read_bytes()
    assert put.headers["content-length"] == str(len(put.body))
    assert not {"authorization", "transfer-encoding"} & set(put.headers)
    others = [each for each in proxy.asked if each.method != "PUT"]
    assert {each.headers["authorization"] for each in others} == {"Bearer snt_abc_secret"}


def test_an_upload_whose_answer_is_lost_is_done_again(cli: CommandLine, people: Path) -> None:
    """The file is put in its place once more, by a fresh URL."""
    with forwarding(cli.url) as proxy:
        proxy.lose_of = "PUT"
        proxy.to_lose = 1
        done = CommandLine(proxy.url).run("import", str(people), "--json")

    assert (done.code, done.json["state"]) == (0, "finished")
    assert len([each for each in proxy.asked if each.method == "PUT"]) == 2


def test_an_import_that_is_broken_off_while_it_uploads_goes_on(
    cli: CommandLine, people: Path
) -> None:
    """Ctrl-C says by which command, and that is so."""
    with forwarding(cli.url) as proxy, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        proxy.leads_to = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with CommandLine(proxy.url).start("import", str(people)) as importing:
            assert importing.stderr
            importing.stderr.readline()
            assert importing.stderr.readline() == "uploading people.csv\n"
            done = cli.interrupted(importing)

    assert (done.code, done.out) == (130, "")
    assert "The file is not uploaded, and nothing was changed." in done.err
    assert "Traceback" not in done.err
    command = done.err.split("`")[1].split()[1:]
    assert command[:2] == ["import", str(people)]
    assert cli.run(*command).members["State"] == "finished"


def test_an_import_that_is_not_watched_any_more_goes_on_by_itself(
    cli: CommandLine, people: Path
) -> None:
    """Ctrl-C says by which command it is seen again."""
    import_id = cli.json("import", str(people))["import_id"]
    # As long as nobody answers, it is not known to have ended.
    with (
        held_port() as port,
        CommandLine(f"http://127.0.0.1:{port}").start("imports", "watch", import_id) as watching,
    ):
        assert watching.stderr
        assert "Asking again" in watching.stderr.readline()
        done = cli.interrupted(watching)

    assert done.code == 130
    assert cli.run(*done.err.split("`")[1].split()[1:]).code == 0


@pytest.mark.parametrize("state", ["awaited", "finished"])
def test_a_file_for_what_awaits_none_is_refused(cli: CommandLine, people: Path, state: str) -> None:
    """Nothing is there, or it is over."""
    over = cli.json("import", str(people))["import_id"]
    import_id = over if state == "finished" else "imp_none"

    done = cli.run("import", str(people), "--into", import_id)

    assert done.code == (5 if state == "finished" else 3)


def test_a_file_that_is_not_there_makes_no_import(cli: CommandLine, tmp_path: Path) -> None:
    """It is looked for first."""
    before = cli.json("imports", "list", "--all")["items"]

    assert cli.run("import", str(tmp_path / "none.csv")).code == 2
    assert cli.json("imports", "list", "--all")["items"] == before


def test_contacts_are_exported_for_their_owner_only(cli: CommandLine, tmp_path: Path) -> None:
    """The file is there once it is whole, and nobody else on the machine may read it."""
    out = tmp_path / "vip.csv"
    done = cli.run("export", str(out), "--segment", "vip-customers", "--no-fields")

    assert done.code == 0, done.err
    assert done.members["Rows"] == "1000"
    with out.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert (header[:2], len(rows)) == (["contact_id", "email"], 1000)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_that_is_there_is_not_overwritten(cli: CommandLine, tmp_path: Path) -> None:
    """Unless it is said, and then only once the new one is whole."""
    out = tmp_path / "out.csv"
    out.write_text("mine")
    export = ("export", str(out), "--segment", "vip-customers")

    assert cli.run(*export).code == 2
    assert out.read_text() == "mine"
    assert cli.run(*export, "--force").code == 0
    assert out.read_text(encoding="utf-8-sig").startswith("contact_id,")


def test_a_script_has_no_url_that_is_a_secret(cli: CommandLine, tmp_path: Path) -> None:
    """It has the file: the URL would be in its log."""
    out = str(tmp_path / "out.csv")

    done = cli.run("export", out, "--segment", "vip-customers", "--json")

    assert (done.json["state"], done.json["file"], done.json["download"]) == ("finished", out, None)
