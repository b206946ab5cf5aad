"""`kproxy lab`: what is refused in one sentence before anything is started."""

from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert _exit_code(list(arguments)) == 2
    return capsys.readouterr().err


@pytest.mark.process
def test_controllers_need_a_real_api_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert "add --server kube-apiserver" in said(capsys, "lab", "run", "--with", "controllers", "--", "true")


def test_kwoks_objects_without_kwok_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    objects = tmp_path / "kwok.yaml"
    objects.touch()
    assert "--kwok-config goes with what starts kwok" in said(capsys, "lab", "run", "--kwok-config", str(objects))


def test_controllers_by_themselves_need_a_lab_and_a_way_with_tls(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KPROXY_LAB", raising=False)
    assert "there is no lab" in said(capsys, "lab", "controllers")
    monkeypatch.setenv("KPROXY_LAB", "/no/such/file")
    assert "cannot read the lab's file" in said(capsys, "lab", "controllers")
    monkeypatch.setenv("KPROXY_URL", "http://127.0.0.1:1")
    monkeypatch.delenv("KPROXY_CA", raising=False)
    assert "they send no credentials without TLS" in said(capsys, "lab", "controllers")
