"""The section «Nothing missed» of docs/verification.md, made of a run."""

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.drawn import BOUND, FREE, NOT_CHOSEN, OUT_OF_SCOPE, Drawn, Score, class_of
from tests.mutants.hand import Caught
from tests.mutants.mutant import Mutant, Way

PAGE = Path(__file__).parents[2] / "docs" / "verification.md"
BEGIN, END = "<!-- nothing missed: begin -->", "<!-- nothing missed: end -->"

KEPT = Path(__file__).parents[2] / "build" / "mutants"
"""What the last run of each kind said."""

INTRO = """\
## Nothing missed

`make mutants` lets servers behave in another way, and asks whether the comparison says so. This section is made by
`make mutants-publish`; CI runs a part of it (`make mutants-short`).

### By hand

Each entry of `tests/mutants/catalogue/` is one behaviour. A golden session is replayed on the server that has it (a
dense session that asks for all of them, recorded when the run begins; hello-demo; hello-kubectl), and the **first**
finding must stand in the exchange, the part and the field where the behaviour shows first, or the mutant counts as one
that survived. What must make no difference is tried, too.
"""

WAYS = {
    Way.SERVER: "an HTTP server in front of an honest one changes requests, answers or watch streams",
    Way.STORAGE: "the emulated api-server keeps something in etcd in another way, and hides it from its clients",
    Way.FLAGS: "kube-apiserver itself, by flags, admission plugins and feature gates of its own",
    Way.ETCD: "keys are put and deleted in etcd, past the api-server",
}

DRAWN = """\
### Drawn

{count} edits drawn with the seed {seed} over {goldens}: a leaf of an answer's JSON, a status, a header, a watch event
(or one lost, doubled, moved), a value in etcd (or a change of a key lost, moved, of another lease, version, revision).
Each is an edit of the recording that an honest replay made; the comparison must say `different`.

| of | drawn | survived | may survive |
| --- | --- | --- | --- |
"""

MEANING = {
    NOT_CHOSEN: ("what no server chooses", "2 %"),
    BOUND: ("what the server chose, and what occurs twice or stands in an order that the edit breaks", "none"),
    FREE: ("what the server chose, once, where any value would do", "all"),
    OUT_OF_SCOPE: ("keys of the background (`kproxy/correlate/background.py`), which no verdict is about", "all"),
}


def keep(kind: str, results: list[Caught] | list[Drawn], folder: Path = KEPT) -> None:
    """Keep what a run of a kind (hand, drawn) said, for the page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{kind}.json").write_text(json.dumps([asdict(each) for each in results]), encoding="utf-8")


def publish_kept(seed: int, folder: Path = KEPT) -> None:
    """Write the section of what was kept last of both kinds. FileNotFoundError if one never ran."""
    caught, drawn = (json.loads((folder / f"{kind}.json").read_bytes()) for kind in ("hand", "drawn"))
    publish([Caught(**each) for each in caught], Score(tuple(Drawn(**each) for each in drawn)), seed)


def publish(caught: list[Caught], score: Score, seed: int, page: Path = PAGE) -> None:
    """Write the section; what else is on the page stays."""
    text = page.read_text(encoding="utf-8") if page.exists() else f"# What verdicts were tried with\n\n{BEGIN}\n{END}\n"
    if BEGIN not in text or END not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{section(caught, score, seed)}{END}{after}", encoding="utf-8")


def section(caught: list[Caught], score: Score, seed: int) -> str:
    """It, in Markdown."""
    return "\n".join([INTRO, _ways(caught), _by_hand(caught), _drawn(score, seed)])


def _ways(caught: list[Caught]) -> str:
    lines = ["| made by | how | behaviours | caught at the first cause |", "| --- | --- | --- | --- |"]
    for way, how in WAYS.items():
        found = [each for each in caught if MUTANTS[each.name].way is way]
        good = sum(each.caught for each in found)
        lines.append(f"| {way} | {how} | {len(found)} | {good} |")
    good = sum(each.caught for each in caught)
    lines.append(f"| all | | {len(caught)} | {good} |")
    return "\n".join(lines) + "\n"


def _by_hand(caught: list[Caught]) -> str:
    areas: dict[str, list[tuple[Mutant, Caught]]] = defaultdict(list)
    results = {each.name: each for each in caught}
    for mutant in MUTANTS.values():
        if mutant.name in results:
            areas[mutant.area].append((mutant, results[mutant.name]))
    lines = ["| about | behaviour | made by | the first finding |", "| --- | --- | --- | --- |"]
    for area, found in areas.items():
        lines += [f"| {area} | {mutant.does} | {_how(mutant)} | {_where(result)} |" for mutant, result in found]
    return "\n".join(lines) + "\n"


def _how(mutant: Mutant) -> str:
    if mutant.flags:
        shown = (
            f"`--{flag}={value.rpartition('/')[2] if value.startswith('/') else value}`" for flag, value in mutant.flags
        )
        return " ".join(shown)
    return f"{mutant.way}" + ("" if mutant.server == "emulated" else f", {mutant.server}")


def _where(result: Caught) -> str:
    if not result.caught:
        return f"**survived**: {_cell(result.why)}"
    return f"`{_cell(result.first)}`" if result.first else "none: no difference, as it must be"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def _drawn(score: Score, seed: int) -> str:
    goldens = ", ".join(sorted({each.golden for each in score.results}))
    lines = [DRAWN.format(count=f"{len(score.results):,}", seed=seed, goldens=goldens).rstrip()]
    for name, (drawn, survived) in score.counts().items():
        meaning, may = MEANING[name]
        share = f" ({survived / drawn:.1%})" if drawn and name == NOT_CHOSEN else ""
        lines.append(f"| {meaning} | {drawn:,} | {survived}{share} | {may} |")
    lines += ["", "Those that survived:", ""]
    lines += _survivors(score)
    return "\n".join(lines) + "\n"


def _survivors(score: Score) -> list[str]:
    """One by one where the server has no choice; the others together, by what they are."""
    lines = ["| where | what | why |", "| --- | --- | --- |"]
    free: dict[tuple[str, str], list[Drawn]] = defaultdict(list)
    for each in score.survivors:
        if class_of(each) == OUT_OF_SCOPE:
            continue
        if class_of(each) == FREE:
            free[each.chosen, each.where].append(each)
        else:
            lines.append(f"| {each.golden}, {each.number} | `{_cell(each.edit)}` | {_cell(each.why)} |")
    for (chosen, where), found in sorted(free.items()):
        example = _cell(found[0].edit)
        lines.append(
            f"| {len(found)} in {where} | {chosen}, as `{example}` | it stands there once, any value would do |"
        )
    return lines if len(lines) > 2 else ["None."]
