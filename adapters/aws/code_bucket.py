"""The bucket that CloudFormation reads from: packages and templates, named after their content."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from adapters.aws.account import account_number
from adapters.aws.clients import AwsClients
from adapters.aws.faults import code_of, translated

_NOT_THERE = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound"})


@dataclass(frozen=True)
class Uploaded:
    """An object that is there."""

    bucket: str
    key: str
    url: str


def upload(clients: AwsClients, stack: str, content: bytes, kind: str) -> Uploaded:
    """Have `content` in the bucket of `stack`, which is made if there is none.

    Its key ends in `.kind`, and is another one for other content. Raises DependencyFault.
    """
    bucket = f"{stack}-code-{account_number(clients)}-{clients.region}"
    key = f"{hashlib.sha256(content).hexdigest()}.{kind}"
    s3 = clients.s3
    with translated("S3 HeadBucket (it takes s3:ListBucket)"):
        stands = _is_there(lambda: s3.head_bucket(Bucket=bucket))
    with translated("S3 CreateBucket", told=True):
        if not stands:
            if clients.region == "us-east-1":
                s3.create_bucket(Bucket=bucket)
            else:
                s3.create_bucket(
                    Bucket=bucket,
                    CreateBucketConfiguration={"LocationConstraint": clients.region},  # type: ignore[typeddict-item]  # any region's name
                )
    with translated("S3 PutObject", told=True):
        if not _is_there(lambda: s3.head_object(Bucket=bucket, Key=key)):
            s3.put_object(Bucket=bucket, Key=key, Body=content)
    # As the AWS CLI hands it to CloudFormation: the endpoint is right in every partition and on
    # emulators, which do not know buckets by their host's name.
    return Uploaded(bucket, key, f"{s3.meta.endpoint_url}/{bucket}/{key}")


def _is_there(head: Callable[[], object]) -> bool:
    try:
        head()
    except ClientError as error:
        if code_of(error) in _NOT_THERE:
            return False
        raise
    return True
