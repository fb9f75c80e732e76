"""Identifiers as Mono makes them.

Here belongs only the making of ids: a prefix and 22 base-62 characters of a random version-4 UUID.
"""

from random import Random

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_BODY_PAIRS = 11
_VERSION = 0x4 << 76
_VARIANT = 0x2 << 62
_RANDOM_BITS = ~((0xF << 76) | (0x3 << 62))


def _uuid4(rng: Random) -> int:
    return rng.getrandbits(128) & _RANDOM_BITS | _VERSION | _VARIANT


def new_id(rng: Random, prefix: str) -> str:
    """A Mono id such as ``trn_2PVWOx9dZKJMBZw7opjrrs``."""
    number, pairs = _uuid4(rng), []
    for _ in range(_BODY_PAIRS):
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    return f"{prefix}_{''.join(reversed(pairs))}"


def uuid_text(rng: Random) -> str:
    """A UUID in its usual writing, as clients use for their own ids."""
    digits = f"{_uuid4(rng):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
