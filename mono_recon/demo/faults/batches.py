"""Faults of batches.

Here belong the stories in which a batch and its members do not fit together, or a batch waits too long.
"""

from datetime import timedelta

from mono_recon.demo import acts
from mono_recon.demo.exports import transfers_export
from mono_recon.demo.faults.scene import Fault, Scene
from mono_recon.demo.world import TICK, WEBHOOK_HORIZON, Step


def _total_one_centavo_high(scene: Scene) -> None:
    approvals = scene.paid(scene.at("10:08:44"), *scene.drafts(3))
    batch = scene.world.batches[-1]
    batch.declared += 1
    since = max(batch.inserted_at + WEBHOOK_HORIZON + TICK, *(event.received[-1] for event in approvals))
    scene.expect("batch_total_mismatch", batch, difference=1, since=since)


def _member_that_no_event_lists(scene: Scene) -> None:
    """A transfer names the batch, which never listed it; the total includes it."""
    scene.paid(scene.at("11:19:03"), *scene.drafts(3))
    batch = scene.world.batches[-1]
    batch.unlisted = frozenset({batch.members[-1].id})
    scene.expect("batch_membership_mismatch", batch)


def _paid_from_a_cancelled_batch(scene: Scene) -> None:
    """One of two members went to the bank although the batch was cancelled."""
    batch = acts.open_batch(scene.world, scene.main, scene.at("09:52:00"), scene.drafts(2))
    acts.ask_authorization(scene.world, batch, scene.at("09:52:01"))
    stopped, escaped = batch.members
    cancelled_at = scene.at("10:04:00")
    stopped.steps.append(Step("cancelled", cancelled_at, "turbo"))
    acts.cancel_batch_alone(scene.world, batch, cancelled_at)
    escaped.steps.append(Step("in_progress", cancelled_at + timedelta(seconds=30), "turbo"))
    acts.settle(scene.world, escaped, "approved", cancelled_at + timedelta(seconds=55))
    scene.expect("batch_state_contradiction", batch)


def _approved_in_a_declined_batch(scene: Scene) -> None:
    """As in Mono's own sample: the batch is declined milliseconds after its transfer was approved."""
    (approval,) = scene.paid(scene.at("15:02:26"))
    batch = scene.world.batches[-1]
    batch.steps.append(Step("declined", batch.members[0].steps[-1].at + timedelta(milliseconds=10)))
    scene.expect("batch_outcome_differs", batch, since=approval.received[-1])


def _nobody_authorizes(scene: Scene) -> None:
    """Left for more than a business day, then cancelled before its transfers count as stuck."""
    batch = acts.open_batch(scene.world, scene.main, scene.at("15:10:00"), scene.drafts(2, "ach"))
    acts.ask_authorization(scene.world, batch, scene.at("15:10:01"))
    acts.cancel(scene.world, batch, scene.at("09:20:00", business_days=2))
    limit_passed = scene.at("15:10:00", business_days=1)
    scene.expect("stuck_batch", batch, on=scene.date_of(limit_passed))


def _total_known_from_the_export_alone(scene: Scene) -> None:
    """The batch event was lost; the complete export proves the member list."""
    world, at = scene.world, scene.at("13:31:18")
    batch = acts.open_batch(world, scene.main, at, scene.drafts(2, "transfiya"))
    acts.send(world, batch, at + timedelta(seconds=1)).received.clear()
    for member in batch.members:
        acts.settle(world, member, "approved", at + timedelta(seconds=40))
    batch.declared -= 100
    since = batch.inserted_at + WEBHOOK_HORIZON + TICK
    export = transfers_export(scene.day)
    scene.expect("batch_total_mismatch", batch, difference=-100, since=since, export=export)


BATCH_FAULTS = (
    Fault("batch_total_mismatch", _total_one_centavo_high),
    Fault("batch_total_mismatch", _total_known_from_the_export_alone),
    Fault("batch_membership_mismatch", _member_that_no_event_lists),
    Fault("batch_state_contradiction", _paid_from_a_cancelled_batch),
    Fault("batch_outcome_differs", _approved_in_a_declined_batch),
    Fault("stuck_batch", _nobody_authorizes),
)
