"""Serials of this plant: site 2 + line 1 + design 3 + date 3 + sequence 6 + check 2 = 17 characters.

Alphabet: digits and capitals without I, O, Q, U (easily misread). The check pair is ISO 7064 MOD 1271-36 over
the first 15 characters: it finds every single substitution and every swap of neighbours. Pure.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import Enum

ALPHABET = "0123456789ABCDEFGHJKLMNPRSTVWXYZ"
CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MONTHS = "123456789ABC"
_YEARS = "0123456789ABCDEFGHJKLMNPRSTVWXYZ"  # 2020 + place: 32 years
_DAYS = "0123456789ABCDEFGHJKLMNPRSTVWXYZ"  # place = day of the month
LENGTH = 17
MAX_SEQUENCE = 999_999


class SerialFault(Enum):
    """What is wrong with a text that should be a serial, for screens that say it in the reader's language."""

    LENGTH = "length"
    ALPHABET = "alphabet"
    CHECK_PAIR = "check pair"
    SEQUENCE = "sequence"
    DATE = "date"


class SerialError(ValueError):
    """Not a serial. `part` is the piece of text at fault; the message says the whole in English."""

    def __init__(self, fault: SerialFault, part: str, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.part = part


@dataclass(frozen=True, slots=True)
class Serial:
    site: str
    line: str
    design: str
    made_on: date
    sequence: int


def check_pair(payload: str) -> str:
    """ISO 7064 MOD 1271-36 (pure system, radix 36, two check characters) over digits and capitals."""
    remainder = 0
    for character in payload:
        remainder = ((remainder + CHECK_ALPHABET.index(character)) * 36) % 1271
    remainder = (remainder * 36) % 1271
    value = (1271 + 1 - remainder) % 1271
    return CHECK_ALPHABET[value // 36] + CHECK_ALPHABET[value % 36]


def make_serial(serial: Serial) -> str:
    """The 17 characters of a serial. Raises ValueError for parts that do not fit."""
    if not 0 <= serial.sequence <= MAX_SEQUENCE:
        raise ValueError(f"sequence {serial.sequence} does not fit six digits")
    if not 2020 <= serial.made_on.year < 2020 + len(_YEARS):
        raise ValueError(f"year {serial.made_on.year} has no character")
    head = f"{serial.site}{serial.line}{serial.design}"
    if len(head) != 6 or any(c not in ALPHABET for c in head):
        raise ValueError(f"site, line and design {head!r} are not 2 + 1 + 3 characters of the alphabet")
    day = serial.made_on
    payload = head + _YEARS[day.year - 2020] + _MONTHS[day.month - 1] + _DAYS[day.day] + f"{serial.sequence:06d}"
    return payload + check_pair(payload)


def canonical(text: str) -> str:
    """One spelling for what people and scanners send: half width (NFKC), capitals, no outer white space."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def parse_serial(text: str) -> Serial:
    """Read a canonical serial. Raises SerialError that says what is wrong: length, alphabet, check pair or date."""
    if len(text) != LENGTH:
        raise SerialError(SerialFault.LENGTH, str(len(text)), f"{len(text)} characters instead of {LENGTH}")
    strange = " ".join(sorted({c for c in text[:15] if c not in ALPHABET}))
    if strange:
        raise SerialError(SerialFault.ALPHABET, strange, f"characters outside the alphabet: {strange}")
    if check_pair(text[:15]) != text[15:]:
        raise SerialError(SerialFault.CHECK_PAIR, text[15:], "the check pair does not fit; a character was misread")
    if not text[9:15].isdigit():
        raise SerialError(SerialFault.SEQUENCE, text[9:15], "the sequence is not six digits")
    try:
        made_on = date(2020 + _YEARS.index(text[6]), _MONTHS.index(text[7]) + 1, _DAYS.index(text[8]))
    except ValueError as error:
        raise SerialError(SerialFault.DATE, text[6:9], f"no such date: {text[6:9]}") from error
    return Serial(text[:2], text[2], text[3:6], made_on, int(text[9:15]))
