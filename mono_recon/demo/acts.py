"""The things that can happen, each with what Mono tells of it.

Here belong the single acts of the company, its bank and its customers: a batch is opened, sent or
cancelled, a transfer settles, money arrives, a collection advances. When they happen and how many there
are is decided by daily life and by the faults.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mono_recon.demo.ids import new_id, uuid_text
from mono_recon.demo.people import BANK_NAMES, OWN_BANK_CODE, OWN_DOCUMENT, Party
from mono_recon.demo.world import (
    CURRENCY,
    TICK,
    Account,
    Batch,
    Credit,
    Event,
    Intent,
    Link,
    Match,
    Step,
    Transfer,
    World,
)

Courier = Callable[[datetime], list[datetime]]

_USER = {"email": "tesoreria@example.com", "name": "Tesorería"}
_SPACING = 700 * TICK
_BATCH_LAG = timedelta(seconds=9, milliseconds=431)
_INTENT_EVENTS = {
    "approved_in_provider": "collection_intent_confirmed",
    "account_credited": "collection_intent_credited",
    "failed": "collection_intent_failed",
}


def prompt(at: datetime) -> list[datetime]:
    """Delivery at the first attempt."""
    return [at + timedelta(milliseconds=700)]


class Draft(NamedTuple):
    """A transfer as the company asks for it; amount in centavos, or the smallest unit of its currency."""

    amount: int
    payee: Party
    routing: str = "ach"
    external_id: str | None = None
    reference: str | None = None
    description: str = "Pago a proveedor"
    currency: str = CURRENCY


def own_party(account: Account) -> Party:
    """The company itself, as payer or payee through one of its accounts."""
    return Party(
        name="COMERCIAL MACONDO S.A.S.",
        document_type="NIT",
        document_number=OWN_DOCUMENT,
        email="tesoreria@example.com",
        bank_code=OWN_BANK_CODE,
        account_number=account.number,
    )


def open_batch(world: World, account: Account, at: datetime, drafts: Sequence[Draft]) -> Batch:
    """Hand a batch to Mono: it and its members, all in one currency, are created."""
    batch = Batch(new_id(world.rng, "bat"), account, at, [Step("created", at)], currency=drafts[0].currency)
    for place, draft in enumerate(drafts, start=1):
        add_member(world, batch, draft, at + place * _SPACING)
    world.batches.append(batch)
    return batch


def add_member(world: World, batch: Batch, draft: Draft, at: datetime) -> Transfer:
    """Create one transfer of a batch; the batch's declared total grows with it."""
    transfer = Transfer(
        id=new_id(world.rng, "trn"),
        batch=batch,
        external_id=draft.external_id or uuid_text(world.rng),
        amount=draft.amount,
        payee=draft.payee,
        reference=draft.reference or f"FV-{world.rng.randrange(10**6):06d}",
        description=draft.description,
        inserted_at=at,
        steps=[Step("created", at, draft.routing)],
        currency=draft.currency,
    )
    batch.members.append(transfer)
    batch.declared += draft.amount
    world.add_transfer(transfer)
    return transfer


def ask_authorization(world: World, batch: Batch, at: datetime, courier: Courier = prompt) -> Event:
    """The batch waits for a person's one-time password."""
    batch.steps.append(Step("pending_otp", at))
    return _tell_batch(world, "batch_authorization_requested", batch, at, courier)


def send(world: World, batch: Batch, at: datetime, courier: Courier = prompt) -> Event:
    """The batch goes to the bank; members still created are in progress from then on."""
    batch.steps.append(Step("processing_transactions", at))
    for place, member in enumerate(batch.members, start=1):
        if member.steps[-1].state == "created":
            member.steps.append(Step("in_progress", at + place * _SPACING, member.steps[-1].routing))
    return _tell_batch(world, "batch_sent", batch, at, courier, {"approved_by_user": _USER})


def cancel(world: World, batch: Batch, at: datetime, courier: Courier = prompt) -> Event:
    """A user cancels the batch before it was sent, and with it the members that are still created."""
    for member in batch.members:
        if member.steps[-1].state == "created":
            member.steps.append(Step("cancelled", at, member.steps[-1].routing))
    return cancel_batch_alone(world, batch, at, courier)


def cancel_batch_alone(world: World, batch: Batch, at: datetime, courier: Courier = prompt) -> Event:
    """Cancel the batch and leave its members as they are."""
    batch.steps.append(Step("cancelled", at))
    return _tell_batch(world, "batch_canceled", batch, at, courier, {"canceled_by_user": _USER})


def mark_duplicated(world: World, batch: Batch, at: datetime, courier: Courier = prompt) -> Event:
    """Mono knows every external id of the batch already."""
    for member in batch.members:
        mark_member_duplicated(member)
    batch.steps.append(Step("duplicated", at))
    return _tell_batch(world, "batch_duplicated", batch, at, courier)


