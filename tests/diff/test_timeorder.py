"""kproxy.diff.timeorder."""

from functools import partial

from kproxy.model.exchange import Seq
from tests.diff.sessions import PODS, FakeServer, verdict_of
from tests.diff.test_order import moved


def test_a_time_near_the_end_of_all_years_is_shown_as_it_can_be() -> None:
    for first, second in (("9999-12-31T23:59:59-23:00", "9999-12-31T23:59:58-23:00"), ("", "")):
        servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
        for server, times in zip(servers, ((first, second), (second, first)), strict=True):
            for name, time in zip("ab", times, strict=True):
                pod = server.pod(1, name)
                metadata = pod["metadata"]
                assert isinstance(metadata, dict)
                metadata["creationTimestamp"] = time
                server.exchange("GET", f"{PODS}/{name}", 200, pod)
        kinds = {each.kind for each in verdict_of(*servers).differences}
        assert kinds == ({"reordered"} if first else set())


def made(times: tuple[tuple[int, int], tuple[int, int]], began: tuple[int, int] = (1, 2)) -> set[tuple[str, str]]:
    """The differences when two pods were made at these times there and here; `began`: when they were asked for here."""
    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server, seconds in zip(servers, times, strict=True):
        for name, second in zip("ab", seconds, strict=True):
            pod = server.pod(1, name)
            metadata = pod["metadata"]
            assert isinstance(metadata, dict)
            metadata["creationTimestamp"] = server.time(second)
            server.exchange("GET", f"{PODS}/{name}", 200, pod)
    for seq, second in zip((Seq(1), Seq(2)), began, strict=True):
        servers[1].edit(seq, partial(moved, second=second))
    return {(each.path, each.kind) for each in verdict_of(*servers).differences}


def test_what_was_made_later_may_not_be_older() -> None:
    assert ("$.metadata.creationTimestamp", "reordered") in made(((1, 3), (3, 1)))


def test_what_the_replay_asked_for_in_another_order_may_be_as_old_as_that() -> None:
    assert made(((1, 3), (3, 1)), began=(3, 1)) == set()


def test_a_time_beside_one_of_a_write_that_set_it_while_it_went_on_is_no_disorder() -> None:
    """Two writes overlap: each may have got either second."""

    def found(method: str) -> set[str]:
        servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
        for server, seconds in zip(servers, ((1, 2), (2, 1)), strict=True):
            for name, second in zip("ab", seconds, strict=True):
                pod = server.pod(1, name)
                metadata = pod["metadata"]
                assert isinstance(metadata, dict)
                metadata["creationTimestamp"] = server.time(second)
                server.exchange(method, f"{PODS}/{name}", 200, pod)
        return {each.kind for each in verdict_of(*servers).differences}

    assert found("PUT") == set()
    assert found("GET") == {"reordered"}
