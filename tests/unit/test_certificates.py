"""The certificates of a server with TLS: whom they name, where their authority is kept."""

import ipaddress
import ssl
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from mockserver.certificates import KEY_FILE, certificates_of
from mockserver.errors import SettingError
from mockserver.settings import Settings
from mockserver.trust import AUTHORITY_FILE

HOSTS = ["api.vendor.example", "vendor.example"]


def names_of(settings: Settings) -> list[str]:
    """The names in the certificate that a client is shown, which it trusts."""
    certificates = certificates_of(settings, HOSTS)
    authority = certificates.authority
    assert authority is not None
    client = ssl.create_default_context(cadata=authority.decode())
    shown = _shown_to(client, certificates.context)
    found = x509.load_der_x509_certificate(shown).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return [str(name.value) for name in found.value]


def _shown_to(client: ssl.SSLContext, server: ssl.SSLContext) -> bytes:
    """The certificate after a handshake without a network. Raises SSLCertVerificationError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=HOSTS[0])
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (ours, theirs, ours):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = ours.getpeercert(binary_form=True)
    assert shown is not None
    return shown


def test_a_certificate_names_the_vendors_this_machine_and_the_names_given() -> None:
    given = ("mock.test", "*.mock.test", "10.0.0.7", "localhost")
    here = ["localhost", str(ipaddress.ip_address("127.0.0.1")), "::1"]
    names = names_of(Settings(tls=True, tls_names=given))
    assert names == [*HOSTS, *here, "mock.test", "*.mock.test", "10.0.0.7"]


def test_without_a_folder_each_start_has_an_authority_of_its_own() -> None:
    first, second = (certificates_of(Settings(tls=True), HOSTS) for _ in range(2))
    assert first.authority != second.authority


def test_a_folder_keeps_the_authority_and_only_its_owner_reads_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    settings = Settings(tls=True, tls_dir=str(folder))
    first, second = (certificates_of(settings, HOSTS) for _ in range(2))
    assert first.authority == second.authority == (folder / AUTHORITY_FILE).read_bytes()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {KEY_FILE: 0o600, AUTHORITY_FILE: 0o644}
    assert names_of(settings)[0] == HOSTS[0]
    assert b"PRIVATE" not in (folder / AUTHORITY_FILE).read_bytes()


def test_servers_that_start_together_share_one_authority(tmp_path: Path) -> None:
    settings = Settings(tls=True, tls_dir=str(tmp_path))
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: certificates_of(settings, HOSTS).authority, range(8)))
    assert len(set(made)) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == [KEY_FILE, AUTHORITY_FILE]


def test_a_certificate_file_that_was_removed_is_written_again(tmp_path: Path) -> None:
    settings = Settings(tls=True, tls_dir=str(tmp_path))
    made = certificates_of(settings, HOSTS).authority
    (tmp_path / AUTHORITY_FILE).unlink()
    assert certificates_of(settings, HOSTS).authority == made
    assert (tmp_path / AUTHORITY_FILE).read_bytes() == made


@pytest.mark.parametrize("content", [b"", b"no key", b"\0" * 100])
def test_a_broken_key_file_stops_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / KEY_FILE
    file.write_bytes(content)
    with pytest.raises(SettingError) as caught:
        certificates_of(Settings(tls=True, tls_dir=str(tmp_path)), HOSTS)
    assert str(caught.value) == (
        f"{file}: is no private key with a certificate in PEM; remove it to have a new authority "
        "made"
    )


def test_a_folder_that_is_a_file_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SettingError) as caught:
        certificates_of(Settings(tls=True, tls_dir=str(file)), HOSTS)
    assert str(caught.value) == f"--tls-dir {file}: cannot keep the authority: File exists"


def own(folder: Path) -> tuple[trustme.CA, str, str]:
    """An authority, and the files of a certificate and its key."""
    authority = trustme.CA()
    leaf = authority.issue_cert(HOSTS[0])
    certificate, key = folder / "own.pem", folder / "own-key.pem"
    certificate.write_bytes(leaf.cert_chain_pems[0].bytes())
    key.write_bytes(leaf.private_key_pem.bytes())
    return authority, str(certificate), str(key)


def test_a_certificate_of_ones_own_is_shown_and_no_authority_is_told(tmp_path: Path) -> None:
    authority, certificate, key = own(tmp_path)
    certificates = certificates_of(Settings(tls=True, tls_cert=certificate, tls_key=key), HOSTS)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    _shown_to(client, certificates.context)
    assert certificates.authority is None


def test_a_certificate_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    _, certificate, key = own(tmp_path)
    other = tmp_path / "other.pem"
    other.write_bytes(trustme.CA().issue_cert("x").private_key_pem.bytes())
    sentences = {}
    for name, files in {
        "missing": (certificate, str(tmp_path / "none.pem")),
        "of another": (certificate, str(other)),
        "no PEM": (key, key),
    }.items():
        with pytest.raises(SettingError) as caught:
            certificates_of(Settings(tls=True, tls_cert=files[0], tls_key=files[1]), HOSTS)
        place = f"--tls-cert {files[0]}, --tls-key {files[1]}: "
        sentences[name] = str(caught.value).removeprefix(place)
    assert sentences == {
        "missing": "cannot be read: No such file or directory",
        "of another": "cannot be used together: key values mismatch",
        "no PEM": "cannot be used together: no certificate and key in PEM",
    }


def test_without_the_library_the_start_names_what_to_install() -> None:
    code = """if True:
        import sys
        sys.modules["trustme"] = None
        from mockserver.app import create_app
        create_app(tls=True)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "install lead-mockserver[tls]" in done.stderr.splitlines()[-1]


def test_without_tls_no_library_for_it_is_loaded() -> None:
    code = """if True:
        import sys
        from mockserver import MockServer
        with MockServer():
            print({"trustme", "cryptography"} & sys.modules.keys())
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
