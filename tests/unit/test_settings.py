"""The settings: what is wrong is named with what to do, and no secret shows."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from domain.delivery_policy import DeliveryPolicy
from entrypoints.containers import Family, build
from entrypoints.deployment.settings import DeploymentSettings
from entrypoints.local.settings import LocalSettings
from entrypoints.settings import InvalidSettingsError, Settings, read_environment

SECRET = "correct-horse-battery-staple-0123456789"  # noqa: S105  nobody's


def refusal(environment: dict[str, str]) -> list[str]:
    """What is said of a wrong environment, line by line."""
    with pytest.raises(InvalidSettingsError) as error:
        Settings.from_environment(environment)
    return str(error.value).splitlines()


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("SENDER", "nobody", "name@example.com"),
        ("SENDER", "zoë@example.com", "name@example.com"),
        ("SENDERS", "zoë@example.com, ann@example.com", "name@example.com"),
        ("SENDER", "Ann <ann@example.com>, Ben <ben@example.com>", "name@example.com"),
        ("SENDER", "Ann\r\nBcc: <ben@example.com>", "name@example.com"),
        ("RETURN_PATH", "bounces.example.com", "bounces@example.com"),
        ("RETURN_PATH", "Bounces <bounces@example.com>", "bounces@example.com"),
        ("RETURN_PATH", "jörg@example.com", "in ASCII before the @"),
        ("PUBLIC_URL", "mail.example.com", "https://mail.example.com"),
        ("PUBLIC_URL", "https://mail.example.com/?x=1", "without a query"),
        ("PUBLIC_URL", "https://mail.example.com\r\nBcc: ann@example.com", "https://"),
        ("POSTAL_ADDRESS", "1 High Street\nHarrowick", "one line"),
        ("POSTAL_ADDRESS", "x" * 301, "at most 300 characters"),
        ("SOFT_BOUNCE_LIMIT", "21", "less than or equal to 20"),
        ("CONFIRMATION_TEMPLATE", "-welcome", "should match pattern"),
        ("SEND_RATE", "-1", "greater than or equal to 0"),
        ("SEND_RATE", "100001", "less than or equal to 100000"),
        ("SEND_RATE", "fast", "valid integer"),
        ("ADDRESS_HASH_KEY", "short", "at least 32 characters"),
        ("HORIZON_DAYS", "0", "greater than or equal to 1"),
        ("HORIZON_DAYS", "3661", "less than or equal to 3660"),
        ("MAX_LATENESS_SECONDS", "59", "greater than or equal to 60"),
        ("MAX_LATENESS_SECONDS", "86401", "less than or equal to 86400"),
        ("FAN_OUT_LEASE_SECONDS", "0", "greater than or equal to 1"),
        ("FAN_OUT_LEASE_SECONDS", "901", "less than or equal to 900"),
        ("SEND_LEASE_SECONDS", "2", "greater than or equal to 3"),
        ("SEND_LEASE_SECONDS", "901", "less than or equal to 900"),
        ("SES_TIMEOUT_SECONDS", "0", "greater than or equal to 1"),
        ("SES_TIMEOUT_SECONDS", "61", "less than or equal to 60"),
        ("CHECK_INTERVAL_SECONDS", "0", "greater than or equal to 1"),
        ("CHUNK_CHECK_INTERVAL_SECONDS", "0", "greater than or equal to 1"),
        ("RETRY_DELAY_SECONDS", "0", "greater than or equal to 1"),
        ("LONGEST_RETRY_DELAY_SECONDS", "901", "less than or equal to 900"),
        ("QUOTA_PAUSE_SECONDS", "86401", "less than or equal to 86400"),
        ("SETTLING_WINDOW_SECONDS", "0", "greater than or equal to 1"),
        ("FAN_OUT_RANGES", "0", "greater than or equal to 1"),
        ("FAN_OUT_RANGES", "65", "less than or equal to 64"),
        ("LOG_LEVEL", "verbose", "DEBUG|INFO|WARNING|ERROR"),
        ("SES_BULK", "perhaps", "valid boolean"),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_should_be(
    variable: str, value: str, remedy: str
) -> None:
    """One line for it, as it is spelled in the environment."""
    (line,) = refusal({variable: value})

    assert line.startswith(f"{variable}: ")
    assert remedy in line


@pytest.mark.parametrize(
    "environment",
    [{"SEND_LEASE_SECONDS": "36"}, {"SES_TIMEOUT_SECONDS": "30"}],
    ids=["a short lease", "long calls"],
)
def test_a_lease_that_does_not_outlast_its_calls_is_refused(environment: dict[str, str]) -> None:
    """Both variables are named, and how long it has to be: a call and another after it."""
    (line,) = refusal(environment)

    assert line.startswith("SEND_LEASE_SECONDS, SES_TIMEOUT_SECONDS: ")
    assert f"at least {2 * int(environment.get('SES_TIMEOUT_SECONDS', '18')) + 1}" in line


@pytest.mark.parametrize("address", ["Bounces+news@example.com", "bounces@bücher.example"])
def test_a_return_path_is_kept_as_it_is_written(address: str) -> None:
    """Whoever receives there may tell letters apart."""
    assert Settings.from_environment({"RETURN_PATH": address}).return_path == address


def test_a_lease_just_longer_than_its_calls_is_taken() -> None:
    """Delivery and its mailer run by these two."""
    settings = Settings.from_environment({"SEND_LEASE_SECONDS": "3", "SES_TIMEOUT_SECONDS": "1"})

    container = build(Family.EMULATOR, settings.model_copy(update={"send_queue_url": "none"}))

    assert container.settings().policy.send_lease == timedelta(seconds=3)
    assert container.family.mailer().timeout == timedelta(seconds=2)


def test_each_time_of_delivery_is_set_by_its_own_variable() -> None:
    """None takes another's value."""
    settings = Settings.from_environment(
        {
            "MAX_LATENESS_SECONDS": "101",
            "FAN_OUT_LEASE_SECONDS": "102",
            "SEND_LEASE_SECONDS": "103",
            "CHECK_INTERVAL_SECONDS": "104",
            "CHUNK_CHECK_INTERVAL_SECONDS": "105",
            "RETRY_DELAY_SECONDS": "106",
            "LONGEST_RETRY_DELAY_SECONDS": "107",
            "QUOTA_PAUSE_SECONDS": "108",
            "SETTLING_WINDOW_SECONDS": "109",
        }
    )

    assert settings.policy == DeliveryPolicy(
        max_lateness=timedelta(seconds=101),
        fan_out_lease=timedelta(seconds=102),
        send_lease=timedelta(seconds=103),
        check_interval=timedelta(seconds=104),
        chunk_check_interval=timedelta(seconds=105),
        retry_delay=timedelta(seconds=106),
        longest_retry_delay=timedelta(seconds=107),
        quota_pause=timedelta(seconds=108),
        settling_window=timedelta(seconds=109),
    )


