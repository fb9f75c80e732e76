"""Faults of collections through PSE.

Here belong the stories in which the two channels disagree about a collection. Those that stand beside a
near miss are in ``edges``.
"""

from datetime import timedelta

from mono_recon.demo import acts
from mono_recon.demo.exports import collections_export
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.faults.stories import Story
from mono_recon.demo.people import stranger
from mono_recon.demo.world import NEVER, TICK, WEBHOOK_HORIZON, Event, ExportView, Intent

_AMOUNT = ("amount", "amount")
_CURRENCY = ("amount", "currency")


def _started(scene: Scene, clock: str) -> Intent:
    payer = stranger(scene.world.rng)
    return acts.start_collection(scene.world, scene.main, scene.amount(), payer, scene.at(clock))


def _approved(scene: Scene, clock: str) -> Intent:
    intent = _started(scene, clock)
    acts.advance(scene.world, intent, "approved_in_provider", intent.inserted_at + timedelta(seconds=50))
    return intent


def _credited(scene: Scene, clock: str) -> tuple[Intent, Event]:
    intent = _approved(scene, clock)
    at = intent.inserted_at + timedelta(minutes=3)
    return intent, acts.advance(scene.world, intent, "account_credited", at)


def _credit_never_told(scene: Scene) -> None:
    intent, lost = _credited(scene, "09:22:31")
    _expect_missing_webhook(scene, intent, lost)


def _failure_never_told(scene: Scene) -> None:
    intent = _started(scene, "17:10:05")
    lost = acts.advance(scene.world, intent, "failed", intent.inserted_at + timedelta(minutes=2))
    _expect_missing_webhook(scene, intent, lost)


def _expect_missing_webhook(scene: Scene, intent: Intent, lost: Event) -> None:
    lost.received.clear()
    since = intent.steps[-1].at + WEBHOOK_HORIZON + TICK
    scene.expect("missing_webhook", intent, since=since, export=collections_export(scene.day))


def _left_out_of_exports(scene: Scene) -> None:
    intent, _ = _credited(scene, "10:51:49")
    intent.export = ExportView(hidden_until=NEVER)
    scene.expect("missing_in_export", intent, export=collections_export(scene.day))


def _export_stays_behind(scene: Scene) -> None:
    """The list endpoint goes on showing the collection as approved at the provider."""
    intent, _ = _credited(scene, "11:28:16")
    intent.export = ExportView(frozen_at=intent.steps[-1].at - TICK)
    scene.expect("state_mismatch", intent, export=collections_export(scene.day))


def _one_centavo_less(scene: Scene) -> None:
    intent, told = _credited(scene, "12:05:33")
    told.changes = {_AMOUNT: intent.amount - 1}
    scene.expect("amount_mismatch", intent, difference=-1, export=collections_export(scene.day))


def _dollars(scene: Scene) -> None:
    intent, told = _credited(scene, "13:49:08")
    told.changes = {_CURRENCY: "USD"}
    scene.expect("currency_mismatch", intent, export=collections_export(scene.day))


COLLECTION_FAULTS = (
    Story("missing_webhook", _credit_never_told),
    Story("missing_webhook", _failure_never_told),
    Story("missing_in_export", _left_out_of_exports),
    Story("state_mismatch", _export_stays_behind),
    Story("amount_mismatch", _one_centavo_less),
    Story("currency_mismatch", _dollars),
)
