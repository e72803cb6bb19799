"""What stations tell beside permits and results: lots received and mounted, trays loaded and unloaded."""

import asyncio
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import httpx

from lines.simulator.clock import iso
from lines.simulator.links import Body
from lines.simulator.units import MountedLot

log = logging.getLogger(__name__)
_PAUSE_S = 1.0


class Handling(Protocol):
    """Each call comes back when the MES knows. A refusal stops nothing: the MES will mark what follows from it."""

    async def receive(self, lot: MountedLot, station: str, certificate: list[Body]) -> dict[str, Any]:
        """A lot has come in; told before anything is taken from it. What the MES knows of it, nothing if refused."""

    async def mount(self, station: str, body: Body) -> None:
        """A lot is at a feed point now: `scan` made the body."""

    async def load(self, station: str, tray: str, places: list[Body]) -> None:
        """Units are in slots, and on channels where the tray stands in a rack."""

    async def unload(self, station: str, tray: str) -> None:
        """The tray is empty."""

    async def garble(self, station: str, key: str, body: Body) -> None:
        """A result that nobody can understand."""


def scan(feed_point: str, lot: MountedLot, source_time: str, operator: str) -> Body:
    """What is told when a lot is mounted."""
    lot_names = {"material": lot.material, "supplier": lot.supplier, "lot": lot.number}
    return {"feed_point": feed_point, **lot_names, "source_time": source_time, "operator": operator}


class HttpHandling:
    """By the API, with the token of the station where it happens."""

    def __init__(self, client: httpx.AsyncClient, tokens: dict[str, str]) -> None:
        self._client = client
        self._tokens = tokens

    async def receive(self, lot: MountedLot, station: str, certificate: list[Body]) -> dict[str, Any]:
        body = {
            "supplier": lot.supplier,
            "number": lot.number,
            "material": lot.material,
            "expires_at": iso(lot.expires_at),
            "quantity": round(lot.left, 3),
            "certificate": certificate,
        }
        return await self._send(station, "/lots", body)

    async def mount(self, station: str, body: Body) -> None:
        told = {name: value for name, value in body.items() if name != "feed_point"}
        await self._send(station, f"/stations/{station}/feed-points/{body['feed_point']}", told)

    async def load(self, station: str, tray: str, places: list[Body]) -> None:
        await self._send(station, f"/trays/{tray}/load", {"items": places, "move": True})

    async def unload(self, station: str, tray: str) -> None:
        await self._send(station, f"/trays/{tray}/unload", {"all": True})

    async def garble(self, station: str, key: str, body: Body) -> None:
        await self._send(station, f"/stations/{station}/results", body, {"Idempotency-Key": key})

    async def _send(
        self, station: str, path: str, body: dict[str, Any], more: Mapping[str, str] = MappingProxyType({})
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Token {self._tokens.get(station, '')}", **more}
        while True:
            try:
                response = await self._client.post(path, json=body, headers=headers)
                if response.status_code < 500 and "Retry-After" not in response.headers:
                    if response.status_code >= 400:
                        log.warning("%s %s: HTTP %d %s", station, path, response.status_code, response.text[:300])
                        return {}
                    answer: dict[str, Any] = response.json()
                    return answer
                problem = f"HTTP {response.status_code}"
            except httpx.TransportError as error:
                problem = repr(error)
            log.info("%s %s: %s", station, path, problem)
            await asyncio.sleep(_PAUSE_S)
