"""Faults of money that comes in by credit.

Here belong the stories of credits that lost a centavo, that are refused money coming back, that come from
nowhere or from nobody known. Those that stand beside a near miss are in ``edges``.
"""

from datetime import datetime, timedelta

from mono_recon.demo import acts
from mono_recon.demo.acts import Draft
from mono_recon.demo.faults.scene import Scene, credit_of
from mono_recon.demo.faults.stories import Story, workday
from mono_recon.demo.ids import uuid_text
from mono_recon.demo.people import stranger
from mono_recon.demo.world import Match, Transfer


def _centavo_lost_between_own_accounts(scene: Scene) -> None:
    scene.paid(scene.at("08:22:20"), Draft(scene.amount(), acts.own_party(scene.other), "turbo"))
    (transfer,) = scene.world.batches[-1].members
    arrival = acts.receive_mono(
        scene.world,
        scene.other,
        transfer.amount - 1,
        acts.own_party(scene.main),
        transfer.steps[-1].at + timedelta(seconds=1),
        entity_id=transfer.external_id,
        reference=transfer.reference,
    )
    scene.expect("credit_amount_mismatch", credit_of(arrival), difference=-1)


def _money_back_from_the_bank(scene: Scene) -> None:
    """A refused transfer, then a wire of the same amount from the payee's bank."""
    (transfer,) = scene.sent(scene.at("09:11:11")).members
    acts.settle(scene.world, transfer, "declined", scene.at("09:12:00"), reason="account_closed")
    _money_back(scene, transfer, scene.at("15:30:00", business_days=1))


def _money_back_after_approval(scene: Scene) -> None:
    """An approved transfer turns declined and its money comes back as a credit: once, not twice."""
    scene.paid(scene.at("10:25:45"))
    (transfer,) = scene.world.batches[-1].members
    declined_at = scene.at("09:35:00", business_days=1)
    acts.settle(scene.world, transfer, "declined", declined_at, reason="account_closed")
    transfer.returned = True
    scene.expect("final_state_changed", transfer, on=scene.date_of(declined_at))
    _money_back(scene, transfer, scene.at("11:00:00", business_days=1))


def _money_back(scene: Scene, transfer: Transfer, at: datetime) -> None:
    payer = stranger(scene.world.rng, transfer.payee.bank_code)
    told_at, match = at + timedelta(minutes=12), Match("return", transfer.id)
    arrival = acts.receive_wire(scene.world, scene.main, transfer.amount, payer, at, told_at, match)
    scene.expect("suspected_return", credit_of(arrival), on=scene.date_of(at))


def _own_money_from_nowhere(scene: Scene) -> None:
    """A credit from the company itself that names no transfer of it."""
    arrival = acts.receive_mono(
        scene.world,
        scene.other,
        scene.amount(),
        acts.own_party(scene.main),
        scene.at("12:40:07"),
        entity_id=uuid_text(scene.world.rng),
        reference="TRASLADO",
    )
    scene.expect("orphan_internal_credit", credit_of(arrival))


def _mono_payment_from_a_stranger(scene: Scene) -> None:
    payer = stranger(scene.world.rng, "066")
    arrival = acts.receive_mono(
        scene.world, scene.other, scene.amount(), payer, scene.at("16:01:50"), reference="abono"
    )
    scene.expect("unidentified_credit", credit_of(arrival))


CREDIT_FAULTS = (
    Story("credit_amount_mismatch", _centavo_lost_between_own_accounts),
    Story("suspected_return", _money_back_from_the_bank, workday(runway=2)),
    Story("suspected_return", _money_back_after_approval, workday(runway=2)),
    Story("orphan_internal_credit", _own_money_from_nowhere),
    Story("unidentified_credit", _mono_payment_from_a_stranger),
)
