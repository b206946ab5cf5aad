from pathlib import Path

import yaml

from kproxy.config.kubeconfig import parse_kubeconfig
from kproxy.config.written import kubeconfig_of_users, minimal_kubeconfig, through_proxy, user_entry

TWO = """
current-context: other
contexts:
- {name: mine, context: {cluster: shared, user: me, namespace: apps}}
- {name: other, context: {cluster: shared, user: you}}
clusters:
- {name: shared, cluster: {server: "https://real:6443", certificate-authority: ca.pem}}
users:
- {name: me, user: {token: my-token}}
- {name: you, user: {exec: {command: helper}}}
"""


def test_through_the_proxy_one_context_leads_to_it_and_the_others_stay() -> None:
    config = parse_kubeconfig(TWO, Path("/home/x/config"))

    text = through_proxy(config, "mine", "http://127.0.0.1:1", None, "kproxy-token")
    led = parse_kubeconfig(text, Path("/elsewhere/config"))

    mine = led.upstream()
    assert (mine.context, mine.url, mine.token, mine.namespace) == (
        "mine",
        "http://127.0.0.1:1",
        "kproxy-token",
        "apps",
    )
    other = led.contexts["other"]
    assert led.clusters[other.text("cluster")].text("server") == "https://real:6443"
    assert led.clusters[other.text("cluster")].text("certificate-authority") == "/home/x/ca.pem"
    assert led.users[other.text("user")].body == {"exec": {"command": "helper"}}


def test_a_name_that_is_taken_is_not_taken_again() -> None:
    config = parse_kubeconfig(TWO, Path("/x"))
    once = parse_kubeconfig(through_proxy(config, "mine", "http://127.0.0.1:1", None, "one"), Path("/x"))

    twice = parse_kubeconfig(through_proxy(once, "mine", "http://127.0.0.1:2", None, "two"), Path("/x"))

    assert (twice.upstream().url, twice.upstream().token) == ("http://127.0.0.1:2", "two")


def test_a_minimal_kubeconfig_is_one_that_we_read() -> None:
    text = minimal_kubeconfig(server="https://h:1", ca_pem="CA", token="t", namespace="n")

    upstream = parse_kubeconfig(text, Path("/x")).upstream()

    assert (upstream.host, upstream.port, upstream.token, upstream.namespace) == ("h", 1, "t", "n")
    assert upstream.tls is not None
    assert upstream.tls.ca_pem == "CA"


def test_several_users_get_a_context_each_and_the_first_is_current() -> None:
    users = {"admin": user_entry(token="a"), "viewer": user_entry(client_cert_pem="C", client_key_pem="K")}

    config = parse_kubeconfig(kubeconfig_of_users(server="https://h", ca_pem=None, users=users), Path("/x"))

    assert config.upstream().token == "a"
    viewer = config.upstream("viewer").tls
    assert viewer is not None
    assert (viewer.client_cert_pem, viewer.client_key_pem) == ("C", "K")


def test_the_text_is_plain_yaml() -> None:
    assert yaml.safe_load(minimal_kubeconfig(server="http://h"))["current-context"] == "kproxy"


def test_where_the_clients_own_credentials_count_its_user_stays() -> None:
    config = parse_kubeconfig(TWO, Path("/home/ada/.kube/config"))

    led = parse_kubeconfig(through_proxy(config, "mine", "https://127.0.0.1:1", None, None), Path("/x"))

    after = led.upstream("mine")
    assert (after.url, after.user, after.token) == ("https://127.0.0.1:1", "me", "my-token")
    assert led.users.keys() == config.users.keys() == {"me", "you"}
