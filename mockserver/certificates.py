"""The certificate that TLS needs: one of the operator's, or one of an authority made here.

The library that makes certificates is an extra of this package, and is imported only for that.
"""

import os
import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.errors import SettingError
from mockserver.settings import Settings
from mockserver.trust import AUTHORITY_FILE

if TYPE_CHECKING:
    import trustme

KEY_FILE = "authority-key.pem"
"""The private key of the authority, and its certificate once more: the two belong together."""

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
# Some systems refuse the certificate of a server that is valid for more than 398 days.
_DAYS = 397
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----\n?", re.DOTALL)


@dataclass(frozen=True)
class Certificates:
    """What a server shows to its clients.

    `authority` is what they have to trust, in PEM; None where the certificate is the operator's.
    """

    context: ssl.SSLContext
    authority: bytes | None


def certificates_of(settings: Settings, hosts: Iterable[str]) -> Certificates:
    """The certificate for these hosts, this machine, and the names in the settings.

    Raises SettingError for files that cannot be read or written, and without the library.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    if settings.tls_cert:
        _load_own(context, settings)
        return Certificates(context, None)
    authority = _authority(settings)
    now = datetime.now(UTC)
    leaf = authority.issue_cert(
        *dict.fromkeys((*hosts, *LOOPBACK_NAMES, *settings.tls_names)),
        organization_name="mockserver",
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=_DAYS),
    )
    leaf.configure_cert(context)
    return Certificates(context, authority.cert_pem.bytes())


def _load_own(context: ssl.SSLContext, settings: Settings) -> None:
    names = f"--tls-cert {settings.tls_cert}, --tls-key {settings.tls_key}"
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password=_no_password)
    except ssl.SSLError as error:
        reason = "no certificate and key in PEM"
        if error.reason:
            reason = error.reason.lower().replace("_", " ")
        raise SettingError(f"{names}: cannot be used together: {reason}") from None
    except (OSError, ValueError) as error:
        raise SettingError(f"{names}: cannot be read: {_reason(error)}") from None


def _no_password() -> str:
    # Without this OpenSSL would ask for one on the terminal, and wait.
    raise ValueError("the key has a password")


def _authority(settings: Settings) -> "trustme.CA":
    try:
        import trustme
    except ImportError:
        raise SettingError(
            "--tls (or MOCKSERVER_TLS) needs a library that makes certificates: install "
            "lead-mockserver[tls], or name a certificate of your own with --tls-cert and --tls-key"
        ) from None
    if not settings.tls_dir:
        return trustme.CA(organization_name="mockserver")
    folder = Path(settings.tls_dir)
    try:
        return _kept_authority(folder)
    except OSError as error:
        place = f"--tls-dir {folder}"
        raise SettingError(f"{place}: cannot keep the authority: {_reason(error)}") from None


def _kept_authority(folder: Path) -> "trustme.CA":
    import trustme

    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / KEY_FILE
    if not key_file.exists():
        made = trustme.CA(organization_name="mockserver")
        with suppress(FileExistsError):  # another server was faster: its authority counts
            _create(key_file, made.private_key_pem.bytes() + made.cert_pem.bytes())
    authority = _read_authority(key_file)
    certificate = authority.cert_pem.bytes()
    public_file = folder / AUTHORITY_FILE
    if not public_file.exists() or public_file.read_bytes() != certificate:
        _replace(public_file, certificate)
    return authority


def _read_authority(file: Path) -> "trustme.CA":
    import trustme

    key, certificate = b"", b""
    for block in _PEM.finditer(file.read_bytes()):
        if block[1] == b"CERTIFICATE":
            certificate = block[0]
        else:
            key = block[0]
    try:
        return trustme.CA.from_pem(certificate, key)
    except (ValueError, TypeError):
        raise SettingError(
            f"{file}: is no private key with a certificate in PEM; remove it to have a new "
            "authority made"
        ) from None


def _create(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read. Raises FileExistsError."""
    with _written_beside(file, content) as whole:
        os.link(whole, file)


def _replace(file: Path, content: bytes) -> None:
    """Write a file that everybody can read; nobody ever sees half of it."""
    with _written_beside(file, content) as whole:
        os.chmod(whole, 0o644)
        os.replace(whole, file)


@contextmanager
def _written_beside(file: Path, content: bytes) -> Iterator[str]:
    import tempfile

    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
