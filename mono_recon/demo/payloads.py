"""The JSON that Mono sends, field by field.

Here belongs the shape of each object in webhooks and API responses, in the order of fields of Mono's
documented samples. Whether and when something is sent is decided elsewhere.
"""

from copy import deepcopy
from datetime import datetime

from mono_recon.demo.people import BANK_NAMES, Party
from mono_recon.demo.world import (
    ABSENT,
    CURRENCY,
    Account,
    Batch,
    Body,
    Changes,
    Credit,
    Event,
    Intent,
    Link,
    Step,
    Transfer,
    step_at,
)


def money(centavos: int, currency: str = CURRENCY) -> Body:
    """A money object: an integer of the smallest unit and the currency."""
    return {"amount": centavos, "currency": currency}


def envelope(event: Event) -> Body:
    """The whole body of a webhook."""
    data = _event_data(event)
    data.update(event.extra or {})
    if event.changes:
        data = with_changes(data, event.changes)
    return {"event": {"data": data, "type": event.type}, "timestamp": event.at}


def with_changes(body: Body, changes: Changes) -> Body:
    """A copy of a body in which the values at some paths are others, or absent."""
    changed = deepcopy(body)
    for path, value in changes.items():
        place = changed
        for key in path[:-1]:
            place = place[key]
        if value is ABSENT:
            del place[path[-1]]
        else:
            place[path[-1]] = value
    return changed


def export_row(entity: Transfer | Intent, instant: datetime) -> Body:
    """The row of an entity in a list response fetched at an instant."""
    view = entity.export
    shown_at = instant
    if view and view.frozen_at and (view.thawed_at is None or instant < view.thawed_at):
        shown_at = view.frozen_at
    step = step_at(entity.steps, shown_at)
    row = _transfer_row(entity, step, instant) if isinstance(entity, Transfer) else _intent_row(entity, step)
    return with_changes(row, view.changes) if view and view.changes else row


def account_row(account: Account, available: int, figure_at: datetime) -> Body:
    """The row of an account with its cached balance."""
    return {
        "balance": {"available": money(available), "updated_at": figure_at},
        "id": account.id,
        "inserted_at": account.inserted_at,
        "name": account.name,
        "number": account.number,
        "provider": "coopcentral",
        "state": "active",
        "type": "savings_account",
        "updated_at": account.inserted_at,
    }


def link_row(link: Link) -> Body:
    """The row of a collection link."""
    return {
        "account_id": link.account.id,
        "amount": money(link.amount),
        "amount_validation": "fixed",
        "enabled": True,
        "expires_at": None,
        "external_id": link.external_id,
        "id": link.id,
        "inserted_at": link.inserted_at,
        "link": f"https://cuentamono.com/collections/{link.id[-22:]}",
        "payer": {
            "document_number": link.payer.document_number,
            "document_type": link.payer.document_type,
            "email": link.payer.email,
            "name": link.payer.name,
            "note": {"editable": False, "required": False, "value": "Pago de factura"},
            "phone": "+573000000000",
        },
        "realtime_transfer": False,
        "redirect_url": "https://www.example.com/gracias",
        "reference": {"editable": False, "required": False, "value": link.reference},
        "successful_payments": 0,
        "updated_at": link.inserted_at,
        "usage_type": "single_use",
    }


def _event_data(event: Event) -> Body:
    match event.subject:
        case Transfer() as transfer:
            step = event.step or step_at(transfer.steps, event.at)
            return _transfer_event(transfer, step, event.at)
        case Batch() as batch:
            return _batch_event(batch, event.at)
        case Credit() as credit:
            return _credit(credit)
        case Intent() as intent:
            return _intent_event(intent, event.step or step_at(intent.steps, event.at))
        case foreign:
            return dict(foreign)


