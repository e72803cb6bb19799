"""What a secured OPC UA server of the simulator has: a certificate, the clients it trusts, the users it knows."""

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lines.opcua.pki import Identity, Pki, application_uris

ua: Any = asyncua.ua
logger = logging.getLogger(__name__)

POLICIES = {
    "Basic256Sha256": ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    "Aes256Sha256RsaPss": ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
}


@dataclass(frozen=True)
class ServerSecurity:
    """SignAndEncrypt and nothing else."""

    identity: Identity
    clients: tuple[x509.Certificate, ...]
    policies: tuple[str, ...] = tuple(POLICIES)
    passwords: Mapping[str, str] = field(default_factory=dict)  # by user; empty: anybody, if by a trusted client
    user_certificates: tuple[x509.Certificate, ...] = ()

    async def apply(self, server: Any) -> None:
        """Before the server starts."""
        identity = self.identity
        await server.set_application_uri(application_uris(identity.certificate)[0])
        server.iserver.certificate, server.iserver.private_key = identity.certificate, identity.key
        server.set_security_policy([POLICIES[name] for name in self.policies])
        server.set_certificate_validator(self._check_client)
        if self.passwords or self.user_certificates:
            server.set_identity_tokens([ua.UserNameIdentityToken, ua.X509IdentityToken])
            server.iserver.set_user_manager(self)
        else:
            server.set_identity_tokens([ua.AnonymousIdentityToken])

    async def _check_client(self, certificate: x509.Certificate, _application: Any) -> None:
        if certificate not in self.clients:
            raise ServiceError(ua.StatusCodes.BadCertificateUntrusted)

    def get_user(
        self, _server: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        """asyncua asks this whom a login is of; nobody: it is refused."""
        if username is not None:
            known = hmac.compare_digest((password or "").encode(), self.passwords.get(username, "").encode())
            known = known and username in self.passwords
        else:
            known = certificate in [each.public_bytes(Encoding.DER) for each in self.user_certificates]
        return User(role=UserRole.User, name=username) if known else None


def from_folder(folder: Path, code: str, policy: str) -> ServerSecurity:
    """users/<code>.der and .key: the server's; trusted/: its clients. Raises Refusal for what is not there."""
    pki = Pki(folder)
    return ServerSecurity(pki.login(code), tuple(pki.trusted()), (policy,))
