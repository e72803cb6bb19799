"""Posts in three copies at the same time, over connections that break at random: each counts once.

A quarter of ten thousand in `make test-all`, which has no room for more; `make soak` sends them all.
"""

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from lines.models import Measurement, OperationRecord, Pending, QuarantinedPost, StationPost
from tests.traceability.conftest import Hand, make_hand
from tests.web import serving
from traceability.models import Unit

POSTS = int(os.environ.get("DENCHI_TEST_POSTS", "1500"))
COPIES = 3
AT_ONCE = 8
# Of a copy's tries: the connection ends in the middle of the request, or before the answer is read.
CUT_REQUEST, CUT_ANSWER = 0.08, 0.12

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True)
class Post:
    key: str
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


class Sender:
    """Sends requests by hand: a client library has no way to break off in the middle."""

    def __init__(self, url: str, station: str, token: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        self._host, self._port = parts.hostname, parts.port
        self._head = (
            f"POST /api/v1/stations/{station}/results HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
            f"Authorization: Token {token}\r\nContent-Type: application/json\r\n"
        )
        self.tries: Counter[str] = Counter()

    async def send(self, post: Post, chance: random.Random) -> Answer:
        """Again and again, as a station does, until there is an answer that settles it."""
        while True:
            answer = await self._try(post, chance.random())
            self.tries[str(answer.status) if answer else "cut"] += 1
            assert answer is None or answer.status < 500, answer.body
            if answer and answer.status not in (409, 429):
                return answer
            await asyncio.sleep(0.05 if answer is None else 1)

    async def _try(self, post: Post, fate: float) -> Answer | None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            head = f"{self._head}Idempotency-Key: {post.key}\r\nContent-Length: {len(post.body)}\r\n\r\n"
            request = head.encode() + post.body
            if fate < CUT_REQUEST:
                writer.write(request[: len(request) // 2])
                await writer.drain()
                return None
            writer.write(request)
            await writer.drain()
            if fate < CUT_REQUEST + CUT_ANSWER:
                return None
            raw = await reader.read()
        except ConnectionError:
            return None
        finally:
            writer.close()
        top, _, body = raw.partition(b"\r\n\r\n")
        return Answer(int(top.split()[1]), body) if top else None


async def send_all(sender: Sender, posts: list[Post]) -> dict[str, list[Answer]]:
    answers: dict[str, list[Answer]] = {}
    waiting: Iterator[Post] = iter(posts)

    async def work(number: int) -> None:
        chance = random.Random(number)
        for post in waiting:
            answers[post.key] = list(await asyncio.gather(*(sender.send(post, chance) for _ in range(COPIES))))

    await asyncio.gather(*(work(number) for number in range(AT_ONCE)))
    return answers


def made(hand: Hand) -> Post:
    body = hand.body(hand.serial("SLA"), "MIX-A")
    return Post(f"copy-{hand.made}", json.dumps(body).encode())


def test_posts_in_three_copies_count_once(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DENCHI_STATION_RATE", "0")
    hand = make_hand()
    posts = [made(hand) for _ in range(POSTS)]
    with serving(tmp_path_factory.mktemp("web")) as url:
        sender = Sender(url, "MIX-1", hand.tokens["MIX-1"])
        answers = asyncio.run(send_all(sender, posts))
    assert sender.tries["cut"] > POSTS * COPIES * 0.1, "the connections did break"
    assert {copy.status for copies in answers.values() for copy in copies} == {201}, sender.tries
    differing = [key for key, copies in answers.items() if len({copy.body for copy in copies}) != 1]
    assert differing == []
    n_values = len(json.loads(posts[0].body)["measurements"])
    assert OperationRecord.objects.count() == StationPost.objects.count() == Unit.objects.count() == POSTS
    assert OperationRecord.objects.values("serial").distinct().count() == POSTS
    assert Measurement.objects.filter(is_derived=False).count() == POSTS * n_values
    assert Pending.objects.count() == POSTS
    # Half a request is none: nothing of it was kept.
    assert QuarantinedPost.objects.count() == 0