def test_what_is_not_set_is_as_the_policy_has_it() -> None:
    """The defaults are said twice, here and there, and are the same."""
    assert Settings().policy == DeliveryPolicy()


def test_all_wrong_variables_are_named_at_once() -> None:
    """Nobody mends them one run after the other."""
    lines = refusal({"SEND_RATE": "-1", "LOG_LEVEL": "loud", "SENDER": "nobody"})

    assert [line.partition(":")[0] for line in lines] == ["SENDER", "SEND_RATE", "LOG_LEVEL"]


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("PORT", "http", "valid integer"),
        ("BACKEND", "postgres", "memory"),
        ("RECONCILE_SECONDS", "0", "greater than or equal to 1"),
        ("DEMO_DATA", "perhaps", "valid boolean"),
    ],
)
def test_a_wrong_variable_of_the_local_runner_is_named(
    variable: str, value: str, remedy: str
) -> None:
    """As any other."""
    with pytest.raises(InvalidSettingsError) as error:
        read_environment(LocalSettings, {variable: value})

    assert str(error.value).startswith(f"{variable}: ")
    assert remedy in str(error.value)


def test_a_key_that_is_missed_is_named() -> None:
    """Where addresses are to be hashed, and only there."""
    settings = Settings.from_environment({})

    with pytest.raises(InvalidSettingsError, match=r"ADDRESS_HASH_KEY.*32"):
        _ = settings.hash_key


def test_an_empty_variable_counts_as_not_set() -> None:
    """`SEND_RATE= make local-run` does what one expects."""
    assert Settings.from_environment({"SEND_RATE": "", "SENDER": ""}) == Settings()


def test_what_is_not_a_setting_is_passed_over() -> None:
    """An environment is full of other things."""
    assert Settings.from_environment({"HOME": "/root", "send_rate": "7"}) == Settings()


@pytest.mark.parametrize(
    ("sender", "read"),
    [
        ("hello@example.com", "hello@example.com"),
        ("Larch & Ladle <Hello@Example.com>", "Larch & Ladle <hello@example.com>"),
        ("News <news@Bücher.example>", "News <news@xn--bcher-kva.example>"),
        ("News <news@xn--bcher-kva.example>", "News <news@xn--bcher-kva.example>"),
        ("Bücher <news@bücher.example>", "=?utf-8?q?B=C3=BCcher?= <news@xn--bcher-kva.example>"),
    ],
)
def test_the_sender_is_an_address_or_a_name_and_an_address(sender: str, read: str) -> None:
    """As the From header has it: in ASCII. Read again, it is the same."""
    assert Settings.from_environment({"SENDER": sender}).sender == read
    assert Settings.from_environment({"SENDER": read}).sender == read
    assert Settings.from_environment({"SENDERS": f"{sender}, a@b.example"}).senders == (
        read,
        "a@b.example",
    )


def test_the_public_url_is_followed_by_a_path() -> None:
    """However it was written."""
    settings = Settings.from_environment({"PUBLIC_URL": "https://mail.example.com/in/"})
    assert settings.footer.unsubscribe_url("t") == "https://mail.example.com/in/u/t"


def test_a_deployments_public_url_is_one_that_mail_programs_call() -> None:
    """They call no other than https (RFC 8058)."""
    told = {"SENDER": "news@example.com", "PUBLIC_URL": "http://mail.example.com"}
    with pytest.raises(InvalidSettingsError, match="PUBLIC_URL: https"):
        read_environment(DeploymentSettings, told)


def test_a_secret_does_not_show() -> None:
    """Not where settings are printed, not where they are dumped, and not where it is refused."""
    settings = Settings.from_environment({"ADDRESS_HASH_KEY": SECRET})

    assert settings.hash_key == SECRET.encode()
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert SECRET not in text
    assert SECRET[:31] not in "".join(refusal({"ADDRESS_HASH_KEY": SECRET[:31]}))


def test_settings_do_not_change() -> None:
    """What a process began with is what it runs on."""
    settings = Settings()

    with pytest.raises(ValidationError):
        settings.send_rate = 1  # type: ignore[misc]  # that is the point
