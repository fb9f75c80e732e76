"""Faults of batches.

Here belong the stories in which a batch and its members do not fit together. Those that stand beside a
near miss are in ``edges``.
"""

from datetime import timedelta

from mono_recon.demo import acts
from mono_recon.demo.exports import transfers_export
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.faults.stories import Story
from mono_recon.demo.world import TICK, WEBHOOK_HORIZON


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


BATCH_FAULTS = (Story("batch_total_mismatch", _total_known_from_the_export_alone),)
