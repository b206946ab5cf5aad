"""kproxy.renaming.revisions."""

from kproxy.renaming.revisions import Revisions


def test_an_objects_version_has_the_image_that_its_answer_showed() -> None:
    revisions = Revisions()
    revisions.learn("uid", "100", "7")
    assert revisions.image("uid", "100") == "7"
    assert revisions.agrees("uid", "100", "7")
    assert not revisions.agrees("uid", "100", "8")


def test_a_lists_revision_has_the_image_that_the_list_showed() -> None:
    revisions = Revisions()
    revisions.learn("", "120", "9")
    assert revisions.image("", "120") == "9"


def test_an_unknown_revision_maps_to_the_smallest_that_contains_what_is_known() -> None:
    revisions = Revisions()
    revisions.learn("a", "100", "7")
    revisions.learn("b", "104", "9")
    assert revisions.image("", "102") == "7"
    assert revisions.image("", "110") == "9"
    assert revisions.image("", "99") is None


def test_etcds_word_weighs_more_than_an_answers() -> None:
    revisions = Revisions()
    revisions.learn("a", "100", "6")
    revisions.learn("a", "100", "7", 3)
    revisions.settle()
    assert revisions.exact("a", 100) == 7


def test_a_collections_revision_goes_by_its_own_resource() -> None:
    """Recorded: pod 100, configmap 101, pod 102. The replay's server took the configmap last: 7, 8, 9."""
    revisions = Revisions()
    revisions.learn("pod-1", "100", "7", resource="pods")
    revisions.learn("pod-2", "102", "8", resource="pods")
    revisions.learn("map-1", "101", "9", resource="configmaps")
    assert revisions.image("", "101", "pods") == "7"
    assert revisions.image("", "101", "configmaps") == "9"
    assert revisions.image("", "101") == "9"


def test_what_a_list_showed_stands_as_long_as_no_later_change_is_in_it() -> None:
    revisions = Revisions()
    revisions.learn("pod-1", "100", "7", resource="pods")
    revisions.learn("", "103", "9", resource="pods")
    assert revisions.image("", "103", "pods") == "9"
    revisions.learn("pod-2", "104", "8", resource="pods")
    assert revisions.image("", "103", "pods") == "7"
    revisions.learn("pod-2", "104", "12", resource="pods")
    revisions.learn("pod-3", "102", "11", resource="pods")
    assert revisions.image("", "103", "pods") == "11"


def test_where_changes_came_in_another_order_who_listed_goes_on_from_what_was_listed() -> None:
    revisions = Revisions()
    revisions.learn("pod-1", "100", "7", resource="pods")
    revisions.learn("pod-2", "102", "11", resource="pods")
    revisions.learn("pod-3", "104", "9", resource="pods")
    assert revisions.image("", "103", "pods") == "11"
    revisions.learn("", "103", "8", resource="pods")
    assert revisions.image("", "103", "pods") == "8"


def test_before_a_resources_first_change_the_store_is_asked_for_what_it_then_had() -> None:
    revisions = Revisions()
    revisions.learn("", "90", "5", resource="namespaces")
    revisions.learn("map-1", "95", "12", resource="configmaps")
    revisions.learn("pod-1", "100", "7", resource="pods")
    assert revisions.image("", "96", "pods") == "6"
    assert revisions.image("", "92", "pods") == "5"
    assert revisions.image("", "80", "pods") is None


def test_a_version_that_a_patch_insists_on_is_some_objects_version_whatever_else_was_written_before_it() -> None:
    """node-3 was patched at 229, and a lease before it at 228: the replay's server took the lease later."""
    revisions = Revisions()
    revisions.learn("node-3", "229", "31", resource="nodes")
    revisions.learn("lease", "228", "33", resource="coordination.k8s.io/leases")
    assert revisions.image("", "229") == "31"
    assert revisions.inverse(str).image("", "31") == "229"


def test_an_objects_version_is_found_both_ways_and_what_was_never_seen_is_not() -> None:
    revisions = Revisions()
    revisions.learn("u", "5", "50")
    assert (revisions.exact("u", 5), revisions.origin("u", 50)) == (50, 5)
    for missing in (revisions.exact("u", 6), revisions.exact("v", 5), revisions.exact("u", None)):
        assert missing is None
    for missing in (revisions.origin("u", 5), revisions.origin("v", 50), revisions.origin("u", None)):
        assert missing is None
