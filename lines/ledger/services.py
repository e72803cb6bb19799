"""Keeping the gap ledger: batches are taken down as they are stored, and looked through each second."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from lines.ledger import deciding, digesting, silence
from lines.ledger.tally import HOUR_US, StationNews, Times
from lines.ledger.times import microseconds
from lines.people.actors import acting
from lines.records.prepared import prepared_cursor

MOST_AT_ONCE = 500


def record(
    source: str,
    sequence: int,
    received_at: datetime,
    stations: Mapping[int, StationNews],
    notes: Sequence[Mapping[str, Any]],
) -> None:
    """Take one batch down for the ledger, in the transaction that stores it. To be called once for each batch."""
    received_us = microseconds(received_at)
    told, times = [], []
    for news in stations.values():
        distinct, counts = _counted(news, received_us)
        times += [distinct, counts]
        told.append(
            {
                "station": news.station_id,
                "times": len(distinct),
                "hours": _by_hour(news),
                "duplicates": news.duplicates,
                "rejected": news.rejected,
                "readings": news.counter,
            }
        )
    content = np.concatenate(times).astype("<i8").tobytes() if times else b""
    with prepared_cursor() as cursor:
        cursor.execute(
            "insert into lines_ledgernews (source, sequence, received_at, stations, times, notes)"
            " values (%s, %s, %s, %s::jsonb, %s, %s::jsonb)",
            [source, sequence, received_at, json.dumps(told), content, json.dumps(list(notes))],
        )


def _counted(news: StationNews, received_us: int) -> tuple[Times, Times]:
    """Distinct times and how many of each. What could not be stored did come, too; without a time: as received."""
    rejected = np.where(news.rejected_us == 0, received_us, news.rejected_us)
    distinct, counts = np.unique(
        np.concatenate([news.source_time_us[news.is_counted], rejected]).astype(np.int64), return_counts=True
    )
    return distinct, counts.astype(np.int64)


def _by_hour(news: StationNews) -> dict[str, list[int]]:
    hours, where = np.unique(news.source_time_us // HOUR_US, return_inverse=True)
    received = np.bincount(where, minlength=len(hours)).tolist()
    late = np.bincount(where, news.is_late, len(hours)).astype(int).tolist()
    return {str(hour): [r, n] for hour, r, n in zip(hours.tolist(), received, late, strict=True)}


def evaluate() -> None:
    """Work through what was taken down, find and decide gaps, raise and clear alarms. One at a time; others go by."""
    while _evaluate_once():
        pass


def _evaluate_once() -> bool:
    """Whether more waits."""
    with acting("task:ledger"):
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(hashtextextended('gap ledger', 0))")
            if not cursor.fetchone()[0]:
                return False
        digest = digesting.digest(MOST_AT_ONCE)
        silence.watch(digest.sources)
        deciding.decide(digest)
        return digest.is_full
