"""kproxy.session.ledger: what is shown of a ledger."""

from kproxy.model.attribution import Standing
from kproxy.session.ledger import Wanted, entries, entry_document, figures, figures_document, reasons
from kproxy.session.opened import Opened
from tests.correlate.story import POD, PODS, Story, pod, puts


def session() -> Opened:
    """A request with a change, two that the server made itself, one in the background."""
    story = Story()
    story.ask("POST", PODS, 201, pod(revision=101))
    story.put(101, POD, pod())
    for revision in (102, 103):
        key = f"/registry/configmaps/default/c{revision}"
        story.put(revision, key, pod())
        story.call(revision, puts(key))
    story.put(104, "/registry/masterleases/10.0.0.1", {})
    return Opened(story.recording)


def test_reasons_that_differ_in_numbers_only_are_one() -> None:
    ((text, reason),) = reasons(session()).items()
    assert text == "written by the api-server's own loop: call … to etcd has no trace"
    assert reason.count == 2
    assert reason.examples == ["/registry/configmaps/default/c102@102", "/registry/configmaps/default/c103@103"]


def test_entries_are_wanted_by_standing_key_and_request() -> None:
    opened = session()

    def revisions(wanted: Wanted) -> list[int]:
        return [entry.change.revision for entry in entries(opened, wanted)]

    assert revisions(Wanted()) == [101, 102, 103, 104]
    assert Wanted().is_all
    assert revisions(Wanted(only=frozenset({"unattributed"}))) == [102, 103]
    assert revisions(Wanted(only=frozenset({"revision", "background"}))) == [101, 104]
    assert revisions(Wanted(key="c103")) == [103]
    assert revisions(Wanted(seq=1)) == [101]


def test_an_entry_says_where_it_stands_and_of_which_etcd() -> None:
    opened = session()
    first, second, *_ = map(entry_document, entries(opened, Wanted()))
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert (first["etcd"], first["seq"], first["basis"], first["reason"]) == ("c", 1, "revision", "")
    assert (second["standing"], second["seq"], second["consequence"]) == (Standing.UNATTRIBUTED.value, None, None)
    assert str(second["reason"]).startswith("written by the api-server's own loop")


def test_the_figures_add_up() -> None:
    opened = session()
    document, found = figures_document(opened), figures(opened)
    assert (found.revisions, found.background, found.unattributed) == (4, 1, 2)
    assert (
        document["revisions"] == sum(found.attributed.values()) + found.background + found.unattributed + found.before
    )