def mark_member_duplicated(transfer: Transfer) -> None:
    """Mono knows the external id of one transfer already; nothing is told of it alone."""
    transfer.steps[0] = transfer.steps[0]._replace(state="duplicated")


def fall_back(world: World, transfer: Transfer, at: datetime, courier: Courier = prompt) -> Event:
    """The first rail failed, the transfer goes on by ACH; the event still names the first one."""
    step = Step("in_progress", at, "ach")
    transfer.steps.append(step)
    told_at = at + timedelta(seconds=4)
    return world.tell(
        Event(
            "bank_transfer_fallback_routing",
            told_at,
            transfer,
            courier(told_at),
            step._replace(routing="turbo"),
            {"fallback_reason": "original routing failed"},
        )
    )


def settle(
    world: World,
    transfer: Transfer,
    state: str,
    at: datetime,
    *,
    lag: timedelta = timedelta(seconds=5),
    courier: Courier = prompt,
    reason: str | None = None,
) -> Event:
    """The transfer is approved or declined, or changes from one to the other."""
    before = transfer.steps[-1]
    step = Step(state, at, before.routing, reason)
    transfer.steps.append(step)
    event_type = "bank_transfer_approved" if state == "approved" else "bank_transfer_rejected"
    extra: dict[str, Any] | None = None
    if before.state in {"approved", "declined"} and before.state != state:
        event_type, extra = "bank_transfer_change_final_state", {"previous_state": before.state}
    return world.tell(Event(event_type, at + lag, transfer, courier(at + lag), step, extra))


def receive_wire(
    world: World,
    account: Account,
    amount: int,
    payer: Party,
    at: datetime,
    told_at: datetime,
    match: Match | None = None,
) -> Event:
    """Money comes by ACH: the bank's clock has whole seconds, Mono tells of it later.

    Args:
        world: Where it happens.
        account: The account credited.
        amount: Centavos.
        payer: Who pays.
        at: When, by the bank's clock.
        told_at: When Mono tells of it.
        match: What the money belongs to, if that is more than a customer's payment.
    """
    bank = BANK_NAMES[payer.bank_code]
    text = f"Abono {payer.name} {bank} - {payer.document_number} Ref: FACTURA"
    credit = Credit(
        new_id(world.rng, "tx"), "incoming_wire", account, amount, payer, at.replace(microsecond=0), text, {}
    )
    credit.match = match or customer_of(world, payer)
    world.credits.append(credit)
    return world.tell(Event("account_credited", told_at, credit, prompt(told_at)))


def receive_mono(
    world: World,
    account: Account,
    amount: int,
    payer: Party,
    at: datetime,
    *,
    entity_id: str | None = None,
    reference: str = "",
    courier: Courier = prompt,
    match: Match | None = None,
) -> Event:
    """Money comes from another account inside Mono, in real time; ``match`` as in ``receive_wire``."""
    extra = {"entity_id": entity_id, "reference": reference}
    credit = Credit(new_id(world.rng, "tx"), "bank_transfer_mono", account, amount, payer, at, "Transferencia", extra)
    credit.match = match or customer_of(world, payer)
    world.credits.append(credit)
    told_at = at + timedelta(seconds=5, milliseconds=900)
    return world.tell(Event("account_credited", told_at, credit, courier(told_at)))


def customer_of(world: World, payer: Party) -> Match | None:
    """The known customer that a payer is."""
    return Match("known_payer", payer.name) if payer in world.clientele.customers else None


def start_collection(world: World, account: Account, amount: int, payer: Party, at: datetime) -> Intent:
    """A customer opens a collection link and is sent to the bank."""
    link = Link(
        id=new_id(world.rng, "clink"),
        account=account,
        amount=amount,
        payer=payer,
        external_id=uuid_text(world.rng),
        reference=f"REF #{world.rng.randrange(10**6):06d}",
        inserted_at=at - timedelta(minutes=2),
    )
    intent = Intent(
        id=new_id(world.rng, "cint"),
        link=link,
        account=account,
        amount=amount,
        payer=payer,
        transaction_id=str(world.rng.randrange(10**6, 10**10)),
        inserted_at=at,
        steps=[Step("created", at), Step("in_progress", at + timedelta(seconds=3))],
    )
    world.links.append(link)
    world.intents.append(intent)
    return intent


def advance(world: World, intent: Intent, state: str, at: datetime, courier: Courier = prompt) -> Event:
    """The collection is approved at the provider, credited or failed."""
    step = Step(state, at)
    intent.steps.append(step)
    told_at = at + timedelta(seconds=3)
    return world.tell(Event(_INTENT_EVENTS[state], told_at, intent, courier(told_at), step))


def _tell_batch(
    world: World,
    event_type: str,
    batch: Batch,
    at: datetime,
    courier: Courier,
    extra: dict[str, Any] | None = None,
) -> Event:
    told_at = at + _BATCH_LAG
    return world.tell(Event(event_type, told_at, batch, courier(told_at), None, extra))
