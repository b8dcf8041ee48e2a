"""Pages made of `templates/web/*.html`: escaped, strict about names, in German and English."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from newsletter.i18n import LANGUAGES, translations
from newsletter.settings import Settings
from newsletter.texts.naming import day
from newsletter.web.assets import Assets


class Pages:
    """The templates, loaded once for each language."""

    def __init__(self, folders: Iterable[Path], *, settings: Settings) -> None:
        """Look for templates in the folders, the first that has one wins."""
        self.prefix = urlsplit(settings.public_url).path
        self.assets = Assets.load(prefix=self.prefix)
        paths = [str(folder / "web") for folder in folders]
        self._environments = {language: _environment(paths, language) for language in LANGUAGES}
        for language, environment in self._environments.items():
            environment.globals.update(
                asset=self.assets.url, prefix=self.prefix, settings=settings, day=partial(day, language=language)
            )

    def render(self, template: str, /, *, language: str, **facts: object) -> str:
        """Fill a template; `language` is one of `LANGUAGES`."""
        return self._environments[language].get_template(template).render(language=language, **facts)


class _CompiledOnce(BytecodeCache):
    """Keeps each template compiled, for all languages and however often the pages are loaded; by its source."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _CompiledOnce()


def _environment(paths: list[str], language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(paths),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_COMPILED,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    return environment
