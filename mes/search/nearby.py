"""Which serials a misread or mistyped serial may have been meant to be. Pure."""

from lines.orders.serials import ALPHABET, CHECK_ALPHABET, LENGTH, SerialError, parse_serial

# What hands and scanners make of characters the alphabet leaves out.
_LOOKS_LIKE = str.maketrans({"I": "1", "O": "0", "Q": "0", "U": "V"})


def _is_serial(text: str) -> bool:
    try:
        parse_serial(text)
    except SerialError:
        return False
    return True


def serials_near(text: str) -> list[str]:
    """Valid serials one misreading away from a canonical text, sorted.

    A misreading is a look-alike (I for 1, O or Q for 0, U for V, any number of them), one wrong character, two
    neighbours swapped, one character too many or one too few. A text of another length has none.
    """
    # The check pair may have any letter.
    text = text[:-2].translate(_LOOKS_LIKE) + text[-2:]
    candidates: set[str] = {text}
    if len(text) == LENGTH:
        for place in range(LENGTH):
            letters = ALPHABET if place < 15 else CHECK_ALPHABET
            candidates |= {text[:place] + letter + text[place + 1 :] for letter in letters}
            candidates.add(text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :])
    elif len(text) == LENGTH + 1:
        candidates |= {text[:place] + text[place + 1 :] for place in range(len(text))}
    elif len(text) == LENGTH - 1:
        for place in range(LENGTH):
            letters = ALPHABET if place < 15 else CHECK_ALPHABET
            candidates |= {text[:place] + letter + text[place:] for letter in letters}
    return sorted(candidate for candidate in candidates if _is_serial(candidate))
