"""The edges of the breaks of batches.

Here belong the near misses of what a batch declares, lists and comes to, and of the time it may wait.
"""

from datetime import timedelta

from mono_recon.calendar import Limit
from mono_recon.demo import acts
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.faults.stories import Edge, before_a_weekend, midweek
from mono_recon.demo.world import TICK, WEBHOOK_HORIZON, Step

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_PATIENCE = Limit(business_days=1)


def _total_of_all_states(scene: Scene, *, beyond: bool) -> None:
    """A total counts the refused and the duplicated members too; beyond, it is a centavo high."""
    batch = acts.open_batch(scene.world, scene.main, scene.at("10:08:44"), scene.drafts(3))
    paid, refused, repeated = batch.members
    acts.mark_member_duplicated(repeated)
    acts.send(scene.world, batch, scene.at("10:08:45"))
    acts.settle(scene.world, paid, "approved", scene.at("10:09:10"))
    acts.settle(scene.world, refused, "declined", scene.at("10:09:12"), reason="invalid_account")
    if beyond:
        batch.declared += 1
        since = batch.inserted_at + WEBHOOK_HORIZON + TICK
        scene.expect("batch_total_mismatch", batch, difference=1, since=since)


def _listed_by_the_second_event_alone(scene: Scene, *, beyond: bool) -> None:
    """A member that was added between two events is in the second one's list; beyond, in none."""
    at = scene.at("11:19:03")
    batch = acts.open_batch(scene.world, scene.main, at, scene.drafts(2))
    acts.ask_authorization(scene.world, batch, at + _SECOND)
    added = acts.add_member(scene.world, batch, scene.drafts()[0], at + _MINUTE)
    acts.send(scene.world, batch, at + 2 * _MINUTE)
    for place, member in enumerate(batch.members):
        acts.settle(scene.world, member, "approved", at + 3 * _MINUTE + place * _SECOND)
    if beyond:
        batch.unlisted = frozenset({added.id})
        scene.expect("batch_membership_mismatch", batch)


def _sent_from_a_cancelled_batch(scene: Scene, *, beyond: bool) -> None:
    """One of two members went to the bank although the batch was cancelled: refused there; beyond, paid."""
    batch = acts.open_batch(scene.world, scene.main, scene.at("09:52:00"), scene.drafts(2))
    acts.ask_authorization(scene.world, batch, scene.at("09:52:01"))
    stopped, escaped = batch.members
    cancelled_at = scene.at("10:04:00")
    stopped.steps.append(Step("cancelled", cancelled_at, "turbo"))
    acts.cancel_batch_alone(scene.world, batch, cancelled_at)
    escaped.steps.append(Step("in_progress", cancelled_at + 30 * _SECOND, "turbo"))
    acts.settle(scene.world, escaped, "approved" if beyond else "declined", cancelled_at + 55 * _SECOND)
    if beyond:
        scene.expect("batch_state_contradiction", batch)


def _declined_batch(scene: Scene, *, beyond: bool) -> None:
    """Both members are declined; beyond, one is approved, milliseconds before as in Mono's own sample."""
    batch = scene.sent(scene.at("15:02:26"), *scene.drafts(2))
    first, last = batch.members
    acts.settle(scene.world, first, "declined", scene.at("15:03:00"), reason="insufficient_funds")
    outcome, at = "approved" if beyond else "declined", scene.at("15:03:01")
    told = acts.settle(scene.world, last, outcome, at)
    batch.steps.append(Step("declined", at + timedelta(milliseconds=10)))
    if beyond:
        scene.expect("batch_outcome_differs", batch, since=told.received[-1])


def _a_business_day_at_midnight(scene: Scene, *, beyond: bool) -> None:
    """Opened as the date begins: as it ends its business day is over, but not passed."""
    at = scene.sharp("00:00:00") - TICK * beyond
    batch = acts.open_batch(scene.world, scene.main, at, scene.drafts())
    acts.ask_authorization(scene.world, batch, at + _SECOND)
    midnight = scene.world.calendar.end_of(scene.day)
    acts.send(scene.world, batch, midnight + 5 * _SECOND)
    acts.settle(scene.world, batch.members[0], "approved", midnight + 25 * _SECOND)
    if beyond:
        scene.expect("stuck_batch", batch)


def _left_over_a_weekend(scene: Scene, *, beyond: bool) -> None:
    """Authorized a second before its business day is over; beyond, cancelled on the next."""
    batch = acts.open_batch(scene.world, scene.main, scene.at("15:10:00"), scene.drafts(2, "ach"))
    acts.ask_authorization(scene.world, batch, scene.at("15:10:01"))
    due = scene.world.calendar.add(batch.inserted_at, _PATIENCE)
    if beyond:
        acts.cancel(scene.world, batch, scene.at("09:20:00", business_days=2))
        scene.expect("stuck_batch", batch, on=scene.date_of(due))
        return
    acts.send(scene.world, batch, due - _SECOND)
    for member in batch.members:
        acts.settle(scene.world, member, "approved", due + timedelta(hours=1))


BATCH_EDGES = (
    Edge("batch_total_mismatch", _total_of_all_states),
    Edge("batch_membership_mismatch", _listed_by_the_second_event_alone),
    Edge("batch_state_contradiction", _sent_from_a_cancelled_batch),
    Edge("batch_outcome_differs", _declined_batch),
    Edge("stuck_batch", _a_business_day_at_midnight, midweek),
    Edge("stuck_batch", _left_over_a_weekend, before_a_weekend(1)),
)
