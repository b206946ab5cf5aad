"""What a relay is asked, and refuses."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.errors import EtcdError
from kproxy.etcd.relay.settings import Listening, RelaySettings, default_feed, own_folder
from kproxy.etcd.settings import EtcdSettings
from tests.support.etcd_server import Certificates

PLAIN = RelaySettings(etcd=EtcdSettings(endpoints=("http://127.0.0.1:2379",)), feed=Path("/f"))


def test_a_certificate_goes_with_its_key(certificates: Certificates) -> None:
    for one in (replace(PLAIN, cert=certificates.cert), replace(PLAIN, key=certificates.key)):
        with pytest.raises(EtcdError, match="go together"):
            one.server_context()
    with pytest.raises(EtcdError, match="means nothing without"):
        replace(PLAIN, client_ca=certificates.cacert).server_context()
    assert PLAIN.server_context() is None


def test_files_that_cannot_be_used_are_named(certificates: Certificates, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("")
    with pytest.raises(EtcdError, match="cannot be read: No such file"):
        replace(PLAIN, cert=tmp_path / "none", key=certificates.key).server_context()
    with pytest.raises(EtcdError, match=r"server\.crt with the key .*client\.key cannot be used"):
        replace(PLAIN, cert=certificates.server_cert, key=certificates.key).server_context()
    for cacert, reason in ((empty, "cannot be used"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(EtcdError, match=reason):
            replace(PLAIN, etcd=replace(PLAIN.etcd, cacert=cacert)).client_context()


def test_there_are_no_more_listeners_than_members() -> None:
    one = replace(PLAIN, listen=(Listening(port=1),))
    assert one.listener(0).port == 1
    assert one.listener(1) == Listening()
    with pytest.raises(EtcdError, match="2 addresses to listen on for 1 etcd endpoints"):
        replace(PLAIN, listen=(Listening(), Listening())).endpoints()


def test_the_feed_is_in_the_user_s_own_folder() -> None:
    assert default_feed({"XDG_RUNTIME_DIR": "/run/user/7"}).parent == Path("/run/user/7/kproxy")
    assert default_feed({}).parent.name.startswith("kproxy-")


def test_a_default_folder_that_is_not_the_user_s_alone_is_refused(tmp_path: Path) -> None:
    own_folder(tmp_path / "a" / "own")
    own_folder(tmp_path / "a" / "own")
    assert (tmp_path / "a" / "own").stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(tmp_path / "a" / "own")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o775)  # as some users' masks make it
    tmp_path.chmod(0o700)
    own_folder(tmp_path / "open")
    tmp_path.chmod(0o711)
    for name in ("link", "open"):
        with pytest.raises(EtcdError, match="is not this user's alone"):
            own_folder(tmp_path / name)
    (tmp_path / "file").write_text("")
    with pytest.raises(EtcdError, match="cannot be made"):
        own_folder(tmp_path / "file")


def test_a_default_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(EtcdError, match="is not this user's alone"):
        own_folder(tmp_path)
