"""Take an OPC UA server's certificate into the trust list, after a person compared its fingerprint."""

import asyncio
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaError
from cryptography import x509
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from lines.errors import Refusal
from lines.opcua.pki import Pki, application_uris, common_name, fingerprint, valid
from lines.opcua.security import chain, endpoints, offer


class Command(BaseCommand):
    help = "Show an OPC UA server's certificate and put it into the gateway's trust list."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="opc.tcp://host:port")
        parser.add_argument(
            "--fingerprint", help="SHA-256 as the server's own screen shows it: trusted if it fits, without asking."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        url: str = options["url"]
        if not url.startswith("opc.tcp://"):
            raise CommandError(f"{url} is no address like opc.tcp://host:4840.")
        try:
            found = asyncio.run(endpoints(url))
        except (OSError, TimeoutError, UaError) as error:
            raise CommandError(f"{url} does not answer: {error or type(error).__name__}.") from None
        certificate = self._shown(url, found)
        expected = options["fingerprint"]
        if expected is None:
            question = "Is this the fingerprint that the server itself shows? Type yes to trust it: "
            if not _says_yes(question):
                raise CommandError("Not trusted; nothing was changed.")
        elif _plain(expected) != _plain(fingerprint(certificate)):
            raise CommandError("Not trusted: the server shows another fingerprint than the one given.")
        self.stdout.write(f"Trusted: {Pki(settings.DENCHI_VAR / 'pki').trust(certificate)}")

    def _shown(self, url: str, found: list[ua.EndpointDescription]) -> x509.Certificate:
        content = next((each.ServerCertificate for each in found if each.ServerCertificate), None)
        if content is None:
            raise CommandError(f"{url} has no certificate: switch security on in the server.")
        try:
            certificate = chain(content)[0]
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"server           {common_name(certificate)}")
        self.stdout.write(f"application URI  {', '.join(application_uris(certificate)) or 'none'}")
        self.stdout.write(f"valid            {valid(certificate)}")
        self.stdout.write(f"SHA-256          {fingerprint(certificate)}")
        for each in found:
            self.stdout.write(f"offers           {offer(each)}")
        return certificate


def _says_yes(question: str) -> bool:
    try:
        return input(question).strip().lower() == "yes"
    except EOFError:  # nobody is there to ask
        return False


def _plain(text: str) -> str:
    return text.replace(":", "").replace(" ", "").lower()
