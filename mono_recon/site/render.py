"""Pages from templates.

Here belong the environment of the templates and what is the same on every page: language, menu, who is signed in.
Everything that a template writes is escaped, and harmless before that.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mono_recon.report.headings import heading
from mono_recon.report.labels import MARKS, label, table_label
from mono_recon.settings import Settings
from mono_recon.site.display import Display, cut, harmless, last_digits, size
from mono_recon.site.words import own_figure, words

MENU = (
    ("overview", "/"),
    ("breaks", "/breaks"),
    ("transfers", "/transfers"),
    ("credits", "/credits"),
    ("collections", "/collections"),
    ("accounts", "/accounts"),
    ("webhooks", "/webhooks"),
    ("reports", "/reports"),
)
"""The sections, after those of Mono's own page."""

_PERSON = "<!-- who is signed in -->"
"""Where a page tells it; no text of the data can be this, since all of them are escaped."""


class Renderer:
    """Writes the pages of one language."""

    def __init__(self, settings: Settings, assets: Mapping[str, str]) -> None:
        language = settings.report.language
        display = Display(language, settings.business.timezone)
        loaders = ChoiceLoader(
            [
                PackageLoader("mono_recon.site", "templates"),
                PrefixLoader({"pack": PackageLoader("mono_recon.report", "web")}),
            ]
        )
        self._templates = Environment(
            loader=loaders,
            autoescape=True,
            undefined=StrictUndefined,
            finalize=harmless,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals |= {
            "language": language,
            "timezone": settings.business.timezone,
            "menu": MENU,
            "assets": assets,
            "person": Markup(_PERSON),  # noqa: S704  a constant
            "marks": MARKS,
            "say": partial(words, language=language),
            "label": partial(label, language=language),
            "table_label": partial(table_label, language=language),
            "heading": partial(heading, language=language),
            "address": address,
        }
        self._templates.filters |= {
            "money": display.money,
            "number": display.number,
            "share": display.share,
            "instant": display.instant,
            "utc": display.utc,
            "span": display.span,
            "cut": cut,
            "last_digits": last_digits,
            "size": size,
            "figure_name": partial(_figure_name, language=language),
        }

    def page(
        self, request: Request, template: str, context: Mapping[str, Any], *, section: str = "", status: int = 200
    ) -> HTMLResponse:
        """A page.

        Args:
            request: The request that it answers.
            template: Name of the template.
            context: What the template shows.
            section: Entry of the menu that it belongs to.
            status: Status of the answer.
        """
        return self.answer(request, self.text(template, context, section=section), status)

    def text(self, template: str, context: Mapping[str, Any], *, section: str = "") -> str:
        """A page as it is for everyone, with a place for who is signed in."""
        return self._templates.get_template(template).render(context, section=section)

    def answer(self, request: Request, text: str, status: int = 200) -> HTMLResponse:
        """A page for the person who asked for it."""
        session = request.scope.get("session")
        own = self._templates.get_template("session.html.j2").render(session=session) if session else ""
        return HTMLResponse(text.replace(_PERSON, own, 1), status)


def _figure_name(name: str, language: str) -> str:
    """The words above a figure of a story, which may be of a table of the pack or of what Mono states."""
    return own_figure(name, language) or heading(name, language)


def address(path: str, *queries: Mapping[str, object], **query: object) -> str:
    """A path with a query; what is empty, and the first page, are left out."""
    asked = {name: value for each in (*queries, query) for name, value in each.items()}
    given = {name: value for name, value in asked.items() if value not in (None, "") and (name, value) != ("page", 1)}
    return f"{path}?{urlencode(given)}" if given else path
