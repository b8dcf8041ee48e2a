"""How long is an issue of twelve items in the making: both parts and all checks?

The peer of design.md section 10 (mjml and juice from npm) needs Node and is not measured here;
the line says so by a `peer` of null.
"""

import json
import os
import platform
import statistics
import time

from newsletter.checks import gate
from newsletter.content.blocks import Button, IssueContent, LeadStory, Picture, Story, Text
from newsletter.rendering.compiling import compile_issue
from tests.support.editions import a_frame, the_design

ROUNDS = 40
TEASER = (
    "<p>Der Kreistag hat am Donnerstag beschlossen, was viele seit Jahren fordern: Die Wege am Ufer werden breiter, "
    'und ein <a href="https://www.seeblick.example/plan">neuer Plan</a> zeigt, <strong>wann wo gebaut wird</strong>. '
    "Fragen beantwortet die Pressestelle.</p>"
)


def main() -> None:
    """Print one line of JSON: CPU time and time on the clock, in milliseconds, warm."""
    frame, design = a_frame(), the_design()
    cpu, clock = [], []
    for number in range(ROUNDS):
        content = _content(number)
        cpu_began, clock_began = time.process_time(), time.perf_counter()
        compiled = compile_issue(content, frame=frame, design=design)
        gate.check(gate.Subject(content=content, compiled=compiled, frame=frame))
        cpu.append((time.process_time() - cpu_began) * 1e3)
        clock.append((time.perf_counter() - clock_began) * 1e3)
    line = {
        "figure": "compile an issue of 12 items, html + text + checks, CPU ms",
        "value": round(statistics.median(cpu), 1),
        "clock_ms": round(statistics.median(clock), 1),
        "html_bytes": sum(len(part.encode()) for part in compiled.html if isinstance(part, str)),
        "peer": None,
        "sink": "none",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    print(json.dumps(line, ensure_ascii=False))


def _content(number: int) -> IssueContent:
    """No text is that of the round before, so nothing is remembered."""
    teaser = TEASER.replace("Donnerstag", f"Donnerstag, dem {number}.,")
    picture = Picture("bild.jpg", "Blick auf den See", 1280, 720, credit="Foto: Landkreis", caption="Das Ufer im Mai.")
    lead = LeadStory(
        "lead", "Die Uferpromenade wird neu", teaser * 2, link=_link(0), date="4. April 2026", picture=picture
    )
    stories = [
        Story(
            f"s{position}",
            f"Meldung {position}: Was sich im Landkreis ändert",
            teaser,
            link=_link(position),
            date="3. April 2026",
            picture=picture if position % 2 else None,
        )
        for position in range(1, 12)
    ]
    greeting = Text("gruss", "<p>Guten Tag [[first_name|liebe Leserin, lieber Leser]],</p>")
    return IssueContent(
        "Die Woche im Landkreis",
        "Ab Mai wird gebaut.",
        (greeting, lead, *stories, Button("k", "Zum Archiv", _link(99))),
    )


def _link(number: int) -> str:
    return f"https://www.seeblick.example/news/{number}"


if __name__ == "__main__":
    main()
