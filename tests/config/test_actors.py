"""kproxy.config.actors."""

from pathlib import Path

import pytest

from kproxy.config.actors import Actor, load_actors
from kproxy.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    file = folder / "actors.yaml"
    file.write_text(text)
    return file


def test_callers_have_contexts_or_token_files_whose_paths_are_the_files_own(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        ada: {context: staging-ada}
        "system:serviceaccount:default:robot": {token-file: robot.token}
        bob: {context: b, kubeconfig: /etc/bob}
        """,
    )
    assert load_actors(file) == {
        "ada": Actor(context="staging-ada"),
        "system:serviceaccount:default:robot": Actor(token_file=tmp_path / "robot.token"),
        "bob": Actor(context="b", kubeconfig=Path("/etc/bob")),
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "ada",
        "ada: staging",
        "ada: {}",
        "ada: {context: x, token-file: y}",
        "ada: {token-file: y, kubeconfig: z}",
        "ada: {context: [x]}",
        "ada: {token: secret}",
        "ada: !!python/object/apply:os.system [ls]",
        "a: &x {context: c}\nb: *x",
        "ada: {context: x",
    ],
)
def test_what_gives_nobody_credentials_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_actors(written(tmp_path, text))
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: No such file"):
        load_actors(tmp_path / "nobody.yaml")
