"""Lab files that load, and paths that are no lab files."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from lvsnet.errors import LabFileError
from lvsnet.lab.load import load, load_text
from lvsnet.lab.model import File, Lab
from lvsnet.lab.model_services import RealServer
from lvsnet.lab.source import LARGEST

ROOT = Path(__file__).parents[2]


def host(rest: str, before: str = "") -> Lab:
    """A lab with one host, ``a``, that has the lines ``rest``."""
    lines = "".join(f"    {line}\n" for line in rest.splitlines())
    head = "name: one\nsegments:\n  lan: 192.168.10.0/24\nnodes:\n"
    text = f"{before}{head}  a:\n    role: host\n    interfaces: {{lan: 192.168.10.10}}\n{lines}"
    return load_text(text, Path("one.yaml"))


def errors_of(path: Path) -> str:
    with pytest.raises(LabFileError) as raised:
        load(path)
    return str(raised.value)


@pytest.mark.parametrize("path", sorted((ROOT / "labs").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_example_labs_load(path: Path) -> None:
    assert load(path).name == path.stem
    first = path.read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../docs/lab.schema.json"


def test_dr() -> None:
    lab = load(ROOT / "labs" / "dr.yaml")
    assert lab.segments["lan"].subnet == [IPv4Network("192.168.10.0/24")]
    assert list(lab.nodes) == ["client", "lb01", "lb02", "nginx01", "nginx02"]
    assert lab.nodes["lb01"].interfaces == {"lan": [IPv4Address("192.168.10.11")]}
    assert lab.vrrp["VI_1"].priority == {"lb01": 150, "lb02": 100}
    assert str(lab.vrrp["VI_1"].advert_int) == "1s"
    (check,) = lab.services["web"].check
    assert (str(check.interval), str(check.timeout), check.retry) == ("2s", "1s", 1)
    assert [one.node for one in lab.services["web"].real_servers] == ["nginx01", "nginx02"]


def test_text_that_looks_like_something_else_stays_as_it_was_written() -> None:
    node = host(
        "env: {ON: on, NO: no, TIME: 22:22, VERSION: 1.10, OCTAL: 0644, BIG: 1_000}\n"
        "exec: [[sleep, 0.50], [seq, 012]]\n"
        "sysctls: {net.ipv4.ip_forward: 1}\n"
        "files: {/a: {content: 0x10, mode: 0600}, /b: {content: '', mode: 0o755}, /c: 7}"
    ).nodes["a"]
    assert node.env == {
        "ON": "on",
        "NO": "no",
        "TIME": "22:22",
        "VERSION": "1.10",
        "OCTAL": "0644",
        "BIG": "1_000",
    }
    assert node.exec == [["sleep", "0.50"], ["seq", "012"]]
    assert node.sysctls == {"net.ipv4.ip_forward": "1"}
    assert node.files["/a"] == File(content="0x10", mode="0600")
    assert node.files["/b"] == File(content="", mode="0755")
    assert node.files["/c"] == "7"


def test_numbers_follow_the_core_schema() -> None:
    text = (ROOT / "labs" / "dr.yaml").read_text().replace("virtual_router_id: 33", "{}")
    for written, value in (("012", 12), ("0x1F", 31), ("0o17", 15), ("+7", 7)):
        lab = load_text(text.replace("{}", f"virtual_router_id: {written}"), Path("x.yaml"))
        assert lab.vrrp["VI_1"].virtual_router_id == value
        assert type(lab.vrrp["VI_1"].virtual_router_id) is int


def test_names_may_look_like_words_or_numbers() -> None:
    text = (ROOT / "labs" / "dr.yaml").read_text()
    lab = load_text(text.replace("nginx01", "no").replace("nginx02", "22"), Path("x.yaml"))
    assert [one.node for one in lab.services["web"].real_servers] == ["no", "22"]


def test_anchors_and_merge_keys() -> None:
    text = (ROOT / "labs" / "dr.yaml").read_text().partition("\nscenarios:")[0]
    text = text.replace("  web:\n", "  web: &web\n") + "  other: {<<: *web, port: 81}\n"
    lab = load_text(text, Path("x.yaml"))
    assert lab.services["other"].port == 81
    assert lab.services["other"].check == lab.services["web"].check


def test_short_and_long_forms_are_equal() -> None:
    text = (ROOT / "labs" / "dr.yaml").read_text()
    longer = text.replace("lan: 192.168.10.0/24", "lan: {subnet: 192.168.10.0/24}")
    assert load_text(longer, Path("x.yaml")) == load_text(text, Path("x.yaml"))
    weighed = text.replace("[nginx01,", "[{node: nginx01, weight: 3, port: 80},")
    servers = load_text(weighed, Path("x.yaml")).services["web"].real_servers
    assert servers == [RealServer(node="nginx01", weight=3, port=80), RealServer(node="nginx02")]


def test_capabilities_have_their_prefix() -> None:
    assert host("capabilities: [net_raw, CAP_SYS_TIME]").nodes["a"].capabilities == [
        "CAP_NET_RAW",
        "CAP_SYS_TIME",
    ]


def test_privileged_nodes_may_set_any_sysctl() -> None:
    node = host("privileged: true\nsysctls: {kernel.panic: 1}").nodes["a"]
    assert node.sysctls == {"kernel.panic": "1"}


def test_files_that_are_named_are_read_from_beside_the_lab(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "lb.conf").write_text("global_defs {\n}\n")
    (tmp_path / "index.html").write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9\n")
    (tmp_path / "lab.yaml").write_text(
        "name: one\nsegments: {lan: 10.0.0.0/8}\nnodes:\n"
        "  a: {role: director, interfaces: {lan: 10.0.0.1}, keepalived: conf/lb.conf}\n"
        "  b:\n    role: director\n    interfaces: {lan: 10.0.0.2}\n"
        "    keepalived: {source: conf/lb.conf, mode: 0600}\n"
        "    files: {/srv/index.html: {source: index.html}, /etc/motd: hello}\n"
    )
    lab = load(tmp_path / "lab.yaml")
    assert lab.nodes["a"].keepalived == File(content="global_defs {\n}\n")
    assert lab.nodes["b"].keepalived == File(content="global_defs {\n}\n", mode="0600")
    assert lab.nodes["b"].files == {"/srv/index.html": File(content="café\n"), "/etc/motd": "hello"}


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    data = (ROOT / "labs" / "dr.yaml").read_bytes()
    (tmp_path / "dr.yaml").write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))
    assert load(tmp_path / "dr.yaml") == load(ROOT / "labs" / "dr.yaml")


def test_a_missing_file(tmp_path: Path) -> None:
    assert errors_of(tmp_path / "lab.yaml") == f"{tmp_path}/lab.yaml: no such file"


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert errors_of(tmp_path / "file" / "x").endswith(": cannot be read: not a directory")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.mkdir(), "is a directory, not a file"),
        (os.mkfifo, "is a pipe, not a file"),
        (lambda path: os.mknod(path, stat.S_IFSOCK | 0o600), "is a socket, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
        (lambda path: path.symlink_to(path), "cannot be read: too many levels of symbolic links"),
        (lambda path: path.write_bytes(b"#" * (LARGEST + 1)), "is too large: at most 1 MiB"),
    ],
    ids=["directory", "fifo", "socket", "device", "loop", "large"],
)
def test_what_is_no_file_never_blocks(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path / "lab.yaml")
    assert errors_of(tmp_path / "lab.yaml") == f"{tmp_path}/lab.yaml: {message}"


def test_an_unreadable_file(ordinary_directory: Path) -> None:
    file = ordinary_directory / "lab.yaml"
    file.write_text("name: a\n")
    file.chmod(0)
    assert errors_of(file).endswith(": cannot be read: permission denied")


def test_the_largest_file_is_still_read(tmp_path: Path) -> None:
    text = (ROOT / "labs" / "dr.yaml").read_text()
    (tmp_path / "lab.yaml").write_text(text + "#" * (LARGEST - len(text.encode())))
    assert load(tmp_path / "lab.yaml").name == "dr"


@pytest.mark.parametrize("name", ["bomb", "merge-bomb", "deep", "deep-aliases", "recursive-alias"])
def test_what_would_grow_without_end_is_refused_at_once(name: str) -> None:
    start = time.process_time()
    errors_of(ROOT / "tests" / "pure" / "lab_errors" / f"{name}.yaml")
    assert time.process_time() - start < 1.0


def test_a_flood_of_errors_is_cut_off() -> None:
    text = "".join(f"k{number}: 1\n" for number in range(1000))
    with pytest.raises(LabFileError) as raised:
        load_text(text, Path("x.yaml"))
    assert raised.value.problems[-1].message == "803 further errors are not shown"
    assert len(raised.value.problems) == 201


def test_a_loaded_lab_cannot_be_changed() -> None:
    lab = load(ROOT / "labs" / "dr.yaml")
    with pytest.raises(ValueError, match="frozen"):
        lab.name = "other"
