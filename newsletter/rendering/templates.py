"""A design's templates, filled: sandboxed Jinja2 that knows where its mistakes are.

Templates get values, never template source: what editors type and sources publish stays text,
`{{ 7*7 }}` included. A name that does not exist is a mistake, not an empty string.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import TracebackType

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.i18n import translations
from newsletter.rendering.design import Design
from newsletter.rendering.errors import TemplateInvalid
from newsletter.rendering.scanning import MARK

_ELEMENT = re.compile(r"<(mj[a-z-]*)(?=[\s/>])")


def fill(design: Design, name: str, *, language: str, values: Mapping[str, object]) -> str:
    """Fill one template of a design; `_` translates into the language.

    Raises:
        TemplateInvalid: a template is missing or broken, or asks for a value nobody gives.
    """
    try:
        return _environment(design, language).get_template(name).render(values)
    except TemplateSyntaxError as error:
        raise TemplateInvalid(error.name or name, error.lineno, _sentence(error.message)) from error
    except TemplateNotFound as error:
        reason = f"the design has no file “{error.name}”."
        raise TemplateInvalid(*_place(error.__traceback__, design, name), reason) from error
    except Exception as error:  # a template is a program: what it raises can be anything
        raise TemplateInvalid(*_place(error.__traceback__, design, name), _sentence(str(error))) from error


class _Loader(BaseLoader):
    """Gives each MJML element the mark that tells its template and line."""

    def __init__(self, design: Design) -> None:
        self._design = design

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        del environment
        source = self._design.files.get(template)
        if source is None:
            raise TemplateNotFound(template)
        if template.endswith(".mjml"):
            source = "\n".join(
                _ELEMENT.sub(rf'<\1 {MARK}="{template}:{number}"', line)
                for number, line in enumerate(source.split("\n"), start=1)
            )
        return source, template, None


@lru_cache(maxsize=32)
def _environment(design: Design, language: str) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=_Loader(design),
        autoescape=lambda name: name is not None and name.endswith(".mjml"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    return environment


def _place(traceback: TracebackType | None, design: Design, name: str) -> tuple[str, int | None]:
    """Find the innermost template line: Jinja2 names templates in its tracebacks as files."""
    place: tuple[str, int | None] = (name, None)
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file in design.files:
            place = (file, traceback.tb_lineno)
        traceback = traceback.tb_next
    return place


def _sentence(reason: str | None) -> str:
    return f"{(reason or 'unknown').rstrip('.')}."
