"""The gateway's own OPC UA certificate, and certificates with which it logs in."""

import socket
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from lines.errors import Refusal
from lines.management.reaching import reaching_the_database
from lines.opcua.pki import DAYS, Pki, application_uris, fingerprint, make_identity
from lines.plant.models import OpcUaServer


class Command(BaseCommand):
    help = "Make the gateway's key and certificate for OPC UA, or show the certificate that is there."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--renew", action="store_true", help="Make a new one although there is one.")
        parser.add_argument("--days", type=int, default=DAYS, help=f"How long it is valid; {DAYS} if not given.")
        parser.add_argument("--host", default=socket.gethostname(), help="Name of this machine, if it has another one.")
        parser.add_argument("--login", metavar="SERVER", help="One to log in with at this server of the plant data.")

    def handle(self, *args: Any, **options: Any) -> None:
        days: int = options["days"]
        if not 1 <= days <= 7300:
            raise CommandError("--days takes 1 to 7300.")
        pki = Pki(settings.DENCHI_VAR / "pki")
        try:
            if options["login"]:
                self._login(pki, options["login"], days, options["renew"])
            else:
                self._own(pki, options["host"], days, options["renew"])
        except Refusal as refusal:
            raise CommandError(f"{refusal}. --renew makes a new one.") from None
        except OSError as error:
            raise CommandError(f"{pki.folder} can't be written: {error.strerror}.") from None

    def _own(self, pki: Pki, host: str, days: int, renew: bool) -> None:
        is_new = renew or not pki.own_certificate.exists()
        if is_new:
            pki.save_own(make_identity("Denchi gateway", f"urn:{host}:denchi:gateway", [host], days))
        own = pki.own().certificate
        self.stdout.write(
            f"certificate      {pki.own_certificate}{'' if is_new else ' (kept; --renew makes a new one)'}"
        )
        self.stdout.write(f"application URI  {', '.join(application_uris(own))}")
        self.stdout.write(f"valid until      {own.not_valid_after_utc:%Y-%m-%d}")
        self.stdout.write(f"SHA-256          {fingerprint(own)}")
        if is_new:
            self.stdout.write("Add the certificate to the trust list of each OPC UA server that the gateway follows.")

    def _login(self, pki: Pki, server: str, days: int, renew: bool) -> None:
        with reaching_the_database():
            user = OpcUaServer.objects.filter(code=server).values_list("user_name", flat=True).first()
        if user is None:
            raise CommandError(f"The plant data have no OPC UA server {server}.")
        path = Path(pki.folder / "users" / f"{server}.der")
        if path.exists() and not renew:
            raise CommandError(f"{path} is there already; --renew makes a new one.")
        login = make_identity(user or "denchi-gateway", days=days)
        pki.save_login(server, login)
        self.stdout.write(f"certificate      {path}")
        self.stdout.write(f"SHA-256          {fingerprint(login.certificate)}")
        self.stdout.write(f"Add it to the users' certificates of {server}.")
