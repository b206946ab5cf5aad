from tests.bench.plan import full, short


def names(*scenes: str) -> list[str]:
    return [turn.scene.name for turn in full(1, 1.0, real=True).only(list(scenes), []).turns]


def test_a_scenes_whole_name_means_that_scene_and_a_part_of_it_all_that_have_it() -> None:
    assert names("GET 2.1 KB, plain, c=1") == ["GET 2.1 KB, plain, c=1"]
    assert names("LIST", "kube-apiserver") == [
        "LIST 1 MB, plain, c=16",
        "LIST 1 MB, TLS, c=16",
        "kube-apiserver, GET 2.1 KB, TLS, c=1",
        "kube-apiserver, GET 2.1 KB, TLS, c=16",
    ]


def test_the_minute_at_saturation_is_part_of_a_whole_bench_or_asked_for() -> None:
    whole = full(1, 1.0, real=False)
    assert whole.only([], []).saturation == whole.only(["saturation"], []).saturation == 60
    assert whole.only(["LIST"], []).saturation == whole.only([], ["direct"]).saturation == 0


def test_every_kind_of_work_is_in_the_short_one() -> None:
    whole = full(1, 1.0, real=False)
    assert {turn.scene.workload for turn in short().turns} == {turn.scene.workload for turn in whole.turns}


def test_the_etcd_relay_needs_a_real_api_server_and_is_part_of_a_whole_bench_or_asked_for() -> None:
    whole = full(1, 1.0, real=True)
    assert whole.only([], []).relay == whole.only(["etcd relay"], []).relay > 0
    assert whole.only(["LIST"], []).relay == full(1, 1.0, real=False).relay == 0
