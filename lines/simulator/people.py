"""What people do in the plant while it runs, each in the name of a role, by the same API as anybody."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import httpx

log = logging.getLogger(__name__)
_PAUSE_S = 1.0


class People:
    """Tokens by role; a role without one does nothing."""

    def __init__(self, client: httpx.AsyncClient, tokens: Mapping[str, str]) -> None:
        self._client = client
        self._tokens = tokens

    async def release_lot(self, lot_id: int) -> None:
        """The quality engineer has read the certificate."""
        reason = "Certificate of analysis within limits"
        await self._ask("quality", "POST", f"/lots/{lot_id}/release", {"reason": reason})

    async def hold(self, **what: Any) -> int | None:
        """The supervisor holds units; the number of the hold, None if nobody did."""
        hold_id: int | None = (await self._ask("supervisor", "POST", "/holds", what)).get("hold")
        return hold_id

    async def release_hold(self, hold_id: int, reason: str) -> None:
        await self._ask("supervisor", "POST", f"/holds/{hold_id}/release", {"reason": reason})

    async def decide(self, serial: str, disposition: str, reason: str) -> bool:
        """The quality engineer decides about the unit's open nonconformance; whether there was one."""
        found = await self._ask("quality", "GET", f"/nonconformances?state=open&serial={serial}", None)
        for each in found.get("items", [])[:1]:
            body = {"disposition": disposition, "reason": reason}
            return bool(
                await self._ask("quality", "POST", f"/nonconformances/{each['nonconformance']}/dispositions", body)
            )
        return False

    async def ship(self, **what: Any) -> bool:
        """The supervisor ships units; whether they left."""
        return bool(await self._ask("supervisor", "POST", "/shipments", what))

    @property
    def do_react(self) -> bool:
        """Whether somebody works the reactions to signals, so that what is held for them is released."""
        return "quality" in self._tokens

    async def open_reactions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._ask("quality", "GET", "/reactions?state=open", None)).get(
            "items", []
        )
        return found

    async def work_reaction(self, reaction_id: int, body: dict[str, Any]) -> bool:
        return bool(await self._ask("quality", "POST", f"/reactions/{reaction_id}", body))

    async def _ask(self, role: str, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """The answer; nothing where it was refused, or nobody has the role."""
        if role not in self._tokens:
            return {}
        headers = {"Authorization": f"Token {self._tokens[role]}"}
        while True:
            try:
                response = await self._client.request(method, path, json=body, headers=headers)
                if response.status_code < 500 and response.status_code != 429:
                    if response.status_code >= 400:
                        log.warning("%s %s: HTTP %d %s", role, path, response.status_code, response.text[:300])
                        return {}
                    answer: dict[str, Any] = response.json()
                    return answer
            except httpx.TransportError as error:
                log.info("%s %s: %r", role, path, error)
            await asyncio.sleep(_PAUSE_S)
