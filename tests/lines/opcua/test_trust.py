"""Which certificate of a server is trusted, and the alarms about those that end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from lines.alarms.models import Alarm
from lines.certificates import errors, services
from lines.errors import Code, Refusal
from lines.opcua import trust
from lines.opcua.pki import Identity, Pki, make_identity
from lines.plant.models import OpcUaServer
from tests.lines.rows import make_line, make_server, make_station

URI = "urn:plant:assembly"


@pytest.fixture(scope="module")
def one() -> Identity:
    """Keys are slow to make; two do for all tests."""
    return make_identity("Assembly", URI, ["127.0.0.1"])


@pytest.fixture(scope="module")
def other() -> Identity:
    return make_identity("Assembly", URI, ["127.0.0.1"])


def _issued(issuer: Identity, *, ca: bool = False, uri: str = URI, host: str = "plc.plant") -> Identity:
    """A certificate by an authority, or that authority itself where `issuer` has signed itself."""
    key = issuer.key if ca else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Plant CA" if ca else "PLC")])
    by = name if ca else issuer.certificate.subject
    usage = dict.fromkeys(
        ("key_agreement", "crl_sign", "encipher_only", "decipher_only", "content_commitment"), False
    ) | dict.fromkeys(("digital_signature", "key_encipherment", "data_encipherment"), True)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(by, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=ca, **usage), critical=True)
    )
    if not ca:
        names = [x509.UniformResourceIdentifier(uri), x509.DNSName(host)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Identity(builder.sign(issuer.key, hashes.SHA256()), key)


def _verdict(
    certificate: x509.Certificate,
    trusted: list[x509.Certificate],
    *,
    revocations: list[x509.CertificateRevocationList] | None = None,
    uri: str = URI,
    host: str = "plc.plant",
    in_days: int = 0,
) -> Code | None:
    try:
        trust.check(
            certificate,
            sent=[],
            trusted=trusted,
            revocations=revocations or [],
            application_uri=uri,
            host=host,
            now=datetime.now(UTC) + timedelta(days=in_days),
        )
    except Refusal as refusal:
        return refusal.code
    return None


def test_a_certificate_of_a_trusted_authority_is_trusted_for_its_host_until_it_is_revoked(other: Identity) -> None:
    authority = _issued(other, ca=True)
    plc = _issued(authority).certificate
    trusted = [authority.certificate]
    assert _verdict(plc, trusted) is None
    assert _verdict(plc, trusted, host="127.0.0.1") is errors.WRONG_HOST
    assert _verdict(plc, trusted, uri="urn:else") is errors.WRONG_URI
    assert _verdict(plc, trusted, in_days=400) in {errors.EXPIRED, errors.UNTRUSTED}
    now = datetime.now(UTC)
    taken_back = x509.RevokedCertificateBuilder(plc.serial_number, now).build()
    revocations = (
        x509.CertificateRevocationListBuilder(authority.certificate.subject, now, now + timedelta(days=7))
        .add_revoked_certificate(taken_back)
        .sign(authority.key, hashes.SHA256())
    )
    assert _verdict(plc, trusted, revocations=[revocations]) is errors.REVOKED


def test_a_trusted_station_cannot_vouch_for_another_one(one: Identity) -> None:
    """Self-signed certificates of many makes call themselves an authority."""
    station = one
    forged = _issued(station).certificate
    assert _verdict(forged, [station.certificate]) is errors.CHANGED


def test_a_certificate_trusted_by_its_fingerprint_still_needs_its_time_and_its_uri(one: Identity) -> None:
    certificate = one.certificate
    assert _verdict(certificate, [certificate], host="another.name") is None
    assert _verdict(certificate, [certificate], uri="urn:else") is errors.WRONG_URI
    assert _verdict(certificate, [certificate], in_days=3000) is errors.EXPIRED
    long = make_identity("Assembly\nMES-L-0805: all is well\x1b[2J", "urn:odd").certificate
    with pytest.raises(Refusal) as caught:
        trust.check(long, sent=[], trusted=[], revocations=[], application_uri="", host="", now=datetime.now(UTC))
    assert str(caught.value).isprintable(), "a stranger's certificate must not write lines of our log"
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "weak")])
    small = (
        x509.CertificateBuilder(name, name, weak.public_key(), 1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(weak, hashes.SHA256())
    )
    assert _verdict(small, [small]) is errors.UNFIT


@pytest.mark.django_db
def test_a_certificate_that_ends_soon_and_a_server_that_is_refused_raise_an_alarm_until_it_is_over(
    tmp_path: Path, settings: Any, one: Identity, other: Identity
) -> None:
    settings.DENCHI_VAR = tmp_path
    pki = Pki(tmp_path / "pki")
    line = make_line()
    make_station(make_server(line, "COATING"), "COAT-1")
    assembly = make_server(line, "ASSEMBLY")
    make_station(assembly, "STACK-1")
    OpcUaServer.objects.filter(pk=assembly.pk).update(security_policy="Basic256Sha256")
    services.watch()
    assert not Alarm.objects.exists()

    pki.saw(one.certificate, "", "own")
    ending = make_identity("Assembly", URI, days=29).certificate
    pki.saw(ending, "ASSEMBLY", "server")
    pki.saw(ending, "COATING", "server")  # of a server that is no longer secured
    answer = "BadUserAccessDenied"
    pki.refused("ASSEMBLY", errors.USER_REFUSED.code, f"It answered {answer}.", f"応答：{answer}。")
    for _ in range(2):
        services.watch()
    found = {alarm.code: alarm for alarm in Alarm.objects.all()}
    assert len(found) == Alarm.objects.count() == 2
    assert {alarm.station.code for alarm in found.values()} == {"STACK-1"}
    ends = found[errors.EXPIRES.code]
    assert ends.message_en.startswith("The server's certificate (ASSEMBLY) expires on 20")
    assert "サーバーの証明書（ASSEMBLY）" in ends.message_ja
    assert found[errors.USER_REFUSED.code].message_en.endswith("It answered BadUserAccessDenied.")
    assert found[errors.USER_REFUSED.code].message_ja.endswith("拒否しました。応答：BadUserAccessDenied。")

    pki.saw(other.certificate, "ASSEMBLY", "server")
    (pki.folder / "seen" / "ASSEMBLY.refused").unlink()
    pki.saw(make_identity("Denchi gateway", "urn:here:denchi:gateway", days=10).certificate, "", "own")
    services.watch()
    (standing,) = Alarm.objects.filter(cleared_at=None)
    assert (
        standing.message_en.startswith("The gateway's own certificate expires on")
        and standing.station.code == "STACK-1"
    )
