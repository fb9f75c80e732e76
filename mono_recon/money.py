"""Centavos as text.

Here belongs how an amount is written for people and for files. Amounts are integers of centavos
everywhere; nothing here, and nothing anywhere else, turns one into a float.
"""

CENTAVOS_PER_PESO = 100


def format_pesos(minor: int, *, decimal: str = ",", thousands: str = ".") -> str:
    """Write an amount for people: ``-1600000`` is ``-16.000,00``.

    Args:
        minor: Amount in centavos.
        decimal: Separator before the centavos.
        thousands: Separator between groups of three digits of pesos.

    Returns:
        Pesos with two decimals.
    """
    sign, pesos, centavos = _split(minor)
    return f"{sign}{pesos:,}".replace(",", thousands) + f"{decimal}{centavos:02d}"


def pesos_text(minor: int, decimal: str = ".") -> str:
    """Write an amount for machines: ``1600000`` is ``16000.00``.

    Args:
        minor: Amount in centavos.
        decimal: Separator before the centavos.

    Returns:
        Pesos with two decimals and without grouping.
    """
    return format_pesos(minor, decimal=decimal, thousands="")


def _split(minor: int) -> tuple[str, int, int]:
    pesos, centavos = divmod(abs(minor), CENTAVOS_PER_PESO)
    return "-" if minor < 0 else "", pesos, centavos
