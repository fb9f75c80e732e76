"""Whom the company pays and who pays it.

Here belong invented names, banks and documents, and the choice of amounts. All of it is fictitious.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from mono_recon.demo.dice import happens

OWN_DOCUMENT = "901555123"
OWN_BANK_CODE = "066"
BANKS = (
    ("001", "BANCO DE BOGOTA"),
    ("007", "BANCOLOMBIA"),
    ("040", "BANCO AGRARIO"),
    ("051", "BANCO DAVIVIENDA"),
    ("052", "BANCO AV VILLAS"),
    ("066", "BANCO COOPERATIVO COOPCENTRAL"),
)
BANK_NAMES = dict(BANKS)
REFUSALS = ("insufficient_funds", "invalid_account", "account_closed", "document_mismatch")

_GIVEN = ("Ana", "Luis", "María", "Andrés", "Íngrid", "Jorge", "Lucía", "Óscar", "Paula", "Héctor")
_FAMILY = ("Rojas", "Muñoz", "Peña", "Castaño", "Gómez", "Ávila", "Quintero", "Zúñiga", "Torres", "Niño")
_TRADES = ("Papelería", "Transportes", "Ferretería", "Lácteos", "Imprenta", "Café", "Textiles", "Logística")
_PLACES = ("del Norte", "La Sabana", "Andina", "El Cóndor", "Caribe", "San Gil", "Los Llanos", "Bacatá")
_OTHER_BANKS = tuple(code for code, _ in BANKS if code != OWN_BANK_CODE)
_CUSTOMERS = ("Almacenes Éxodo", "Grupo Nevado", "Cooperativa El Roble", "Clínica Santa Inés", "Hotel Tayrona")


@dataclass(frozen=True, slots=True)
class Party:
    """A payee or payer; ``body`` is a payee as transfers show it."""

    name: str
    document_type: str
    document_number: str
    email: str
    bank_code: str
    account_number: str
    account_type: str = "savings_account"

    def body(self) -> dict[str, Any]:
        """The payee object of a transfer."""
        return {
            "bank_account": {
                "bank_code": self.bank_code,
                "number": self.account_number,
                "type": self.account_type,
            },
            "document_number": self.document_number,
            "document_type": self.document_type,
            "email": self.email,
            "name": self.name,
        }


@dataclass(slots=True)
class Amounts:
    """Amounts in centavos. A fresh one was never given before, so that it can match nothing by chance."""

    rng: Random
    given: set[int] = field(default_factory=set)

    def everyday(self, low: int = 2_000_000, high: int = 400_000_000) -> int:
        """An amount between two bounds, small ones more often, mostly whole pesos."""
        amount = int(low * (high / low) ** self.rng.random())
        if happens(self.rng, 80):
            amount -= amount % 100
        self.given.add(amount)
        return amount

    def fresh(self, low: int = 2_000_000, high: int = 900_000_000) -> int:
        """An amount that lies more than a centavo from every earlier one."""
        while True:
            amount = self.rng.randrange(low, high)
            if self.given.isdisjoint((amount - 1, amount, amount + 1)):
                self.given.add(amount)
                return amount


@dataclass(frozen=True, slots=True)
class Clientele:
    """The people and firms the company deals with, and the amounts that pass between them."""

    payees: tuple[Party, ...]
    customers: tuple[Party, ...]
    amounts: Amounts


def make_clientele(rng: Random, payees: int) -> Clientele:
    """Invent payees and the known customers."""
    return Clientele(
        payees=tuple(_payee(rng) for _ in range(payees)),
        customers=tuple(_customer(rng, name) for name in _CUSTOMERS),
        amounts=Amounts(rng),
    )


def stranger(rng: Random, bank_code: str = "007") -> Party:
    """Somebody whom no setting knows."""
    return Party(
        name=f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}",
        document_type="CC",
        document_number=f"77{rng.randrange(10**6, 10**7)}",
        email="persona@example.com",
        bank_code=bank_code,
        account_number=str(rng.randrange(10**10, 10**11)),
    )


def _payee(rng: Random) -> Party:
    if happens(rng, 50):
        name = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)} {rng.choice(_FAMILY)}"
        kind, document = "CC", str(rng.randrange(10**9, 11 * 10**8))
    else:
        name = f"{rng.choice(_TRADES)} {rng.choice(_PLACES)} S.A.S."
        kind, document = "NIT", str(rng.randrange(800_000_000, 900_000_000))
    return Party(
        name=name,
        document_type=kind,
        document_number=document,
        email=f"pagos{rng.randrange(10**4)}@example.com",
        bank_code=rng.choice(_OTHER_BANKS),
        account_number=f"{rng.randrange(10**11):011d}",
        account_type=rng.choice(("savings_account", "savings_account", "checking_account")),
    )


def _customer(rng: Random, name: str) -> Party:
    return Party(
        name=f"{name.upper()} S.A.",
        document_type="NIT",
        document_number=str(rng.randrange(910_000_000, 920_000_000)),
        email="tesoreria@example.com",
        bank_code=rng.choice(_OTHER_BANKS),
        account_number=f"{rng.randrange(10**11):011d}",
    )
