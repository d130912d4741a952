"""Objects in S3."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.aws.clients import AwsClients
from adapters.aws.faults import code_of, translated
from domain.errors import NotFound
from domain.ports.clock import Clock
from domain.ports.object_store import SignedUrl
from domain.stored_file import attachment, checked_name

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef

_NO_OBJECT = frozenset({"NoSuchKey", "404"})
_NO_UPLOAD = frozenset({"NoSuchUpload"})
_NO_PART = frozenset({"InvalidPart"})


@dataclass(frozen=True)
class S3ObjectStore:
    """Implements `domain.ports.object_store.ObjectStore`.

    A signed URL is good for no longer than the credentials that it was signed by: in a function,
    those of its role, which last for hours.
    """

    clients: AwsClients
    bucket: str
    clock: Clock

    def sign_upload(self, name: str, duration: timedelta) -> SignedUrl:
        """Of PutObject: up to 5 GB."""
        return self._signed("put_object", {"Key": checked_name(name)}, duration)

    def sign_download(self, name: str, filename: str, duration: timedelta) -> SignedUrl:
        """Of GetObject."""
        asked = {
            "Key": checked_name(name),
            "ResponseContentDisposition": attachment(filename),
            "ResponseContentType": "application/octet-stream",
        }
        return self._signed("get_object", asked, duration)

    def size(self, name: str) -> int | None:
        """By HeadObject; that there is none, S3 tells those only who may list the bucket."""
        try:
            with translated("S3 HeadObject"), _no("file", name, _NO_OBJECT):
                answer = self.clients.s3.head_object(Bucket=self.bucket, Key=checked_name(name))
                return answer["ContentLength"]
        except NotFound:
            return None

    def read(self, name: str, offset: int, length: int) -> bytes:
        """By a range; S3 takes none that is empty."""
        if length <= 0:
            if self.size(name) is None:
                raise NotFound("file", name)
            return b""
        with translated("S3 GetObject"), _no("file", name, _NO_OBJECT):
            try:
                answer = self.clients.s3.get_object(
                    Bucket=self.bucket,
                    Key=checked_name(name),
                    Range=f"bytes={offset}-{offset + length - 1}",
                )
            except ClientError as error:
                if code_of(error) == "InvalidRange":
                    return b""
                raise
            body = answer["Body"]
            # Not by `with`: that leads past what notices that a body was cut off.
            with closing(body):
                return body.read()

    def write(self, name: str, content: bytes) -> None:
        """By PutObject."""
        with translated("S3 PutObject"):
            self.clients.s3.put_object(Bucket=self.bucket, Key=checked_name(name), Body=content)

    def delete(self, name: str) -> None:
        """By DeleteObject, which does not mind that there is none."""
        with translated("S3 DeleteObject"):
            self.clients.s3.delete_object(Bucket=self.bucket, Key=checked_name(name))

    def begin(self, name: str) -> str:
        """A multipart upload; the lifecycle of the bucket takes away one that nobody ends."""
        with translated("S3 CreateMultipartUpload"):
            return self.clients.s3.create_multipart_upload(
                Bucket=self.bucket, Key=checked_name(name)
            )["UploadId"]

    def write_part(self, name: str, writing_id: str, number: int, content: bytes) -> str:
        """Its tag is S3's."""
        with translated("S3 UploadPart"), _no("writing", writing_id, _NO_UPLOAD):
            return self.clients.s3.upload_part(
                Bucket=self.bucket,
                Key=checked_name(name),
                UploadId=writing_id,
                PartNumber=number,
                Body=content,
            )["ETag"]

    def complete(self, name: str, writing_id: str, tags: Sequence[str]) -> None:
        """What was completed so already, S3 takes again for a while."""
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, start=1)
        ]
        with (
            translated("S3 CompleteMultipartUpload"),
            _no("writing", writing_id, _NO_UPLOAD | _NO_PART),
        ):
            self.clients.s3.complete_multipart_upload(
                Bucket=self.bucket,
                Key=checked_name(name),
                UploadId=writing_id,
                MultipartUpload={"Parts": parts},
            )

    def abandon(self, name: str, writing_id: str) -> None:
        """With what it stored."""
        with (
            translated("S3 AbortMultipartUpload"),
            suppress(NotFound),
            _no("writing", writing_id, _NO_UPLOAD),
        ):
            self.clients.s3.abort_multipart_upload(
                Bucket=self.bucket, Key=checked_name(name), UploadId=writing_id
            )

    def _signed(self, method: str, asked: dict[str, str], duration: timedelta) -> SignedUrl:
        expires_at = self.clock.now() + duration
        with translated("S3 signing"):
            url = self.clients.s3.generate_presigned_url(
                method,
                Params={"Bucket": self.bucket, **asked},
                ExpiresIn=int(duration.total_seconds()),
            )
        return SignedUrl(url, expires_at)


@contextmanager
def _no(kind: str, identifier: str, codes: frozenset[str]) -> Iterator[None]:
    """Raise NotFound in place of an error with one of these codes."""
    try:
        yield
    except ClientError as error:
        if code_of(error) in codes:
            raise NotFound(kind, identifier) from None
        raise
