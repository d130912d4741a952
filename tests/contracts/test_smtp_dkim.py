"""What is signed verifies, by another's code; whatever is changed on the way does not."""

import subprocess
import sys
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it has no types
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adapters.smtp.dkim import DkimSigner
from adapters.smtp.mailer import SmtpMailer
from adapters.smtp.smtp_url import SmtpServer, Tls
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.errors import InvalidInput
from tests.contracts.family import SENDER
from tests.contracts.smtp_inbox import smtp_inbox
from tests.contracts.test_mailer import messages

WITHIN = timedelta(seconds=20)
DOMAIN, SELECTOR = "sentinel.example", "autumn.2026"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    """A fresh one."""
    return generate_private_key(65_537, 2_048)


@pytest.fixture(scope="module")
def key_file(key: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `openssl genrsa` writes it."""
    return written(key, tmp_path_factory.mktemp("dkim"))


def written(key: RSAPrivateKey | Ed25519PrivateKey, folder: Path, passphrase: bytes = b"") -> Path:
    """In PEM."""
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    path = folder / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return path


@pytest.fixture(scope="module")
def signed(key_file: Path) -> bytes:
    """A mail as it arrived, with everything that can be in one."""
    (message,) = messages(1)
    message = replace(
        message,
        subject="Grüße " * 30,
        text="Trailing \t\r\n\r\n.\r\n  two  blanks\r\n\r\n",
        reply_to="Help <help@sentinel.example>",
        unsubscribe_url="https://mail.example.com/u/token",
    )
    with (
        smtp_inbox() as inbox,
        closing(
            SmtpMailer(
                SmtpServer("127.0.0.1", inbox.port, Tls.OFF),
                SENDER,
                SystemClock(),
                SystemIds().write_token,
                sign=DkimSigner.from_file(DOMAIN, SELECTOR, key_file),
            )
        ) as mailer,
    ):
        mailer.send([message], WITHIN)
    return inbox.received[0].content


def is_verified(mail: bytes, key: RSAPrivateKey) -> bool:
    """By dkimpy, which finds the key where the signature says that it is."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def texts(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001  dkimpy's interface
        is_there = name == f"{SELECTOR}._domainkey.{DOMAIN}.".encode()
        return b"v=DKIM1; k=rsa; p=" + b64encode(public) if is_there else None

    return bool(dkim.verify(mail, dnsfunc=texts))


def test_a_signature_verifies(signed: bytes, key: RSAPrivateKey) -> None:
    """And is in ASCII, so that no relay has to change what was signed."""
    assert signed.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
    assert is_verified(signed, key)
    assert signed.isascii()
    assert max(map(len, signed.split(b"\r\n"))) <= 998


def test_a_signature_outlives_what_relays_do_to_white_space(
    signed: bytes, key: RSAPrivateKey
) -> None:
    """They fold headers anew, and take it from the ends of lines."""
    relayed = signed.replace(b"\r\n multipart", b" multipart").replace(b"To: ", b"To:   ")
    assert relayed != signed
    assert is_verified(relayed, key)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"blanks", b"blonks"),
        (b"From: Sentinel", b"From: Somebody"),
        (b"List-Unsubscribe: <https://mail", b"List-Unsubscribe: <https://evil"),
        (b"One-Click", b"Two-Click"),
        (b"X-Sentinel-Ref: cmp", b"X-Sentinel-Ref: cmq"),
        (b"From: ", b"From: Somebody <else@example.com>\r\nFrom: "),
        (b"To: ", b"Subject: Another\r\nTo: "),
        (b"To: ", b"Content-Type: text/plain\r\nTo: "),
    ],
)
def test_what_was_changed_does_not_verify(
    signed: bytes, key: RSAPrivateKey, old: bytes, new: bytes
) -> None:
    """Nothing of what a reader sees, and no header that some programs would see first."""
    changed = signed.replace(b"\r\n" + old, b"\r\n" + new, 1)
    changed = signed.replace(old, new, 1) if changed == signed else changed
    assert changed != signed
    assert not is_verified(changed, key)


def test_no_key_but_an_rsa_key_will_do(tmp_path: Path, key: RSAPrivateKey) -> None:
    """The error names the setting, and holds nothing of the key."""
    text = tmp_path / "text.pem"
    text.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    (tmp_path / "ed25519").mkdir()
    (tmp_path / "locked").mkdir()
    for path in (
        tmp_path / "nowhere.pem",
        tmp_path,
        text,
        written(Ed25519PrivateKey.generate(), tmp_path / "ed25519"),
        written(key, tmp_path / "locked", b"passphrase"),
    ):
        with pytest.raises(InvalidInput, match=r"^DKIM_KEY_FILE: ") as refused:
            DkimSigner.from_file(DOMAIN, SELECTOR, path)
        assert "c2VjcmV0" not in str(refused.value)


@pytest.mark.parametrize(
    ("domain", "selector", "setting"),
    [
        ("bücher.example", "s", "DKIM_DOMAIN"),
        ("example.com; d=example.org", "s", "DKIM_DOMAIN"),
        ("", "s", "DKIM_DOMAIN"),
        ("example.com", "", "DKIM_SELECTOR"),
        ("example.com", "s;", "DKIM_SELECTOR"),
        ("example.com", "a..b", "DKIM_SELECTOR"),
    ],
)
def test_names_are_those_of_the_dns(
    key_file: Path, domain: str, selector: str, setting: str
) -> None:
    """Nothing else gets into the signature's tags."""
    with pytest.raises(InvalidInput, match=f"^{setting}: "):
        DkimSigner.from_file(domain, selector, key_file)


def test_who_does_not_sign_does_not_load_what_signs() -> None:
    """Neither library, in a process that sends."""
    code = (
        "import sys, adapters.smtp.mailer\n"
        "assert not {'dkim', 'cryptography'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  our own code
