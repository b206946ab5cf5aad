"""The servers' command lines."""

from pathlib import Path

from kproxy.lab.servers import etcd_command, server_environment


def test_variables_that_etcd_reads_as_options_and_proxies_are_left_out() -> None:
    env = {"ETCD_DATA_DIR": "/x", "ETCD_UNSUPPORTED_ARCH": "arm64", "https_proxy": "y", "HTTP_PROXY": "z", "PATH": "p"}
    assert server_environment(env) == {"ETCD_UNSUPPORTED_ARCH": "arm64", "PATH": "p"}


def test_etcd_listens_on_loopback_only_with_a_cluster_of_its_own(tmp_path: Path) -> None:
    command = etcd_command(Path("/etcd"), tmp_path, (1, 2), "token", {})
    urls = [part.partition("=")[2] for part in command.argv if "-urls=" in part]
    assert len(urls) == 4
    assert all(url.startswith("http://127.0.0.1:") for url in urls)
    assert "--initial-cluster-token=token" in command.argv
