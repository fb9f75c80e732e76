"""The edges of the breaks of incoming credits, and of transfers between own accounts.

Here belong the near misses of what makes two credits one, of whose a credit is, and of how long it may
take.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.faults.scene import Scene, credit_of
from mono_recon.demo.faults.stories import Edge, Story, workday
from mono_recon.demo.people import Party, stranger
from mono_recon.demo.world import TICK, WEBHOOK_HORIZON, Changes, Event, Match, Transfer

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def _told_twice(scene: Scene, *, beyond: bool) -> None:
    """The same credit again with another description; beyond, a centavo higher. The bank booked the first."""
    at, payer = scene.at("10:33:20"), scene.customer()
    first = acts.receive_wire(scene.world, scene.other, scene.amount(), payer, at, at + 12 * _MINUTE)
    credit = credit_of(first)
    changes: Changes = {("amount", "amount"): credit.amount + 1} if beyond else {("description",): "Abono corregido"}
    scene.world.tell(Event(first.type, first.at + 60 * _MINUTE, credit, [], changes=changes))
    if beyond:
        credit.match = None
        scene.expect("conflicting_credit", credit, difference=-1)


def _within_one_second(scene: Scene, *, beyond: bool) -> None:
    """Equal credits a microsecond apart, in two seconds; beyond, almost a second apart, but in one."""
    second, amount, payer = scene.sharp("11:45:10"), scene.amount(), scene.customer()
    moments = (second, second + _SECOND - TICK) if beyond else (second - TICK, second)
    _, arrival = (acts.receive_mono(scene.world, scene.other, amount, payer, at) for at in moments)
    if beyond:
        credit_of(arrival).match = None
        scene.expect("duplicate_credit", credit_of(arrival))


def _credits_a_centavo_apart(scene: Scene) -> None:
    at, amount, payer = scene.at("11:50:10"), scene.amount(), scene.customer()
    for told in (amount, amount + 1):
        acts.receive_wire(scene.world, scene.other, told, payer, at, at + 10 * _MINUTE)


def _number_without_its_zero(scene: Scene, *, beyond: bool) -> None:
    """A customer's payment names a transfer of ours and is a centavo less.

    The transfer went to the number of our other account but for its leading zero; beyond, with it.
    """
    number = scene.other.number if beyond else scene.other.number.removeprefix("0")
    payee = replace(scene.payee(), account_number=number)
    transfer = _sent_and_approved(scene, "08:20:20", Draft(scene.amount(), payee, "turbo"))
    at, amount, name = transfer.steps[-1].at + _SECOND, transfer.amount - 1, transfer.external_id
    arrival = acts.receive_mono(scene.world, scene.other, amount, scene.customer(), at, entity_id=name)
    if beyond:
        credit_of(arrival).match = None
        scene.expect("credit_amount_mismatch", credit_of(arrival), difference=-1)


def _two_transfers_with_one_reference(scene: Scene, *, beyond: bool) -> None:
    """Equal transfers, and as many credits that name only the reference; beyond, one credit less."""
    draft = Draft(scene.amount(), acts.own_party(scene.other), "turbo", None, "TRASLADO QUINCENA")
    sent = [_sent_and_approved(scene, clock, draft) for clock in ("08:30:00", "08:33:00")]
    for transfer in sent[beyond:]:
        arrival = acts.receive_mono(
            scene.world,
            scene.other,
            draft.amount,
            acts.own_party(scene.main),
            transfer.steps[-1].at + _SECOND,
            reference=transfer.reference,
            match=None if beyond else Match("internal_reference", transfer.id),
        )
        if beyond:
            scene.expect("ambiguous_match", credit_of(arrival))


def _after_the_return_window(scene: Scene, *, beyond: bool) -> None:
    """A customer pays what was refused, from the payee's bank, a second too late to be it; beyond, just in time."""
    transfer, customer = _refused(scene, scene.sharp("09:20:00"))
    at = scene.sharp("09:20:00", business_days=5) + _SECOND * (not beyond)
    match = Match("return", transfer.id) if beyond else None
    arrival = acts.receive_wire(scene.world, scene.main, transfer.amount, customer, at, at + _MINUTE, match)
    if beyond:
        scene.expect("suspected_return", credit_of(arrival), on=scene.date_of(at))


def _a_centavo_more_than_was_refused(scene: Scene) -> None:
    transfer, customer = _refused(scene, scene.at("09:14:30"))
    at = scene.at("12:00:00")
    acts.receive_wire(scene.world, scene.main, transfer.amount + 1, customer, at, at + _MINUTE)


