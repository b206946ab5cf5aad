"""kproxy.session.confirmation: what a person is asked says whom it concerns."""

from kproxy.session.confirmation import Confirmation


def test_it_names_the_server_the_senders_and_what_is_made_before() -> None:
    asked = Confirmation(server="https://t", user="admin", requests=3, writes=1)
    assert asked.sentence == "3 requests (1 writes) go to https://t as admin"
    many = tuple(f"caller-{number}" for number in range(7))
    told = Confirmation(server="s", user="admin", requests=3, writes=1, restored=4, senders=many).sentence
    assert "as caller-0, caller-1, caller-2, caller-3, caller-4 and 2 more, and about 4 objects" in told
    assert "admin" not in told


def test_it_says_where_the_recorded_server_cannot_be_told_apart() -> None:
    asked = Confirmation(server="s", user="u", requests=1, writes=0, identified=False)
    assert "whether that is the server that was recorded cannot be told" in asked.sentence
