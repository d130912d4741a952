"""The contract of `domain.ports.api_keys`, and what Secrets Manager's store adds to it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from adapters.aws.api_keys import SecretsManagerApiKeys
from adapters.aws.clients import AwsClients
from adapters.memory.api_keys import MemoryApiKeys
from adapters.sqlite.api_keys import SqliteApiKeys
from adapters.sqlite.database import SqliteDatabase
from domain.access import ApiKey, Scope
from domain.errors import DependencyFault
from domain.ports.api_keys import ApiKeys
from tests.conftest import Emulator
from tests.contracts.settable_clock import SettableClock
from tests.contracts.wire import error, intercepted

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FOREVER = ApiKey("abcdefgh", "0" * 64, frozenset({Scope.CAMPAIGNS_READ}), NOW)
FOR_A_WHILE = ApiKey("ijklmnop", "1" * 64, frozenset(Scope), NOW, NOW + timedelta(days=1))
_names = count()
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Secret:
    """One in Secrets Manager, as template.yaml makes it."""

    clients: AwsClients
    arn: str
    clock: SettableClock

    def keys(self) -> SecretsManagerApiKeys:
        """As a process of its own has them."""
        return SecretsManagerApiKeys(self.clients, self.arn, self.clock)

    def write(self, text: str) -> None:
        """Whatever somebody puts there."""
        self.clients.secretsmanager.put_secret_value(SecretId=self.arn, SecretString=text)


def stored(**changed: object) -> str:
    """A document of one key, of which something was changed."""
    key = {
        "key_id": "abcdefgh",
        "sha256": "0" * 64,
        "scopes": ["campaigns:read"],
        "created_at": "2026-03-02T09:00:00.000000Z",
        "expires_at": None,
    }
    return json.dumps({"schema": 1, "keys": [{**key, **changed}]})


@pytest.fixture
def secret(emulator: Emulator) -> Secret:
    """Without keys."""
    clients = AwsClients(emulator.region, emulator.endpoint_url, emulator.account)
    arn = clients.secretsmanager.create_secret(
        Name=f"keys-{next(_names)}", SecretString='{"schema": 1, "keys": []}'
    )["ARN"]
    return Secret(clients, arn, SettableClock())


@pytest.fixture(params=["memory", "sqlite", "aws"])
def api_keys(request: pytest.FixtureRequest) -> ApiKeys:
    """Each family, without keys."""
    if request.param == "sqlite":
        return SqliteApiKeys(SqliteDatabase(request.getfixturevalue("tmp_path") / "sentinel.db"))
    if request.param == "memory":
        return MemoryApiKeys()
    found: Secret = request.getfixturevalue("secret")
    return found.keys()


def test_none_stand_at_first(api_keys: ApiKeys) -> None:
    """Nobody is let in."""
    assert list(api_keys.all()) == []


def test_what_is_saved_stands(api_keys: ApiKeys) -> None:
    """With all that belongs to a key."""
    api_keys.save([FOREVER, FOR_A_WHILE])

    assert list(api_keys.all()) == [FOREVER, FOR_A_WHILE]


def test_what_is_saved_stands_in_place_of_all(api_keys: ApiKeys) -> None:
    """So a key is revoked."""
    api_keys.save([FOREVER, FOR_A_WHILE])
    api_keys.save([FOR_A_WHILE])

    assert list(api_keys.all()) == [FOR_A_WHILE]


def test_another_process_sees_it_within_a_minute(secret: Secret) -> None:
    """And asks no oftener than that."""
    function, command = secret.keys(), secret.keys()
    assert list(function.all()) == []
    command.save([FOREVER])
    secret.clock.sleep(MINUTE - timedelta(seconds=1))
    assert list(function.all()) == []

    secret.clock.sleep(timedelta(seconds=1))

    assert list(function.all()) == [FOREVER]


def test_keys_outlast_a_store_that_does_not_answer(secret: Secret) -> None:
    """For ten minutes more; then nobody is let in, until it answers again."""
    secret.keys().save([FOREVER])
    keys = secret.keys()
    keys.all()
    client = secret.clients.secretsmanager
    with intercepted(client, "GetSecretValue", error("AccessDeniedException")) as wire:
        secret.clock.sleep(10 * MINUTE)
        assert list(keys.all()) == [FOREVER]
        assert wire.requests == 1
        secret.clock.sleep(MINUTE)
        with pytest.raises(DependencyFault, match="AccessDeniedException"):
            keys.all()

    assert list(keys.all()) == [FOREVER]


def test_a_store_that_does_not_answer_is_asked_once_a_minute(secret: Secret) -> None:
    """A call may take seconds to fail: not every request waits for that."""
    secret.keys().save([FOREVER])
    keys = secret.keys()
    keys.all()
    secret.clock.sleep(MINUTE)
    client = secret.clients.secretsmanager
    with intercepted(client, "GetSecretValue", error("AccessDeniedException")) as wire:
        for _ in range(3):
            assert list(keys.all()) == [FOREVER]
            secret.clock.sleep(MINUTE / 4)
        assert wire.requests == 1
        secret.clock.sleep(MINUTE / 4)
        keys.all()
        assert wire.requests == 2


def test_a_store_that_hangs_leaves_a_request_time_for_itself(secret: Secret) -> None:
    """All attempts fit into half of the 30 seconds that a function of the API has."""
    config = secret.clients.secretsmanager.meta.config
    attempts = config.retries["total_max_attempts"]  # type: ignore[attr-defined]

    assert attempts * (config.connect_timeout + config.read_timeout) <= 15  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "{}",
        '{"schema": 1}',
        '{"schema": 1, "keys": [{"key_id": "abcdefgh"}]}',
        '{"schema": 1, "keys": {"abcdefgh": "x"}}',
        '{"schema": 1, "keys": ["abcdefgh"]}',
        "[]",
        "null",
        stored().replace('"schema": 1', '"schema": 2'),
        stored(sha256=5),
        stored(sha256="x" * 64),
        stored(sha256="00"),
        stored(scopes="campaigns:read"),
        stored(scopes=["campaigns:own"]),
        stored(created_at=5),
        stored(expires_at="2026-03-03T09:00:00"),
    ],
)
def test_a_secret_that_somebody_damaged(secret: Secret, text: str) -> None:
    """Nobody is let in, not by a newer layout either; the fault does not repeat it."""
    secret.write(text)

    with pytest.raises(DependencyFault) as fault:
        secret.keys().all()

    assert "abcdefgh" not in str(fault.value)


def test_a_document_as_it_should_be(secret: Secret) -> None:
    """The damaged ones are refused for their damage."""
    secret.write(stored())

    assert list(secret.keys().all()) == [FOREVER]


def test_no_secret_is_stored(secret: Secret) -> None:
    """Only what the keys are checked by."""
    secret.keys().save([FOR_A_WHILE])

    stored = secret.clients.secretsmanager.get_secret_value(SecretId=secret.arn)["SecretString"]

    assert json.loads(stored) == {
        "schema": 1,
        "keys": [
            {
                "key_id": "ijklmnop",
                "sha256": "1" * 64,
                "scopes": sorted(Scope),
                "created_at": "2026-03-02T09:00:00.000000Z",
                "expires_at": "2026-03-03T09:00:00.000000Z",
            }
        ],
    }
