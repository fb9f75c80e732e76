"""Mono's objects as types: the documentation of the payloads, field by field.

Here belongs every field that is used, with what makes it valid; a field that is not named here may hold
anything. A required field has no default; ``| None`` is a field that Mono leaves out or sends as null.
What a failed rule is called belongs to ``schema_rules``; what becomes of an object to ``observations``.
Source: Mono's documentation, sections 1-4 of our reading of it.
"""

from typing import Annotated, NewType

import msgspec

from mono_recon.archive.instants import Instant
from mono_recon.schemas.table import CURRENCY_PATTERN, ID_PATTERN

Id = NewType("Id", str)
Currency = NewType("Currency", str)
FORMS: dict[object, str] = {Id: ID_PATTERN, Currency: CURRENCY_PATTERN}
"""The form that a type's texts must have; left to ``forms``, which looks at many at once."""

Minor = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Money(msgspec.Struct, gc=False):
    """An amount in centavos with its currency."""

    amount: Minor
    currency: Currency


class BankAccount(msgspec.Struct, gc=False):
    """Where a payee is paid."""

    bank_code: str | None = None
    number: str | None = None
    type: str | None = None


class Payee(msgspec.Struct, gc=False):
    """Who is paid."""

    name: str | None = None
    document_type: str | None = None
    document_number: str | None = None
    bank_account: BankAccount | None = None


class Batch(msgspec.Struct, gc=False):
    """A batch as it is embedded in a transfer."""

    id: Id
    state: str
    inserted_at: Instant
    updated_at: Instant
    account_id: Id | None = None
    origin: str | None = None
    total_amount: Money | None = None
    reference: str | None = None


class Transfer(msgspec.Struct, gc=False):
    """An outgoing transfer; ``batch`` is absent where it is nested in a batch event."""

    id: Id
    state: str
    amount: Money
    inserted_at: Instant
    updated_at: Instant
    batch: Batch | None = None
    previous_state: str | None = None
    external_id: str | None = None
    entity_id: str | None = None
    reference: str | None = None
    description: str | None = None
    routing: str | None = None
    fallback_routing: list[str] | None = None
    declination_reason: str | None = None
    payee: Payee | None = None


class Member(Transfer, gc=False):
    """A transfer as its batch's own events list it; it belongs to their batch, whatever it says of one."""


class BatchEvent(Batch, kw_only=True, gc=False):
    """A batch as its own events carry it, with its members."""

    transfers: list[Member]


class CreditedAccount(msgspec.Struct, gc=False):
    """The own account that received a credit."""

    id: Id
    number: str | None = None


class CreditExtra(msgspec.Struct, gc=False):
    """What the payer's own transfer says about itself."""

    entity_id: str | None = None
    reference: str | None = None


class PayerBank(msgspec.Struct, gc=False):
    """The bank that money came from."""

    code: str | None = None
    name: str | None = None


class Payer(msgspec.Struct, gc=False):
    """Who paid."""

    name: str | None = None
    document_number: str | None = None
    bank: PayerBank | None = None


class Credit(msgspec.Struct, gc=False):
    """Money received."""

    id: Id
    type: str
    account: CreditedAccount
    amount: Money
    transaction_at: Instant
    description: str | None = None
    extra: CreditExtra | None = None
    payer: Payer | None = None


class IntentPayer(msgspec.Struct, gc=False):
    """Who pays a collection."""

    name: str | None = None
    document_number: str | None = None


class Payment(msgspec.Struct, gc=False):
    """A collection at its payment provider."""

    transaction_id: str | None = None


class Intent(msgspec.Struct, gc=False):
    """One attempt to pay a collection."""

    id: Id
    state: str
    amount: Money
    inserted_at: Instant
    updated_at: Instant
    collection_link_id: Id | None = None
    account_id: Id | None = None
    external_id: str | None = None
    reference: str | None = None
    payer: IntentPayer | None = None
    payment: Payment | None = None


class Link(msgspec.Struct, gc=False):
    """A collection link; its ``reference`` is an object and is not used."""

    id: Id
    account_id: Id | None = None
    link: str | None = None
    amount: Money | None = None
    amount_validation: str | None = None
    enabled: bool | None = None
    usage_type: str | None = None
    successful_payments: Count | None = None
    expires_at: Instant | None = None
    external_id: str | None = None
    inserted_at: Instant | None = None
    updated_at: Instant | None = None


class AccountBalance(msgspec.Struct, gc=False):
    """The cached balance inside an account."""

    available: Money | None = None
    updated_at: Instant | None = None


class Account(msgspec.Struct, gc=False):
    """An own account."""

    id: Id
    name: str | None = None
    number: str | None = None
    type: str | None = None
    state: str | None = None
    balance: AccountBalance | None = None


class Balance(msgspec.Struct, gc=False):
    """The answer about one account's balance; ``id`` is the account's."""

    id: Id
    available: Money
    updated_at: Instant


class Bank(msgspec.Struct, gc=False):
    """A bank that can be paid, or that pays over PSE."""

    code: str
    name: str | None = None


class LedgerTransaction(msgspec.Struct, gc=False):
    """A transaction of a Core ledger account."""

    id: Id
    amount: Money
    transaction_at: Instant
    description: str | None = None
    operation_type: str | None = None
    origin: str | None = None
    id_in_origin: str | None = None
    origin_transaction_at: Instant | None = None
    reverts_id: str | None = None
    reverted_by_id: str | None = None


EventData = Transfer | BatchEvent | Credit | Intent | LedgerTransaction

EVENT_DATA: dict[str, type[EventData]] = {
    "bank_transfer_approved": Transfer,
    "bank_transfer_rejected": Transfer,
    "bank_transfer_fallback_routing": Transfer,
    "bank_transfer_change_final_state": Transfer,
    "batch_duplicated": BatchEvent,
    "batch_authorization_requested": BatchEvent,
    "batch_sent": BatchEvent,
    "batch_canceled": BatchEvent,
    "account_credited": Credit,
    "collection_intent_credited": Intent,
    "collection_intent_confirmed": Intent,
    "collection_intent_failed": Intent,
    "ledger_account_transaction_created": LedgerTransaction,
}
"""Event types that are used, with the type of their ``event.data``."""


class Named(msgspec.Struct, gc=False):
    """What an event is called."""

    type: str


class Envelope(msgspec.Struct, gc=False):
    """What is around an event's data."""

    event: Named
    timestamp: Instant


class Pagination(msgspec.Struct, gc=False):
    """Where a page stands among the pages of its question."""

    page_number: Count | None = None
    total_items: Count | None = None
    total_pages: Count | None = None
