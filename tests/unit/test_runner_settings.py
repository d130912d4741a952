"""What the runner is told: where it listens, on what, and whom it lets in."""

from datetime import timedelta
from pathlib import Path

import pytest

from entrypoints.containers import Family, build
from entrypoints.local.file_doors import PATH
from entrypoints.local.settings import LocalSettings, runner_environment
from entrypoints.settings import InvalidSettingsError, Settings, read_environment

SERVICE = {
    "BACKEND": "sqlite",
    "REQUIRE_API_KEYS": "true",
    "DEMO_DATA": "false",
    "SMTP_URL": "smtps://mail.example.com",
    "SENDER": "news@example.com",
    "PUBLIC_URL": "https://mail.example.com",
    "SEND_RATE": "10",
}


def read(environment: dict[str, str]) -> tuple[LocalSettings, Settings]:
    """What a run with these has."""
    found = runner_environment(environment)
    return read_environment(LocalSettings, found), Settings.from_environment(found)


def refused(environment: dict[str, str]) -> str:
    """What is said instead of running."""
    with pytest.raises(InvalidSettingsError) as error:
        runner_environment(environment)
    return str(error.value)


def test_nothing_needs_to_be_said_to_try_it_out() -> None:
    """On one file it takes the demo's sender, and a key of its own."""
    local, settings = read({"BACKEND": "sqlite"})

    assert (local.host, local.port, local.demo_data) == ("127.0.0.1", 8080, True)
    assert 1 <= local.workers <= 4
    assert settings.sender
    assert settings.public_url == "http://127.0.0.1:8080"
    assert not settings.address_hash_key
    assert settings.webhooks_to_private_addresses


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])  # noqa: S104  to see it refused
def test_it_listens_to_others_with_keys_only(host: str) -> None:
    """Whoever reaches it could send mail."""
    assert refused({"BACKEND": "sqlite", "HOST": host}).startswith(f"HOST: {host} can be reached")

    local, settings = read({**SERVICE, "HOST": host})

    assert (local.host, settings.require_api_keys) == (host, True)


@pytest.mark.parametrize("backend", [{}, {"BACKEND": "memory"}])
def test_keys_are_kept_in_a_file_only(backend: dict[str, str]) -> None:
    """None could be issued elsewhere."""
    assert refused({**SERVICE, "BACKEND": "", **backend}).startswith("REQUIRE_API_KEYS: ")


@pytest.mark.parametrize("name", ["SMTP_URL", "SENDER", "PUBLIC_URL", "SEND_RATE"])
def test_a_service_takes_nothing_of_the_demo(name: str) -> None:
    """What only its owner knows is named where it lacks."""
    assert refused({**SERVICE, name: ""}) == f"{name}: not set."


def test_a_service_sends_no_webhook_to_its_own_network() -> None:
    """Who may create one is not on this machine."""
    _, settings = read(SERVICE)

    assert not settings.webhooks_to_private_addresses


def test_a_key_beside_the_databases_own_is_refused() -> None:
    """Of two nobody would know which it is."""
    assert refused({"BACKEND": "sqlite", "ADDRESS_HASH_KEY": "k" * 32}).startswith(
        "ADDRESS_HASH_KEY: "
    )


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("HOST", "localhost", "127.0.0.1"),
        ("HOST", "example.com", "127.0.0.1"),
        ("BACKEND", "postgres", "sqlite"),
        ("WORKERS", "0", "greater than or equal to 1"),
        ("WORKERS", "65", "less than or equal to 64"),
        ("DRAIN_SECONDS", "0", "greater than or equal to 1"),
        ("DKIM_DOMAIN", "example.com", "DKIM_KEY_FILE"),
        ("SMTP_CONNECTIONS", "1", "greater than or equal to 2"),
    ],
)
def test_a_wrong_variable_is_named_with_its_remedy(variable: str, value: str, remedy: str) -> None:
    """Nothing has been started by then."""
    told = refused({**SERVICE, variable: value})

    assert variable in told.partition(": ")[0] or variable in told
    assert remedy in told


def test_a_batch_is_over_before_its_lease() -> None:
    """Else another worker would send what this one is still sending."""
    told = refused({**SERVICE, "SMTP_TIMEOUT_SECONDS": "60", "SEND_LEASE_SECONDS": "60"})

    assert "SMTP_TIMEOUT_SECONDS" in told


def test_no_secret_is_shown() -> None:
    """Whatever prints the settings."""
    _, settings = read({**SERVICE, "SMTP_URL": "smtps://user:hunter2@mail.example.com"})

    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ({}, "https://mail.example.com"),
        ({"HOST": "0.0.0.0"}, "https://mail.example.com"),  # noqa: S104  in a container
        ({"LOCAL_URL": "https://files.example.com"}, "https://files.example.com"),
    ],
)
def test_files_of_a_service_come_and_go_by_its_public_url(
    tmp_path: Path, told: dict[str, str], url: str
) -> None:
    """Whoever imports is on another machine, and sends the file to nothing but TLS."""
    _, settings = read({**SERVICE, "DATABASE": str(tmp_path / "sentinel.db"), **told})
    store = build(Family.SQLITE, settings).family.object_store()

    upload = store.sign_upload("imports/imp_1/contacts.csv", timedelta(hours=1))

    assert upload.url.startswith(f"{url}{PATH}")


def test_a_url_of_ipv6_has_brackets() -> None:
    """RFC 3986, section 3.2.2."""
    local, _ = read({"BACKEND": "sqlite", "HOST": "::1"})

    assert local.url == "http://[::1]:8080"
