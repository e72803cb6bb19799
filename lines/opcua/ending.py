"""Ending tasks for good. Pure."""

import asyncio
from collections.abc import Collection
from typing import Any

AGAIN_S = 0.5


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel them; returns when all have ended, however they did.

    Again and again: asyncua waits by wait_for, which before Python 3.12 forgets a cancellation that comes together
    with the answer it waits for.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
    # So that none is said to have failed unseen.
    await asyncio.gather(*tasks, return_exceptions=True)
