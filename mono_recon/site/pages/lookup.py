"""One thing looked up by a name that people have for it, and the story that is told of it.

Here belongs what of a story is shown, and in which order. The story itself is that of ``pipeline.story``.
"""

from collections.abc import Iterator
from typing import Any

from mono_recon.pipeline.story import Story, UnknownIdError
from mono_recon.site.desk import Desk, Row
from mono_recon.site.display import last_digits
from mono_recon.site.pages.accounts import account_names

_MOST_SHOWN = 100
_LONGEST_ID = 1024
_ACCOUNT_NUMBERS = ("payee_account_number", "account_number")
_MINOR = "_minor"


def lookup(desk: Desk, asked: str) -> dict[str, Any]:
    """The story of what bears an id, an external id or a reference; or why there is none."""
    asked = asked.strip()[:_LONGEST_ID]
    if not asked:
        return {"asked": "", "story": None, "candidates": []}
    try:
        story = desk.story(asked)
    except UnknownIdError:
        return {"asked": asked, "story": None, "candidates": desk.candidates(asked)}
    told = story.to_dict()
    return {
        "asked": asked,
        "story": story,
        "accounts": account_names(desk),
        "figures": list(_figures(story)),
        "currency": story.figures.get("currency"),
        "most": _MOST_SHOWN,
        **{
            name: told[name][:_MOST_SHOWN]
            for name in ("timeline", "breaks", "members", "matches", "resolutions", "reports")
        },
        "history": _history(story),
        "facts": story.facts.unique(["run", "record_sha256"], keep="first", maintain_order=True)
        .head(_MOST_SHOWN)
        .to_dicts(),
    }


def _figures(story: Story) -> Iterator[tuple[str, str, Any]]:
    """Name, kind and value of each figure that is there."""
    for name, value in story.figures.items():
        if value is None or value in (story.id, []) or name in ("source_ref", "currency", "business_date", "version"):
            continue
        if name in _ACCOUNT_NUMBERS:
            yield name, "text", last_digits(value)
        elif name.endswith(_MINOR):
            yield name, "money", value
        elif name.endswith("_at"):
            yield name, "instant", value
        elif isinstance(value, list):
            yield name, "text", ", ".join(value)
        else:
            yield name, "id" if name.endswith("_id") else "text", str(value)


def _history(story: Story) -> list[Row]:
    """Where the break that was asked for was listed."""
    listed = story.listings.filter(break_id=story.break_id) if story.break_id else story.listings.clear()
    return listed.sort("business_date", "version").tail(_MOST_SHOWN).to_dicts()
