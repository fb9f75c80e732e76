"""The edges of the breaks of collections through PSE.

Here belong the near misses of how long collected money may take, and of what is told about it.
"""

from datetime import datetime, timedelta

from mono_recon.calendar import Limit
from mono_recon.demo import acts
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.faults.stories import Edge, Story, before_a_weekend, midweek
from mono_recon.demo.people import stranger
from mono_recon.demo.world import TICK, Intent

_SECOND = timedelta(seconds=1)
_PATIENCE = Limit(business_days=1)


def _started(scene: Scene, at: datetime) -> Intent:
    return acts.start_collection(scene.world, scene.main, scene.amount(), stranger(scene.world.rng), at)


def _approved(scene: Scene, at: datetime) -> Intent:
    intent = _started(scene, at - 50 * _SECOND)
    acts.advance(scene.world, intent, "approved_in_provider", at)
    return intent


def _credited_at_the_last_moment(scene: Scene, *, beyond: bool) -> None:
    """At the later issue the business day is over but not passed; a microsecond later the credit is told."""
    approved_at = scene.sharp("09:45:00") - TICK * beyond
    intent = _approved(scene, approved_at)
    if beyond:
        scene.expect("collection_not_credited", intent, since=scene.later_issue)
    else:
        at = scene.later_issue - 10 * _SECOND
        acts.advance(scene.world, intent, "account_credited", at, lambda _: [scene.later_issue + TICK])


def _credited_after_the_weekend(scene: Scene) -> None:
    intent = _approved(scene, scene.at("16:20:42"))
    due = scene.world.calendar.add(intent.steps[-1].at, _PATIENCE)
    acts.advance(scene.world, intent, "account_credited", due - 10 * _SECOND)


def _two_states_at_one_instant(scene: Scene, *, beyond: bool) -> None:
    """Confirmed and credited on one whole second; beyond, a microsecond off it."""
    intent = _approved(scene, scene.sharp("14:14:14") + TICK * beyond)
    acts.advance(scene.world, intent, "account_credited", intent.steps[-1].at)
    if beyond:
        scene.expect("conflicting_versions", intent)


def _failed_in_another_case(scene: Scene, *, beyond: bool) -> None:
    """Mono writes its states in small letters; beyond, with a capital."""
    intent = _started(scene, scene.at("15:35:55"))
    told = acts.advance(scene.world, intent, "failed", scene.at("15:37:20"))
    if beyond:
        told.step = intent.steps[-1] = intent.steps[-1]._replace(state="Failed")
        scene.expect("unknown_state", intent)


COLLECTION_EDGES = (
    Edge("collection_not_credited", _credited_at_the_last_moment, midweek),
    Edge("conflicting_versions", _two_states_at_one_instant),
    Edge("unknown_state", _failed_in_another_case),
)
COLLECTION_NEAR_MISSES = (Story("collection_not_credited", _credited_after_the_weekend, before_a_weekend(1)),)
