"""Stations that post by HTTP with their token."""

import asyncio
import logging
import sys
import time
from importlib.util import find_spec
from typing import Any

import httpx

from lines.simulator.clock import iso
from lines.simulator.links import Body, PermitAnswer, Question, ResultAnswer

log = logging.getLogger(__name__)

if find_spec("sniffio") is None:
    # httpcore tries to import it in every request; told once that it is not there, Python does not search again.
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # None says: not there
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_TRY_AGAIN = {408, 409, 425, 429}  # 409: the same key is being worked on


class HttpLink:
    """One station's link; all share one client, so connections are kept and pooled."""

    def __init__(self, client: httpx.AsyncClient, station: str, token: str, offset_s: float = 0.0) -> None:
        """`offset_s`: of the machine's clock against the wall clock."""
        self._client = client
        self._offset_s = offset_s
        self._station = station
        self._headers = {"Authorization": f"Token {token}"}
        self.permit_sequence = 0

    def restore(self, boot_id: str, permit_sequence: int) -> None:
        """Nothing to restore: the key of a result carries its own boot id and sequence."""

    async def permits(self, question: Question) -> list[PermitAnswer]:
        serials = question.serials
        body: Body = {"serial": serials[0]} if len(serials) == 1 else {"serials": serials}
        body |= {"operation": question.operation, "source_time": iso(question.source_time)}
        body |= {"recipe": question.recipe} if question.recipe else {}
        body |= {"operator": question.operator} if question.operator else {}
        status, answer = await self._send(f"/stations/{self._station}/permits", body, {})
        if status >= 300:
            code = _error_code(status, answer)
            log.warning("%s: permit for %s: %s", self._station, serials[0], code)
            return [PermitAnswer(serial, False, (code,)) for serial in serials]
        return [
            PermitAnswer(
                serial,
                item.get("verdict") == "ALLOW",
                _codes(item.get("reasons", ())),
                item.get("recipe") or "",
                item.get("retry_after_s"),
            )
            for serial, item in zip(serials, answer.get("items", [answer]), strict=True)
        ]

    async def post(self, key: str, body: Body) -> list[ResultAnswer]:
        sent = [item["serial"] for item in body.get("items", [body])]
        status, answer = await self._send(f"/stations/{self._station}/results", body, {"Idempotency-Key": key})
        if status >= 300:
            code = _error_code(status, answer)
            log.warning("%s: result %s: %s", self._station, key, code)
            return [ResultAnswer(serial, error=code) for serial in sent]
        return [
            ResultAnswer(
                serial,
                item.get("verdict", ""),
                item.get("disposition", ""),
                item.get("next_operation") or "",
                _codes(item.get("deviations", ())),
                _codes([item["error"]])[0] if item.get("error") else "",
            )
            for serial, item in zip(sent, answer.get("items", [answer]), strict=True)
        ]

    async def _send(self, path: str, body: Body, headers: dict[str, str]) -> tuple[int, Any]:
        """Post until there is an answer that a repeat would not change."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                # What the machine's clock shows as it sends: the MES learns from it how far it is off.
                told = {**body, "sent_at": iso(time.time() + self._offset_s)}
                response = await self._client.post(path, json=told, headers={**self._headers, **headers})
                if response.status_code < 500 and response.status_code not in _TRY_AGAIN:
                    return response.status_code, response.json()
                problem = f"HTTP {response.status_code}"
            except (httpx.TransportError, ValueError) as error:  # ValueError: a body that is not JSON, from a proxy
                problem = repr(error)
            log.info("%s: %s, again in %.1f s", path, problem, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def _codes(reasons: Any) -> tuple[str, ...]:
    return tuple(reason["code"] if isinstance(reason, dict) else str(reason) for reason in reasons)


def _error_code(status: int, answer: Any) -> str:
    error = answer.get("error", answer) if isinstance(answer, dict) else {}
    return str(error.get("code") or f"HTTP-{status}") if isinstance(error, dict) else f"HTTP-{status}"