def _dated_before_its_transfer(scene: Scene, *, beyond: bool) -> None:
    """The bank's clock may be five minutes slow, and not a microsecond more."""
    transfer = _between_own_accounts(scene, "08:10:00")
    at = transfer.inserted_at - 5 * _MINUTE - TICK * beyond
    match = None if beyond else Match("internal_external_id", transfer.id)
    arrival = _arrival(scene, transfer, at, acts.prompt, match)
    if beyond:
        scene.expect("orphan_internal_credit", credit_of(arrival))
        since = transfer.steps[-1].at + WEBHOOK_HORIZON + TICK
        scene.expect("internal_transfer_not_credited", transfer, since=since)


def _document_with_a_check_digit(scene: Scene, *, beyond: bool) -> None:
    """A known tax id with a tenth digit; beyond, its ninth is another."""
    customer = scene.world.clientele.customers[0]
    known = customer.document_number
    if beyond:
        known = known[:-1] + str((int(known[-1]) + 1) % 10)
    payer = replace(customer, document_number=known + "4")
    _payment_to_the_other_account(scene, "13:13:13", payer, customer, beyond=beyond)


def _name_in_another_case(scene: Scene, *, beyond: bool) -> None:
    """Another house of a customer who is known by the first word of the name; beyond, not in capitals."""
    customer = scene.world.clientele.customers[-1]
    name = f"{customer.name.split()[0]} MUISCA LTDA."
    payer = replace(stranger(scene.world.rng), name=name.title() if beyond else name)
    _payment_to_the_other_account(scene, "13:14:14", payer, customer, beyond=beyond)


def _payment_to_the_other_account(scene: Scene, clock: str, payer: Party, customer: Party, *, beyond: bool) -> None:
    match = None if beyond else acts.customer_of(scene.world, customer)
    at = scene.at(clock)
    arrival = acts.receive_wire(scene.world, scene.other, scene.amount(), payer, at, at + 12 * _MINUTE, match)
    if beyond:
        scene.expect("unidentified_credit", credit_of(arrival))


def _credited_at_the_horizon(scene: Scene, *, beyond: bool) -> None:
    """At the first issue the horizon is reached but not passed; a microsecond later the credit is told."""
    approved_at = scene.first_issue - WEBHOOK_HORIZON - TICK * beyond
    draft = Draft(scene.amount(), acts.own_party(scene.other), "turbo", description="Traslado")
    (transfer,) = scene.sent(approved_at - 30 * _SECOND, draft).members
    acts.settle(scene.world, transfer, "approved", approved_at)
    if beyond:
        scene.expect("internal_transfer_not_credited", transfer, since=scene.first_issue)
        return
    match = Match("internal_external_id", transfer.id)
    _arrival(scene, transfer, approved_at + _SECOND, lambda _: [scene.first_issue + TICK], match)


def _own_number_at_another_bank(scene: Scene) -> None:
    payee = replace(acts.own_party(scene.other), bank_code="007")
    scene.paid(scene.at("08:55:00"), Draft(scene.amount(), payee, "turbo"))


def _refused(scene: Scene, refused_at: datetime) -> tuple[Transfer, Party]:
    """A transfer that was refused, and a customer at the payee's bank."""
    customer = scene.customer()
    payee = replace(scene.payee(), bank_code=customer.bank_code)
    (transfer,) = scene.sent(refused_at - 30 * _SECOND, Draft(scene.amount(), payee, "turbo")).members
    acts.settle(scene.world, transfer, "declined", refused_at, reason="invalid_account")
    return transfer, customer


def _sent_and_approved(scene: Scene, clock: str, draft: Draft) -> Transfer:
    scene.paid(scene.at(clock), draft)
    return scene.world.batches[-1].members[0]


def _between_own_accounts(scene: Scene, clock: str) -> Transfer:
    return _sent_and_approved(scene, clock, Draft(scene.amount(), acts.own_party(scene.other), "turbo"))


def _arrival(scene: Scene, transfer: Transfer, at: datetime, courier: acts.Courier, match: Match | None) -> Event:
    """The credit of a transfer to the other account, dated and told as given."""
    return acts.receive_mono(
        scene.world,
        scene.other,
        transfer.amount,
        acts.own_party(scene.main),
        at,
        entity_id=transfer.external_id,
        reference=transfer.reference,
        courier=courier,
        match=match,
    )


CREDIT_EDGES = (
    Edge("conflicting_credit", _told_twice),
    Edge("duplicate_credit", _within_one_second),
    Edge("credit_amount_mismatch", _number_without_its_zero),
    Edge("ambiguous_match", _two_transfers_with_one_reference),
    Edge("suspected_return", _after_the_return_window, workday(runway=6)),
    Edge("orphan_internal_credit", _dated_before_its_transfer),
    Edge("unidentified_credit", _document_with_a_check_digit),
    Edge("unidentified_credit", _name_in_another_case),
    Edge("internal_transfer_not_credited", _credited_at_the_horizon),
)
CREDIT_NEAR_MISSES = (
    Story("duplicate_credit", _credits_a_centavo_apart),
    Story("suspected_return", _a_centavo_more_than_was_refused),
    Story("internal_transfer_not_credited", _own_number_at_another_bank),
)
