"""boto3 clients, each made on first use."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.httpsession import get_cert_path

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_scheduler import EventBridgeSchedulerClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sqs import SQSClient
    from types_boto3_sts import STSClient

_CONNECT_SECONDS = 3
_POOL = 16
_EMULATORS_SECRET = "test"  # noqa: S105  every emulator's
"""By it they check a URL that was signed, whatever the access key."""


@dataclass(frozen=True)
class AwsClients:
    """Clients for one region; `endpoint_url` leads to an emulator, None to AWS.

    Credentials are found the way every AWS SDK finds them, unless `access_key` is given: an
    emulator takes any, and a person's own must not be sent there. A client is made when it is
    first asked for, so that a process pays only for those it uses; one at a time, since a session
    makes clients for one thread only. `send_timeout` is the longest that one call to SES takes.
    """

    region: str
    endpoint_url: str | None = None
    access_key: str | None = None
    send_timeout: timedelta = timedelta(seconds=18)
    _making: RLock = field(default_factory=RLock, repr=False, compare=False)

    @cached_property
    def session(self) -> boto3.Session:
        """The session that makes the clients; tests count requests at its events."""
        return boto3.Session(
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.access_key and _EMULATORS_SECRET,
        )

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Repeats throttled and unanswered calls: every write is conditional or idempotent."""
        with self._making:
            return self.session.client(
                "dynamodb",
                endpoint_url=self.endpoint_url,
                # Each of a transaction's many values would be checked here, and again by DynamoDB:
                # that was a quarter of this process's time in loading contacts.
                config=_config(read_timeout=5).merge(Config(parameter_validation=False)),
            )

    @cached_property
    def sqs(self) -> "SQSClient":
        """The read timeout outlasts the longest long poll of 20 seconds."""
        with self._making:
            return self.session.client(
                "sqs", endpoint_url=self.endpoint_url, config=_config(read_timeout=25)
            )

    @cached_property
    def scheduler(self) -> "EventBridgeSchedulerClient":
        """Schedules."""
        with self._making:
            return self.session.client(
                "scheduler", endpoint_url=self.endpoint_url, config=_config(read_timeout=5)
            )

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Functions."""
        with self._making:
            return self.session.client(
                "lambda", endpoint_url=self.endpoint_url, config=_config(read_timeout=10)
            )

    @cached_property
    def sesv2(self) -> "SESV2Client":
        """Never repeats a call: boto3's default retries send a second mail after a lost answer.

        Whom it trusts is read now: under a grant there is no time for it.
        """
        seconds = self.send_timeout.total_seconds()
        connect_seconds = min(_CONNECT_SECONDS, seconds / 2)
        with self._making:
            client = self.session.client(
                "sesv2",
                endpoint_url=self.endpoint_url,
                config=Config(
                    connect_timeout=connect_seconds,
                    read_timeout=seconds - connect_seconds,
                    retries={"total_max_attempts": 1},
                    max_pool_connections=_POOL,
                ),
            )
            _read_authorities_once(client)
            return client

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        """Secrets. A request waits for them before its own work: attempts are few and short."""
        with self._making:
            return self.session.client(
                "secretsmanager",
                endpoint_url=self.endpoint_url,
                config=_config(read_timeout=2, attempts=3),
            )

    @cached_property
    def s3(self) -> "S3Client":
        """Buckets; by their paths on an emulator, whose host's name has none before it.

        On AWS by that name, and no other way: else a URL that is signed leads to S3 of us-east-1,
        which leads on to the bucket's region, where the signature is not good.

        Checksums only where S3 demands them: an upload in parts would have to name those of all of
        its parts, and a signed URL would hold one of nothing.
        """
        with self._making:
            return self.session.client(
                "s3",
                endpoint_url=self.endpoint_url,
                config=_config(read_timeout=60).merge(
                    Config(
                        signature_version="s3v4",
                        request_checksum_calculation="when_required",
                        response_checksum_validation="when_required",
                        s3={"addressing_style": "path" if self.endpoint_url else "virtual"},
                    )
                ),
            )

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """Stacks."""
        with self._making:
            return self.session.client(
                "cloudformation", endpoint_url=self.endpoint_url, config=_config(read_timeout=30)
            )

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """Metrics, as they are read."""
        with self._making:
            return self.session.client(
                "cloudwatch", endpoint_url=self.endpoint_url, config=_config(read_timeout=10)
            )

    @cached_property
    def sesv2_reads(self) -> "SESV2Client":
        """What SES tells of an account, asked again when throttled: once a second is its limit.

        Workers wait for it before they send.
        """
        with self._making:
            return self.session.client(
                "sesv2", endpoint_url=self.endpoint_url, config=_config(read_timeout=3)
            )

    @cached_property
    def iam(self) -> "IAMClient":
        """Roles."""
        with self._making:
            return self.session.client(
                "iam", endpoint_url=self.endpoint_url, config=_config(read_timeout=10)
            )

    @cached_property
    def sts(self) -> "STSClient":
        """Who is calling."""
        with self._making:
            return self.session.client(
                "sts", endpoint_url=self.endpoint_url, config=_config(read_timeout=10)
            )


def _config(read_timeout: int, attempts: int = 4) -> Config:
    return Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=_POOL,
    )


def _read_authorities_once(client: Any) -> None:  # noqa: ANN401  what no client shows
    """Else every connection reads them again, which takes ten times as long as all else of it.

    There is no setting for it. Connections to a proxy go on reading them.
    """
    session = client._endpoint.http_session  # noqa: SLF001  see above
    authorities = get_cert_path(session._verify)  # noqa: SLF001  likewise
    if authorities:
        context = session._manager.connection_pool_kw["ssl_context"]  # noqa: SLF001  likewise
        context.load_verify_locations(authorities)
        context.load_verify_locations = lambda *_: None
