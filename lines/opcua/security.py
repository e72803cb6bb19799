"""Security of one OPC UA connection: policy, certificates, trust, user; what does not fit is told in one line.

The order: ask the server for its endpoints over an open channel (as OPC UA has it), judge its certificate by our trust
list, and only then connect, to that very certificate. What the open channel said need not be true: a server that does
not hold the certificate's key can't open the encrypted one.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.utils import Buffer
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import InvalidSignature  # type: ignore[attr-defined]  # asyncua's own
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary
from asyncua.ua.uaerrors import UaStatusCodeError
from cryptography import x509
from django.conf import settings

from lines.certificates import errors
from lines.errors import SERVER_NOT_SECURED, Code, Refusal
from lines.opcua import trust
from lines.opcua.pki import BROKEN, Pki, application_uris, load_certificate, printable, valid
from lines.opcua.queries import Server
from lines.plant.models import Authentication, SecurityPolicy

DEMO_URI = "urn:denchi:gateway"
ENDPOINTS_TIMEOUT_S = 10.0

_POLICIES: dict[str, Any] = {
    SecurityPolicy.BASIC256SHA256: security_policies.SecurityPolicyBasic256Sha256,
    SecurityPolicy.AES256_SHA256_RSAPSS: security_policies.SecurityPolicyAes256Sha256RsaPss,
}
_TOKENS = {
    Authentication.ANONYMOUS: ua.UserTokenType.Anonymous,
    Authentication.USER_NAME: ua.UserTokenType.UserName,
    Authentication.CERTIFICATE: ua.UserTokenType.Certificate,
}
_FAULT = ua.NodeId.from_string("i=397")  # ServiceFault, in binary
_SIGN_AND_ENCRYPT = ua.MessageSecurityMode.SignAndEncrypt

# What servers answer, by what it means for us.
_ANSWERS: dict[Code, tuple[str, ...]] = {
    errors.OWN_REFUSED: (
        "BadSecurityChecksFailed",  # what servers say that tell a stranger nothing
        "BadCertificateUntrusted",
        "BadCertificateInvalid",
        "BadCertificateTimeInvalid",
        "BadCertificateUriInvalid",
        "BadCertificateHostNameInvalid",
        "BadCertificateUseNotAllowed",
        "BadCertificatePolicyCheckFailed",
        "BadCertificateRevoked",
        "BadCertificateRevocationUnknown",
        "BadCertificateIssuerTimeInvalid",
        "BadCertificateIssuerUseNotAllowed",
        "BadCertificateIssuerRevocationUnknown",
        "BadCertificateIssuerRevoked",
        "BadCertificateChainIncomplete",
        "BadApplicationSignatureInvalid",
        "BadNoValidCertificates",
    ),
    errors.POLICY_NOT_OFFERED: ("BadSecurityPolicyRejected", "BadSecurityModeRejected", "BadSecurityModeInsufficient"),
    errors.USER_REFUSED: (
        "BadUserAccessDenied",
        "BadIdentityTokenInvalid",
        "BadIdentityTokenRejected",
        "BadUserSignatureInvalid",
    ),
}
_MEANING = {getattr(StatusCodes, name): code for code, names in _ANSWERS.items() for name in names}


class InsecureError(Exception):
    """A connection that must not be made, or that the server refused, for a reason of security.

    As text one line in English, with code, cause and cure.
    """

    def __init__(self, code: Code, server: str, detail: str = "") -> None:
        super().__init__(" ".join(filter(None, (f"{server}: {code.code}:", code.what_en, detail, code.cure_en))))
        self.code = code
        self.detail = detail


async def secure(client: Client, server: Server) -> None:
    """Prepare a client that is not yet connected, by the plant's data and the folder of keys.

    Asks the server for its endpoints where it is secured. Raises InsecureError, or what a connection raises (OSError,
    TimeoutError, UaError). Call it before each new connection: certificates and the trust list may have changed.
    """
    pki = Pki(settings.DENCHI_VAR / "pki")
    try:
        if server.security_policy == SecurityPolicy.NONE:
            _unsecured(client, server)
        else:
            await _secured(client, server, pki)
    except Refusal as refusal:
        raise _told(refusal.code, server, refusal.detail, refusal.extra.get("ja")) from None


def explained(error: BaseException, server: Server) -> InsecureError | None:
    """What an error of connect() or activate_session() means where it is one of security; else nothing."""
    if isinstance(error, InsecureError):
        return error
    if server.security_policy == SecurityPolicy.NONE:
        return None
    if isinstance(error, UaStatusCodeError) and error.code in _MEANING:
        code = _MEANING[error.code]
        status, is_user = type(error).__name__, code is errors.USER_REFUSED and server.user_name
        en, ja = (f", user {server.user_name}", f"、利用者：{server.user_name}") if is_user else ("", "")
        return _told(code, server, f"It answered {status}{en}.", f"応答：{status}{ja}。")
    if isinstance(error, InvalidSignature) or str(error) == "Server certificate mismatch":
        return _told(errors.NOT_THE_KEY, server, "")
    return None


def _told(code: Code, server: Server, detail: str, detail_ja: str | None = None) -> InsecureError:
    """The error, and a note of it in the folder of keys, from which the alarm is raised."""
    # A full disk must not hide why there is no connection; the log has it.
    with suppress(OSError):
        Pki(settings.DENCHI_VAR / "pki").refused(server.code, code.code, detail, detail_ja or detail)
    return InsecureError(code, server.code, detail)


def _unsecured(client: Client, server: Server) -> None:
    if not server.is_demo:
        raise Refusal(SERVER_NOT_SECURED)
    if server.authentication != Authentication.ANONYMOUS:
        raise Refusal(errors.LOGIN_IN_CLEAR)
    client.application_uri = DEMO_URI


async def _secured(client: Client, server: Server, pki: Pki) -> None:
    own = await asyncio.to_thread(pki.own)
    now = datetime.now(UTC)
    if not own.certificate.not_valid_before_utc <= now <= own.certificate.not_valid_after_utc:
        days = valid(own.certificate)
        raise Refusal(errors.OWN_EXPIRED, f"It is valid {days}.", ja=f"有効期間 {days}。")
    policy = _POLICIES[server.security_policy]
    endpoint = _chosen(await endpoints(server.endpoint_url), policy.URI)
    certificate, *sent = chain(endpoint.ServerCertificate or b"")
    trusted, revocations = await asyncio.to_thread(lambda: (pki.trusted(), pki.revocations()))
    try:
        trust.check(
            certificate,
            sent=sent,
            trusted=trusted,
            revocations=revocations,
            application_uri=endpoint.Server.ApplicationUri or "",
            host=urlsplit(server.endpoint_url).hostname or "",
            now=now,
        )
    except BROKEN as error:
        raise Refusal(errors.UNFIT, f"{printable(str(error))}.") from None
    _check_login(server, endpoint)
    is_by_certificate = server.authentication == Authentication.CERTIFICATE
    login = await asyncio.to_thread(pki.login, server.code) if is_by_certificate else None
    with suppress(OSError):  # a full disk
        pki.saw(own.certificate, "", "own")
        pki.saw(certificate, server.code, "server")
        pki.saw(login.certificate if login else None, server.code, "login")
    client.application_uri = next(iter(application_uris(own.certificate)), DEMO_URI)
    client.security_policy = policy(certificate, own.certificate, own.key, _SIGN_AND_ENCRYPT)
    client.uaclient.set_security(client.security_policy)
    _listen_for_refusal(client)
    # A session of before, to be activated anew, brings no list of logins with it.
    client._policy_ids = endpoint.UserIdentityTokens
    if server.authentication == Authentication.USER_NAME:
        client.set_user(server.user_name)
        client.set_password(await asyncio.to_thread(pki.password, server.code))
    elif login is not None:
        client.user_certificate, client.user_private_key = login.certificate, login.key


def _listen_for_refusal(client: Client) -> None:
    """A server may refuse our certificate by a fault in place of an open channel, which asyncua (2.1) reads as a broken
    message: raised here as the status that it is."""
    make: Callable[[], Any] = client.uaclient._make_protocol

    def listening() -> Any:
        protocol = make()
        answered: Callable[[int, Any], None] = protocol._call_callback

        def heard(request_id: int, body: Any) -> None:
            if not protocol._connection.is_open() and isinstance(body, Buffer):
                beside = body.copy()
                if nodeid_from_binary(beside) == _FAULT:
                    struct_from_binary(ua.ServiceFault, body).ResponseHeader.ServiceResult.check()
            answered(request_id, body)

        protocol._call_callback = heard
        return protocol

    client.uaclient._make_protocol = listening  # type: ignore[method-assign]  # no hook is there for it


def _check_login(server: Server, endpoint: ua.EndpointDescription) -> None:
    wanted = _TOKENS[Authentication(server.authentication)]
    offered = {each.TokenType for each in endpoint.UserIdentityTokens or ()}
    if wanted not in offered:
        names = ", ".join(sorted(each.name for each in offered)) or "nothing"
        ours = server.authentication
        ja = f"サーバー：{names}、工場データ：{ours}。"
        raise Refusal(errors.LOGIN_NOT_OFFERED, f"It takes {names}; the plant data say {ours}.", ja=ja)


async def endpoints(url: str) -> list[ua.EndpointDescription]:
    """What a server offers, asked over an open channel. Raises OSError, TimeoutError, UaError."""
    asking = Client(url, timeout=ENDPOINTS_TIMEOUT_S)
    found: list[ua.EndpointDescription] = await asking.connect_and_get_server_endpoints()
    return found


def _chosen(found: Sequence[ua.EndpointDescription], policy_uri: str) -> ua.EndpointDescription:
    for each in found:
        if each.SecurityPolicyUri == policy_uri and each.SecurityMode == _SIGN_AND_ENCRYPT:
            return each
    offers = ", ".join(sorted({offer(each) for each in found})) or "nothing"
    ours = _short(policy_uri)
    ja = f"サーバー：{offers}、工場データ：{ours}。"
    raise Refusal(errors.POLICY_NOT_OFFERED, f"It offers {offers}; the plant data say {ours}.", ja=ja)


def offer(endpoint: ua.EndpointDescription) -> str:
    """Policy and mode of an endpoint, as a person reads them."""
    return f"{_short(endpoint.SecurityPolicyUri)} {endpoint.SecurityMode.name.rstrip('_')}"


def _short(policy_uri: str | None) -> str:
    return (policy_uri or "").rpartition("#")[2]


def chain(content: bytes) -> list[x509.Certificate]:
    """The server's own certificate, then those it sent after it."""
    found = []
    while content:
        # DER: tag, 0x82, two bytes of length.
        length = int.from_bytes(content[2:4], "big") + 4
        try:
            found.append(load_certificate(content[:length]))
        except BROKEN as error:
            raise Refusal(errors.UNFIT, f"{printable(str(error))}.") from None
        content = content[length:]
    if not found:
        raise Refusal(errors.UNFIT, "It shows none.", ja="証明書が提示されません。")
    return found
