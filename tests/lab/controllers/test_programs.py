"""The controllers' command lines."""

from pathlib import Path

import pytest
import yaml

from kproxy.lab.controllers.programs import (
    ControllerPlace,
    controller_manager_command,
    kwok_command,
    scheduler_command,
)
from kproxy.lab.users import CONTROLLER_MANAGER, KWOK, SCHEDULER


@pytest.fixture
def place(tmp_path: Path) -> ControllerPlace:
    return ControllerPlace(
        folder=tmp_path,
        logs=tmp_path / "logs",
        programs={name: Path("/bin") / name for name in ("kube-controller-manager", "kube-scheduler", "kwok")},
        kubeconfigs={name: tmp_path / name for name in (CONTROLLER_MANAGER, SCHEDULER, KWOK)},
        ca=tmp_path / "ca.crt",
        service_account_key=tmp_path / "sa.key",
        nodes=2,
        env={"HTTPS_PROXY": "x", "PATH": "p"},
        kwok_config=(tmp_path / "mine.yaml",),
    )


def test_each_has_the_kubeconfig_of_its_own_user_and_no_proxy(place: ControllerPlace) -> None:
    commands = {
        CONTROLLER_MANAGER: controller_manager_command(place),
        SCHEDULER: scheduler_command(place),
        KWOK: kwok_command(
            place,
            1,
        ),
    }
    for user, command in commands.items():
        assert f"--kubeconfig={place.kubeconfigs[user]}" in command.argv
        assert command.env == {"PATH": "p"}
        assert command.log == place.logs / f"{command.name}.log"


def test_each_controller_speaks_as_its_own_service_account(place: ControllerPlace) -> None:
    argv = controller_manager_command(place).argv
    assert "--use-service-account-credentials=true" in argv
    assert f"--service-account-private-key-file={place.service_account_key}" in argv
    assert f"--root-ca-file={place.ca}" in argv


def test_nobody_listens_but_kwok_and_that_on_loopback(place: ControllerPlace) -> None:
    assert "--secure-port=0" in controller_manager_command(place).argv
    assert "--secure-port=0" in scheduler_command(place).argv
    assert "--server-address=127.0.0.1:77" in kwok_command(place, 77).argv


def test_kwok_gets_our_stages_and_the_users_own_objects(place: ControllerPlace) -> None:
    configs = [
        argument.partition("=")[2] for argument in kwok_command(place, 1).argv if argument.startswith("--config=")
    ]
    assert configs[1:] == [str(place.kwok_config[0])]
    stages = list(yaml.safe_load_all(Path(configs[0]).read_text()))
    assert [(stage["kind"], stage["spec"]["resourceRef"]["kind"]) for stage in stages] == [
        ("Stage", "Node"),
        ("Stage", "Node"),
        ("Stage", "Pod"),
        ("Stage", "Pod"),
        ("Stage", "Pod"),
    ]
