"""The gateway's folder of keys and certificates: its own, those it trusts, logins, and what the servers show. Pure.

    own/certificate.der, own/key.pem     who the gateway is
    trusted/*                            server certificates, or those of the authorities that issue them
    crl/*                                lists of certificates that those authorities took back
    users/<SERVER>.password, .der, .key  logins, by the server's code in the plant data
    seen/own.der, <SERVER>.server.der, <SERVER>.login.der    what was last used
    seen/<SERVER>.refused                why a server was not connected to, and when

Everything private has mode 0600 and is not used with another one. `seen` has nothing private: it is for the worker that
raises alarms.
"""

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lines.certificates import errors
from lines.errors import Code, Refusal

logger = logging.getLogger(__name__)

KEY_BITS = 2048  # the size that every controller takes
DAYS = 1825
# What reading a spoilt certificate raises.
BROKEN = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True)
class Identity:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@dataclass(frozen=True)
class Refused:
    """Why the gateway last did not connect to a server."""

    server: str
    at: datetime
    code: str
    detail: str
    detail_ja: str


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, as most servers show it: AB:CD:..."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def application_uris(certificate: x509.Certificate) -> list[str]:
    """The OPC UA applications a certificate speaks for; usually one."""
    return [printable(uri) for uri in _names(certificate).get_values_for_type(x509.UniformResourceIdentifier)]


