"""All faults and near misses, as data.

Here belongs the list that decides what is put into a world, and in which order. Each family lists its
own.
"""

from mono_recon.demo.edges.batches import BATCH_EDGES
from mono_recon.demo.edges.collections import COLLECTION_EDGES, COLLECTION_NEAR_MISSES
from mono_recon.demo.edges.credits import CREDIT_EDGES, CREDIT_NEAR_MISSES
from mono_recon.demo.edges.feeds import FEED_EDGES, FEED_NEAR_MISSES
from mono_recon.demo.edges.transfers import TRANSFER_EDGES, TRANSFER_NEAR_MISSES
from mono_recon.demo.faults.batches import BATCH_FAULTS
from mono_recon.demo.faults.collections import COLLECTION_FAULTS
from mono_recon.demo.faults.credits import CREDIT_FAULTS
from mono_recon.demo.faults.feeds import FEED_FAULTS
from mono_recon.demo.faults.scene import Scene
from mono_recon.demo.faults.stories import Edge, Story, stretches
from mono_recon.demo.faults.transfers import TRANSFER_FAULTS
from mono_recon.demo.world import World

EDGES: tuple[Edge, ...] = (*TRANSFER_EDGES, *BATCH_EDGES, *CREDIT_EDGES, *COLLECTION_EDGES, *FEED_EDGES)
NEAR_MISSES: tuple[Story, ...] = (
    *TRANSFER_NEAR_MISSES,
    *CREDIT_NEAR_MISSES,
    *COLLECTION_NEAR_MISSES,
    *FEED_NEAR_MISSES,
    *(edge.near_miss for edge in EDGES),
)
# The feeds come last: an outage concerns whatever happened before it.
FAULTS: tuple[Story, ...] = (
    *(edge.fault for edge in EDGES),
    *TRANSFER_FAULTS,
    *BATCH_FAULTS,
    *CREDIT_FAULTS,
    *COLLECTION_FAULTS,
    *FEED_FAULTS,
)


def inject_all(world: World, *, faults: bool) -> None:
    """Put every near miss, and every fault if wanted, into each month of a world that has a fitting day."""
    for stretch in stretches(world):
        for stories in (NEAR_MISSES, FAULTS if faults else ()):
            for place, story in enumerate(stories):
                day = story.when(stretch, place)
                if day is not None:
                    story.inject(Scene(world, day))
