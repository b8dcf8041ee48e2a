"""`newsletter rate …`."""

import re

import click
import rich_click

from newsletter.cli.context import actor, opened
from newsletter.cli.output import as_json, say, show_json, show_table
from newsletter.delivery import pacing
from newsletter.delivery.pace import Key, parse_key, relay_key
from newsletter.delivery.transports import open_transport

by_whom = click.option("--by", "address", metavar="EMAIL", help="Who does it; else the command line.")

_SECONDS = {"s": 1, "min": 60, "h": 3600}
_RATE = re.compile(rf"(?P<number>[0-9]+(?:\.[0-9]+)?)/(?P<unit>{'|'.join(_SECONDS)})", re.ASCII)
_EXACT = 1e-6


class PerSecond(click.ParamType[float]):
    """A rate with its unit, such as 20/s, 100/min or 5000/h."""

    name = "rate"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Give it in messages a second; a number without a unit is refused, for it can be meant in three ways."""
        if isinstance(value, float):
            return value
        found = _RATE.fullmatch(str(value).replace(" ", ""))
        if not found:
            self.fail(f"“{value}” is no rate; write it like 20/s, 100/min or 5000/h.", param, ctx)
        return float(found["number"]) / _SECONDS[found["unit"]]


def shown(per_second: float | None) -> str:
    """A rate in the unit in which it is a whole number, else in the one in which it is more than one."""
    if per_second is None:
        return "no limit"
    for unit, seconds in _SECONDS.items():
        number = per_second * seconds
        if number >= 1 and abs(number - round(number)) < _EXACT * number:
            return f"{round(number)}/{unit}"
    unit, seconds = next(
        ((unit, seconds) for unit, seconds in _SECONDS.items() if per_second * seconds >= 1), ("h", 3600)
    )
    return f"{per_second * seconds:.3g}/{unit}"


@click.group(cls=rich_click.RichGroup)
def rate() -> None:
    """How fast mail goes out: over all, by relay, or by group of mailboxes. Without a rate, as fast as it can."""


@rate.command("list")
@as_json
def list_(json_: bool) -> None:  # noqa: FBT001
    """Show the rates that are set, and what providers have slowed down; --json tells messages a second."""
    with opened() as app, app.reading() as session:
        found = pacing.rates(session, now=app.now())
    if json_:
        show_json([each.as_json() for each in found])
        return
    show_table(
        ("key", "rate", "at present", "slowed until"),
        (
            (
                each.key,
                shown(each.per_second),
                shown(each.present),
                each.slowed_until and f"{each.slowed_until:%Y-%m-%d %H:%M}",
            )
            for each in found
        ),
        empty="Nothing limits how fast mail goes out. `newsletter rate set KEY 20/s` does.",
    )


@rate.command("set")
@click.argument("key")
@click.argument("per_second", type=PerSecond(), metavar="RATE")
@by_whom
def set_(key: str, per_second: float, address: str | None) -> None:
    """Limit KEY (global, relay:NAME or provider:GROUP) to RATE, such as 20/s, 100/min or 5000/h."""
    parsed = parse_key(key)
    with opened() as app:
        with app.writing() as session:
            pacing.set_rate(session, parsed, per_second, by=actor(session, address), now=app.now())
        _warn_of_strange_relay(parsed, open_transport(app.settings.smtp_url).name)
    click.echo(f"{parsed} is limited to {shown(per_second)}.")


@rate.command()
@click.argument("key")
@by_whom
def unset(key: str, address: str | None) -> None:
    """Take the limit of KEY away; that a provider has slowed it down is forgotten, too."""
    parsed = parse_key(key)
    with opened() as app, app.writing() as session:
        pacing.set_rate(session, parsed, None, by=actor(session, address), now=app.now())
    click.echo(f"{parsed} has no limit.")


def _warn_of_strange_relay(key: Key, own: str) -> None:
    """Another machine may use another relay, so it is no error; but a slip of the pen would limit nothing."""
    if key.startswith("relay:") and key != relay_key(own):
        say(f"This machine's relay is {relay_key(own)}; {key} limits it not.")