def hosts(certificate: x509.Certificate) -> set[str]:
    """The host names and IP addresses of a certificate, in small letters."""
    names = _names(certificate)
    found = {printable(name.lower()) for name in names.get_values_for_type(x509.DNSName)}
    return found | {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def common_name(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return printable(str(found[0].value) if found else certificate.subject.rfc4514_string())


def printable(text: str) -> str:
    """What a stranger wrote into a certificate, fit for one line of a log or a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)[:200]


def valid(certificate: x509.Certificate) -> str:
    """First and last day."""
    return f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"


def _names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


def make_identity(
    name: str, uri: str = "", host_names: Iterable[str] = (), days: int = DAYS, now: datetime | None = None
) -> Identity:
    """A new key and a self-signed certificate as OPC 10000-6 6.2.2 wants it; with a `uri` it is an application's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri)] if uri else []
    names += [_host(each) for each in host_names]
    now = now or datetime.now(UTC)
    usage = dict.fromkeys(("key_agreement", "crl_sign", "encipher_only", "decipher_only"), False)
    usage |= dict.fromkeys(
        # Self-signed certificates need key_cert_sign, or OpenSSL does not take them for that.
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_cert_sign"),
        True,
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # the other side's clock may be behind
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Identity(builder.sign(key, hashes.SHA256()), key)


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def load_certificate(content: bytes) -> x509.Certificate:
    """From PEM or DER; raises ValueError."""
    if content.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(content)


class Pki:
    """Reads and writes the folder. Raises Refusal for what is missing, unreadable or open to others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def own(self) -> Identity:
        """Raises Refusal: OWN_MISSING, FILE_NOT_PRIVATE."""
        return self._identity(self.own_certificate, self.folder / "own" / "key.pem", errors.OWN_MISSING)

    @property
    def own_certificate(self) -> Path:
        return self.folder / "own" / "certificate.der"

    def save_own(self, identity: Identity) -> None:
        self._save(identity, self.own_certificate, self.folder / "own" / "key.pem")

    def login(self, server: str) -> Identity:
        """Raises Refusal: LOGIN_MISSING, FILE_NOT_PRIVATE."""
        users = self.folder / "users"
        return self._identity(users / f"{server}.der", users / f"{server}.key", errors.LOGIN_MISSING)

    def save_login(self, server: str, identity: Identity) -> Path:
        path = self.folder / "users" / f"{server}.der"
        self._save(identity, path, path.with_suffix(".key"))
        return path

    def password(self, server: str) -> str:
        """Raises Refusal: LOGIN_MISSING, FILE_NOT_PRIVATE."""
        path = self.folder / "users" / f"{server}.password"
        try:
            return _private(path, errors.LOGIN_MISSING).decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise Refusal(errors.LOGIN_MISSING, f"{path}: UTF-8?") from None

    def trusted(self) -> list[x509.Certificate]:
        found = []
        for path in self._files("trusted"):
            try:
                certificate = load_certificate(path.read_bytes())
                application_uris(certificate)  # what can't be read later is told here
                found.append(certificate)
            except (*BROKEN, OSError) as error:
                logger.warning("%s is no certificate and trusts nothing: %s", path, error)
        return found

    def trust(self, certificate: x509.Certificate) -> Path:
        """Put a certificate into the trust list."""
        print_of = fingerprint(certificate).replace(":", "").lower()
        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in common_name(certificate))[:60]
        path = self.folder / "trusted" / f"{name}-{print_of[:16]}.der"
        _write(path, certificate.public_bytes(Encoding.DER), 0o644)
        return path

    def revocations(self) -> list[x509.CertificateRevocationList]:
        """Raises Refusal: UNFIT where one cannot be read; better no connection than one with a list left out."""
        found = []
        for path in self._files("crl"):
            try:
                content = path.read_bytes()
                is_text = content.lstrip().startswith(b"-----BEGIN")
                found.append(x509.load_pem_x509_crl(content) if is_text else x509.load_der_x509_crl(content))
            except (ValueError, OSError) as error:
                raise Refusal(errors.UNFIT, f"{path}: {error}.") from None
        return found

    def saw(self, certificate: x509.Certificate | None, server: str, kind: str) -> None:
        """What is used with a server ("server", "login"; without one "own"), for the warning before it expires."""
        path = self.folder / "seen" / f"{server}.{kind}.der".lstrip(".")
        if certificate is None:
            path.unlink(missing_ok=True)
            return
        content = certificate.public_bytes(Encoding.DER)
        if not path.exists() or path.read_bytes() != content:
            _write(path, content, 0o644)

    def refused(self, server: str, code: str, detail: str, detail_ja: str) -> None:
        """Why a server is not connected to now; for the alarm."""
        lines = (code, *(" ".join(text.split()) for text in (detail, detail_ja)))
        _write(self.folder / "seen" / f"{server}.refused", "\n".join(lines).encode(), 0o644)

    def refusals(self) -> list[Refused]:
        found = []
        for path in self._files("seen", ".refused"):
            text = path.read_text(encoding="utf-8", errors="replace")
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            code, detail, detail_ja = [*text.split("\n"), "", "", ""][:3]
            found.append(Refused(path.stem, at, code, detail, detail_ja))
        return found

    def ends(self) -> list[tuple[str, str, datetime]]:
        """(server or nothing, "own" | "login" | "server", end) of every certificate that was used."""
        found = []
        for path in self._files("seen", ".der"):
            server, _, kind = path.name.removesuffix(".der").rpartition(".")
            with suppress(ValueError, OSError):
                found.append((server, kind, load_certificate(path.read_bytes()).not_valid_after_utc))
        return found

    def _files(self, name: str, suffix: str = "") -> list[Path]:
        folder = self.folder / name
        if not folder.is_dir():
            return []
        return sorted(
            path
            for path in folder.iterdir()
            if path.is_file() and not path.name.startswith(".") and path.name.endswith(suffix)
        )

    def _identity(self, certificate: Path, key: Path, missing: Code) -> Identity:
        content = _private(key, missing)
        try:
            found = Identity(
                load_certificate(certificate.read_bytes()),
                load_pem_private_key(content, None),  # type: ignore[arg-type]  # another kind of key is refused below
            )
        except (OSError, ValueError, TypeError) as error:
            raise Refusal(missing, f"{certificate} or {key}: {error}.") from None
        if not isinstance(found.key, rsa.RSAPrivateKey):
            raise Refusal(missing, f"{key} is no RSA key.", ja=f"{key} は RSA 鍵ではありません。")
        if found.key.public_key() != found.certificate.public_key():
            ja = f"{key} は {certificate} の鍵ではありません。"
            raise Refusal(missing, f"{key} is not the key of {certificate}.", ja=ja)
        return found

    def _save(self, identity: Identity, certificate: Path, key: Path) -> None:
        plain = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(key, plain, 0o600)
        _write(certificate, identity.certificate.public_bytes(Encoding.DER), 0o644)


def _private(path: Path, missing: Code) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            mode = f"{path.stat().st_mode & 0o777:04o}"
            raise Refusal(errors.FILE_NOT_PRIVATE, f"{path} has mode {mode}.", ja=f"{path} の権限は {mode} です。")
        return path.read_bytes()
    except OSError as error:
        raise Refusal(missing, f"{path}: {error.strerror}.") from None


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all; a private one is readable by nobody else at any moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    half.replace(path)
