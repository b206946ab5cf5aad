"""The published .proto files, compiled by protobuf's own compiler."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "controlplane" / "k8s-1.37.2"

KUBERNETES_MODULES = (
    "k8s.io/api",
    "k8s.io/apimachinery",
    "k8s.io/apiextensions-apiserver",
    "k8s.io/kube-aggregator",
    "k8s.io/metrics",
)
_ETCD_API = "go.etcd.io/etcd/api/v3"
_ETCD_MODULES = (_ETCD_API, "github.com/grpc-ecosystem/grpc-gateway/v2")
_ETCD_FILES = ("mvccpb/kv.proto", "authpb/auth.proto", "etcdserverpb/rpc.proto")
_NOT_SERVED = ("/testapigroup/",)


def modules(folder: Path, names: tuple[str, ...]) -> dict[str, tuple[Path, str]]:
    """Where the Go module cache has the modules that `folder`'s go.mod pins, and their versions."""
    command = ["go", "mod", "download", "-json", *names]
    output = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    decoder, found, at = json.JSONDecoder(), {}, 0
    while at < len(output.rstrip()):
        entry, at = decoder.raw_decode(output, at)
        at += len(output[at:]) - len(output[at:].lstrip())
        found[entry["Path"]] = (Path(entry["Dir"]), entry["Version"])
    return found


def kubernetes_files(where: dict[str, tuple[Path, str]]) -> list[FileDescriptorProto]:
    """Every generated.proto of Kubernetes's API modules."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        names = []
        for module, (folder, _) in where.items():
            link = root / module
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(folder)
            found = (f"{module}/{path.relative_to(folder)}" for path in sorted(folder.rglob("generated.proto")))
            names += [name for name in found if not any(part in name for part in _NOT_SERVED)]
        return [file for file in _compile([root], names) if file.name in names]


def etcd_files() -> tuple[list[FileDescriptorProto], str]:
    """Etcd's services as kube-apiserver's own client has them, and the version of the module they come from."""
    where = modules(KUBERNETES, _ETCD_MODULES)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "etcd").mkdir()
        (root / "etcd" / "api").symlink_to(where[_ETCD_API][0])
        includes = [root, *(where[name][0] for name in _ETCD_MODULES[1:]), Path(__file__).parent / "stubs"]
        names = [f"etcd/api/{name}" for name in _ETCD_FILES]
        return [file for file in _compile(includes, names) if file.name in names], where[_ETCD_API][1]


def _compile(includes: list[Path], names: list[str]) -> list[FileDescriptorProto]:
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "set"
        bundled = Path(grpc_tools.__file__).parent / "_proto"
        flags = [f"-I{folder}" for folder in (*includes, bundled)]
        command = [sys.executable, "-m", "grpc_tools.protoc", *flags, f"--descriptor_set_out={out}", *names]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"protoc refused the .proto files: {done.stderr}")
        return list(FileDescriptorSet.FromString(out.read_bytes()).file)
