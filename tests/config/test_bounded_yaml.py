import pytest

from kproxy.config.bounded_yaml import MAX_BYTES, load_yaml
from kproxy.errors import ConfigError

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%b]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(8)
)


def test_a_document_is_read_as_json_values() -> None:
    assert load_yaml(b"a: [1, true, text, null]\n", "it") == {"a": [1, True, "text", None]}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (BOMB, "aliases"),
        (b"[" * 100_000, "nested|no YAML"),
        (b"{a: " * 5_000, "nested|no YAML"),
        (b"- x\n" * 500_000, "too many"),
        (b"#" * (MAX_BYTES + 1), "larger"),
        (b"a: !!python/object/apply:os.system ['true']\n", "no YAML"),
        (b"a: 'unterminated", "no YAML"),
        (b"\xff\xfe\xff", "no YAML"),
        (b"a: 1\n---\nb: 2\n", "no YAML"),
        (b"? {}\n: 1\n", "no YAML"),
        (b"a: 2001-99-99\n", "no YAML"),
    ],
)
def test_hostile_yaml_is_refused_in_one_sentence_that_names_it(raw: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as raised:
        load_yaml(raw, "The kubeconfig /x")

    assert str(raised.value).startswith("The kubeconfig /x")
    assert "\n" not in str(raised.value)