def _transfer_core(transfer: Transfer, step: Step) -> Body:
    """What every appearance of a transfer has; nested in a batch event it has nothing else."""
    return {
        "amount": money(transfer.amount, transfer.currency),
        "declination_reason": step.reason,
        "description": transfer.description,
        "entity_id": transfer.external_id,
        "id": transfer.id,
        "inserted_at": transfer.inserted_at,
        "payee": transfer.payee.body(),
        "recipient_handle": None,
        "reference": transfer.reference,
        "state": step.state,
        "updated_at": step.at,
    }


def _transfer_event(transfer: Transfer, step: Step, instant: datetime) -> Body:
    return {
        **_transfer_core(transfer, step),
        "batch": _batch(transfer.batch, instant),
        "routing": step.routing,
        "fallback_routing": _fallbacks(step),
    }


def _transfer_row(transfer: Transfer, step: Step, instant: datetime) -> Body:
    return {**_transfer_event(transfer, step, instant), "external_id": transfer.external_id}


def _fallbacks(step: Step) -> list[str]:
    return ["ach"] if step.routing == "turbo" else []


def _batch(batch: Batch, instant: datetime) -> Body:
    step = step_at(batch.steps, instant)
    return {
        "account_id": batch.account.id,
        "id": batch.id,
        "inserted_at": batch.inserted_at,
        "origin": "api",
        "state": step.state,
        "total_amount": money(batch.declared, batch.currency),
        "updated_at": step.at,
    }


def _batch_event(batch: Batch, instant: datetime) -> Body:
    """A batch with the members that it has by then."""
    listed = [member for member in batch.members if member.inserted_at <= instant and member.id not in batch.unlisted]
    return {
        **_batch(batch, instant),
        "transfers": [_transfer_core(member, step_at(member.steps, instant)) for member in listed],
    }


def _credit(credit: Credit) -> Body:
    return {
        "account": {"id": credit.account.id, "number": credit.account.number},
        "amount": money(credit.amount),
        "description": credit.description,
        "extra": credit.extra,
        "id": credit.id,
        "payer": _payer(credit.payer),
        "transaction_at": credit.at,
        "type": credit.type,
    }


def _payer(payer: Party) -> Body:
    return {
        "bank": {"code": payer.bank_code, "name": BANK_NAMES[payer.bank_code]},
        "document_number": payer.document_number,
        "name": payer.name,
    }


def _intent_event(intent: Intent, step: Step) -> Body:
    payment = {"provider": "pse", "transaction_id": intent.transaction_id}
    if step.state == "failed":
        payment["provider_message"] = step.reason or "NOT_AUTHORIZED"
    return {
        "account_id": intent.account.id,
        "amount": money(intent.amount),
        "collection_link_id": intent.link.id,
        "external_id": intent.link.external_id,
        "id": intent.id,
        "inserted_at": intent.inserted_at,
        "note": "Pago de factura",
        "payer": {
            "document_number": intent.payer.document_number,
            "document_type": intent.payer.document_type,
            "name": intent.payer.name,
        },
        "payment": payment,
        "reference": intent.link.reference,
        "state": step.state,
        "updated_at": step.at,
    }


def _intent_row(intent: Intent, step: Step) -> Body:
    return {
        "account_id": intent.account.id,
        "amount": money(intent.amount),
        "bank_code": f"1{intent.payer.bank_code}",
        "id": intent.id,
        "inserted_at": intent.inserted_at,
        "ip": "192.0.2.60",
        "note": "Pago de factura",
        "payer": {
            "document_number": intent.payer.document_number,
            "document_type": intent.payer.document_type,
            "email": intent.payer.email,
            "name": intent.payer.name,
            "person_type": "natural",
            "phone_number": "+573000000000",
        },
        "payment": {
            "provider": "pse",
            "transaction_id": intent.transaction_id,
            "url": f"https://registro.example.com/PSE/index.html?enc={intent.transaction_id}",
        },
        "realtime_transfer": False,
        "redirect_url": "https://www.example.com/gracias",
        "reference": intent.link.reference,
        "state": step.state,
        "updated_at": step.at,
    }
