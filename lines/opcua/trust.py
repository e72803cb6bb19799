"""Whether a server's certificate may be trusted, after OPC 10000-4 6.1.3; what does not fit has a code. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from lines.certificates import errors
from lines.errors import Refusal
from lines.opcua.pki import BROKEN, application_uris, common_name, fingerprint, hosts, printable, valid

LONGEST_CHAIN = 4


def check(
    certificate: x509.Certificate,
    *,
    sent: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    revocations: Sequence[x509.CertificateRevocationList],
    application_uri: str,
    host: str,
    now: datetime,
) -> None:
    """Raises Refusal with the first thing that is wrong. `sent`: more certificates that the server sent with its own.

    `application_uri` is what the server says it is, `host` the one of our plant data. The host is compared only where
    an authority is trusted: a certificate that a person trusted by its fingerprint is known better than by a name.
    What can't be parsed raises BROKEN.
    """
    issuers: list[x509.Certificate] = []
    if certificate not in trusted:
        issuers = _issuers(certificate, [*trusted, *sent], trusted, now)
        if not issuers:
            raise _untrusted(certificate, trusted)
        _check_revoked([certificate, *issuers], revocations)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        days, at = valid(certificate), f"{now:%Y-%m-%d %H:%M} UTC"
        ja = f"有効期間 {days}、現在 {at}。"
        raise Refusal(errors.EXPIRED, f"It is valid {days}, and it is {at} now.", ja=ja)
    _check_fit(certificate)
    uris = application_uris(certificate)
    if application_uri not in uris:
        names, said = ", ".join(uris) or "-", printable(application_uri)
        ja = f"証明書：{names}、サーバーの申告：{said}。"
        raise Refusal(errors.WRONG_URI, f"It names {names}; the server says {said}.", ja=ja)
    if issuers and host.lower() not in hosts(certificate):
        names = ", ".join(sorted(hosts(certificate))) or "-"
        ja = f"証明書：{names}、工場データ：{host}。"
        raise Refusal(errors.WRONG_HOST, f"It names {names}; the plant data say {host}.", ja=ja)


def _untrusted(certificate: x509.Certificate, trusted: Iterable[x509.Certificate]) -> Refusal:
    uris = set(application_uris(certificate))
    shown = f"{common_name(certificate)[:64]}, SHA-256 {fingerprint(certificate)}"
    for other in trusted:
        if uris & set(application_uris(other)):
            # Shortened, so that all of it fits into an alarm.
            known = f"{fingerprint(other)[:23]}..., {valid(other)}"
            ja = f"提示：{shown}、信頼済み：{known}。"
            return Refusal(errors.CHANGED, f"It shows {shown}; trusted is {known}.", ja=ja)
    return Refusal(errors.UNTRUSTED, f"It shows {shown}.", ja=f"提示：{shown}。")


def _issuers(
    certificate: x509.Certificate,
    candidates: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    now: datetime,
) -> list[x509.Certificate]:
    """The way from a certificate up to an authority of the trust list; empty where there is none."""
    way: list[x509.Certificate] = []
    below = certificate
    while len(way) < LONGEST_CHAIN:
        issuer = next((each for each in candidates if _issued(below, each, len(way), now)), None)
        if issuer is None:
            return []
        way.append(issuer)
        if issuer in trusted:
            return way
        below = issuer
    return []


def _issued(below: x509.Certificate, issuer: x509.Certificate, between: int, now: datetime) -> bool:
    if not _is_authority(issuer, between) or not issuer.not_valid_before_utc <= now <= issuer.not_valid_after_utc:
        return False
    try:
        below.verify_directly_issued_by(issuer)
    except (*BROKEN, InvalidSignature):
        return False
    return True


def _is_authority(certificate: x509.Certificate, between: int) -> bool:
    """Self-signed application certificates often call themselves an authority; a trusted station must not be able to
    vouch for another one, so what speaks for an application is none."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    is_deep_enough = constraints.path_length is None or constraints.path_length >= between
    return constraints.ca and usage.key_cert_sign and is_deep_enough and not application_uris(certificate)


def _check_revoked(way: Sequence[x509.Certificate], revocations: Sequence[x509.CertificateRevocationList]) -> None:
    for below, issuer in pairwise(way):
        for each in revocations:
            key = issuer.public_key()
            if each.issuer != issuer.subject or not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
                continue
            if not each.is_signature_valid(key):
                continue
            found = each.get_revoked_certificate_by_serial_number(below.serial_number)
            if found is not None:
                raise Refusal(errors.REVOKED, f"{common_name(below)}, {found.revocation_date_utc:%Y-%m-%d}.")


def _check_fit(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or not 2048 <= key.key_size <= 4096:
        size = f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__
        raise Refusal(errors.UNFIT, f"Its key is {size}.", ja=f"鍵：{size}。")
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.digest_size < 32:
        name = algorithm.name if algorithm else "?"
        raise Refusal(errors.UNFIT, f"It is signed with {name}.", ja=f"署名：{name}。")
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        purposes = None
    if purposes is not None and ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        ja = "拡張鍵用途にサーバー認証がありません。"
        raise Refusal(errors.UNFIT, "Its extended key usage has no server authentication.", ja=ja)
