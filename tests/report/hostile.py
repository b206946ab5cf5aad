"""Verdicts that a hostile recording could bring: its texts stand in every place that comes from one."""

from kproxy.model.exchange import Seq
from kproxy.model.verdict import Difference, Finding, NoiseCount, Outcome, Tally, Verdict
from kproxy.report.evidence import Beside, Documents, Evidence, Heads, Named, Side

TEXTS = (
    "<script>alert(1)</script>",
    "</style></pre></details>",
    "javascript:alert(1)",
    "\u202eevil\u2066",
    "\x00\x1b[31m\x07\x9b\ud800\ufffe",
    "]]> & \"'",
    "@octocat #4711 GH-3 https://example.com www.example.com a@b.c",
    "```\n# head\n| a | b |",
    "\\| ` `` [x](y) ![z](w) *b* _i_ ~s~",
    "{{ 7 * 7 }} {% raw %}",
)


def hostile(*texts: str) -> tuple[Verdict, Evidence]:
    """A verdict with one finding for each text, and the evidence for it."""
    differences = tuple(
        Difference(seq=Seq(at), where="body", path=f"$.{text}", kind="changed", baseline=text, replayed=[text])
        for at, text in enumerate(texts, 1)
    )
    verdict = Verdict(
        outcome=Outcome.DIFFERENT,
        scope="HTTP and etcd",
        exchanges=Tally(compared=len(texts), different=len(texts)),
        etcd=Tally(),
        differences=differences,
        findings=tuple(
            Finding(cause=each.path, differences=(each,), chain=(each.path, str(each.baseline))) for each in differences
        ),
        noise=tuple(NoiseCount(rule=text, ground=text, count=1, source="user") for text in texts),
        reasons=texts,
        notes=texts,
    )
    return verdict, Evidence(
        baseline=Side(name="".join(texts), server="".join(texts)),
        replayed=Side(name="b"),
        exchanges={Seq(at): _beside(Seq(at), text) for at, text in enumerate(texts, 1)},
        names={Seq(at): Named(kind=text, name=text) for at, text in enumerate(texts, 1)},
        kinds=dict.fromkeys(texts, 1),
        keys={text: text for text in texts},
        folders=dict.fromkeys(texts, 2),
    )


def _beside(seq: Seq, text: str) -> Beside:
    heads = Heads(request=text, request_headers=((text, text),), answer=text, answer_headers=((text, text),), end=text)
    documents = Documents(
        title=text, where="body", root="$", baseline={text: text, "a": [{"name": text}]}, replayed={text: [text]}
    )
    return Beside(seq=seq, counterpart=seq, request=text, baseline=heads, replayed=heads, documents=(documents,))
