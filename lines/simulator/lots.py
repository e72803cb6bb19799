"""Goods receipt: a lot is told to the MES before anything is taken from it."""

import asyncio
import logging
from typing import Protocol

import httpx

from lines.simulator.clock import iso
from lines.simulator.units import MountedLot

log = logging.getLogger(__name__)
_PAUSE_S = 1.0


class LotReceiver(Protocol):
    async def receive(self, lot: MountedLot, station: str) -> None:
        """Tell the MES of a lot; comes back when it knows."""


class HttpLotReceiver:
    """Posts lots with the token of the station that mounts them."""

    def __init__(self, client: httpx.AsyncClient, tokens: dict[str, str]) -> None:
        self._client = client
        self._tokens = tokens

    async def receive(self, lot: MountedLot, station: str) -> None:
        body = {
            "supplier": lot.supplier,
            "number": lot.number,
            "material": lot.material,
            "expires_at": iso(lot.expires_at),
        }
        headers = {"Authorization": f"Token {self._tokens.get(station, '')}"}
        while True:
            try:
                response = await self._client.post("/lots", json=body, headers=headers)
                if response.status_code < 500:
                    if response.status_code >= 400:
                        # The line goes on; the MES will mark what is made of a lot it does not know.
                        log.warning("lot %s %s: HTTP %d", lot.supplier, lot.number, response.status_code)
                    return
            except httpx.TransportError as error:
                log.info("lot %s: %r", lot.number, error)
            await asyncio.sleep(_PAUSE_S)
