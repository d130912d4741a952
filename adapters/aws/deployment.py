"""A deployment of template.yaml: its package, its secrets, its stack."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING

from adapters.aws.account import account_number
from adapters.aws.api_keys import NO_API_KEYS
from adapters.aws.clients import AwsClients
from adapters.aws.code_bucket import upload
from adapters.aws.faults import translated
from adapters.aws.identities import names_covering
from adapters.aws.stack import delete_stack, deploy_stack, outputs_of, stack_status

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

TABLE_NAME = "TableName: !Ref Name"
"""The line of template.yaml."""
BUCKET_NAME = 'BucketName: !Sub "${Name}-data-${AWS::AccountId}-${AWS::Region}"'
"""Likewise."""

_HASH_KEY = "address-hash-key"
_API_KEYS = "api-keys"
_HASH_KEY_CHARACTERS = 64


@dataclass(frozen=True)
class AwsDeployment:
    """Everything that is named after `name` in the account and region of `clients`.

    Each method may be repeated after a failure. They raise DependencyFault.
    """

    clients: AwsClients
    name: str

    def deploy(
        self,
        template: str,
        package: bytes,
        sender: str,
        parameters: Mapping[str, str],
        others: Sequence[str] = (),
    ) -> Mapping[str, str]:
        """Create or update; returns the stack's outputs.

        `parameters` are those of the template but for what is known here: the package, the secrets
        and the identities of `sender` and of the `others`: who else mails may come from and, in
        SES's sandbox, go to.
        """
        code = upload(self.clients, self.name, package, "zip")
        given = {
            "Name": self.name,
            "CodeBucket": code.bucket,
            "CodeKey": code.key,
            "AddressHashKeySecretArn": self._secret(
                _HASH_KEY, "Addresses are hashed under it. Never change it.", self._random_text
            ),
            "ApiKeysSecretArn": self._secret(
                _API_KEYS, "Hashes and scopes of the API's keys.", lambda: NO_API_KEYS
            ),
            "Sender": sender,
            "SendingIdentities": ",".join(self._sending_arns([sender, *others])),
            **parameters,
        }
        # CloudFormation takes over what has a static name only ("Import AWS resources into a
        # CloudFormation stack automatically").
        named = template.replace(TABLE_NAME, f"TableName: {self.name}")
        named = named.replace(BUCKET_NAME, f"BucketName: {self._files_bucket}")
        return deploy_stack(self.clients, self.name, named, given)

    def stands(self) -> bool:
        """Whether there is such a stack."""
        return stack_status(self.clients, self.name) is not None

    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs; empty where it does not stand."""
        return outputs_of(self.clients, self.name)

    def destroy(self) -> None:
        """Delete the stack, if it stands.

        The table, the files and the secrets stay: the next deployment takes them over.
        """
        delete_stack(self.clients, self.name)

    def delete_data(self) -> None:
        """Delete the table, the files and the secrets that a destroyed stack left, for good."""
        self._delete_files()
        dynamodb = self.clients.dynamodb
        gone = dynamodb.exceptions.ResourceNotFoundException
        with translated("DynamoDB DeleteTable"), suppress(gone):
            dynamodb.update_table(TableName=self.name, DeletionProtectionEnabled=False)
            dynamodb.get_waiter("table_exists").wait(TableName=self.name)
            dynamodb.delete_table(TableName=self.name)
            dynamodb.get_waiter("table_not_exists").wait(TableName=self.name)
        secretsmanager = self.clients.secretsmanager
        for name in (_HASH_KEY, _API_KEYS):
            not_there = secretsmanager.exceptions.ResourceNotFoundException
            with translated("Secrets Manager DeleteSecret"), suppress(not_there):
                secretsmanager.delete_secret(
                    SecretId=f"{self.name}/{name}", ForceDeleteWithoutRecovery=True
                )

    def _delete_files(self) -> None:
        s3 = self.clients.s3
        bucket = self._files_bucket
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        gone = s3.exceptions.NoSuchBucket
        with translated("S3 DeleteBucket"), suppress(gone):
            for page in pages:
                found: list[ObjectIdentifierTypeDef] = [
                    {"Key": each["Key"]} for each in page.get("Contents", [])
                ]
                if found:
                    s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
            s3.delete_bucket(Bucket=bucket)

    def account(self) -> str:
        """The account's number: asked for first, it tells whether there is anybody to ask."""
        return account_number(self.clients)

    def _secret(self, name: str, description: str, first_text: Callable[[], str]) -> str:
        """The ARN of a secret, which is made once and not touched again."""
        secretsmanager = self.clients.secretsmanager
        secret_id = f"{self.name}/{name}"
        with translated("Secrets Manager CreateSecret"):
            try:
                found = secretsmanager.describe_secret(SecretId=secret_id)
                if "DeletedDate" in found:
                    # Somebody deleted it, and it is not gone yet.
                    secretsmanager.restore_secret(SecretId=secret_id)
                return found["ARN"]
            except secretsmanager.exceptions.ResourceNotFoundException:
                return secretsmanager.create_secret(
                    Name=secret_id, Description=description, SecretString=first_text()
                )["ARN"]

    def _random_text(self) -> str:
        return self.clients.secretsmanager.get_random_password(
            PasswordLength=_HASH_KEY_CHARACTERS, ExcludePunctuation=True
        )["RandomPassword"]

    def _sending_arns(self, senders: Sequence[str]) -> list[str]:
        """Every identity that covers one of them, and the configuration set it is used with."""
        prefix = f"arn:{self._partition}:ses:{self.clients.region}:{self.account()}"
        addresses = [parseaddr(sender)[1] for sender in senders]
        names = dict.fromkeys(name for each in addresses for name in names_covering(each))
        sets = dict.fromkeys(found for name in names if (found := self._configuration_set(name)))
        return [
            *(f"{prefix}:identity/{name}" for name in names),
            *(f"{prefix}:configuration-set/{name}" for name in sets),
        ]

    def _configuration_set(self, identity: str) -> str | None:
        """An identity's default one, which SES asks a permission for, too."""
        ses = self.clients.sesv2_reads
        with translated("SES GetEmailIdentity"):
            try:
                answer = ses.get_email_identity(EmailIdentity=identity)
            except ses.exceptions.NotFoundException:
                return None
            return answer.get("ConfigurationSetName")

    @property
    def _files_bucket(self) -> str:
        return f"{self.name}-data-{self.account()}-{self.clients.region}"

    @property
    def _partition(self) -> str:
        return self.clients.session.get_partition_for_region(self.clients.region)
