"""All faults and near misses, as data.

Here belongs the list that decides what is put into a world, and in which order. Each family lists its
own.
"""

from mono_recon.demo.faults.batches import BATCH_FAULTS
from mono_recon.demo.faults.collections import COLLECTION_FAULTS
from mono_recon.demo.faults.credits import CREDIT_FAULTS
from mono_recon.demo.faults.feeds import FEED_FAULTS
from mono_recon.demo.faults.near_misses import NEAR_MISSES
from mono_recon.demo.faults.scene import Fault, Scene
from mono_recon.demo.faults.transfers import TRANSFER_FAULTS
from mono_recon.demo.world import World

# The feeds come last: an outage concerns whatever happened before it.
FAULTS: tuple[Fault, ...] = (
    *TRANSFER_FAULTS,
    *BATCH_FAULTS,
    *CREDIT_FAULTS,
    *COLLECTION_FAULTS,
    *FEED_FAULTS,
)


def inject_all(world: World, *, faults: bool) -> None:
    """Put every near miss, and every fault if wanted, that has a fitting day into a world."""
    for stories in (NEAR_MISSES, FAULTS if faults else ()):
        for place, story in enumerate(stories):
            day = story.when(world, place)
            if day is not None:
                story.inject(Scene(world, day))
