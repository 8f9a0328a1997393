"""What machines get: the daemons accept it, `render` writes the same, and it is theirs alone."""

from __future__ import annotations

import io
import tarfile

import pytest

from e2e.users import User


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    warm_held.does("deploy", warm_held.lab("files"))
    return warm_held


@pytest.mark.parametrize("director", ["lb01", "lb02"])
def test_keepalived_has_nothing_to_say_of_its_configuration(site: User, director: str) -> None:
    # Exit code 5 would be a warning of any kind.
    done = site.tries("exec", director, "keepalived", "-t", "-f", "/etc/keepalived/keepalived.conf")
    assert (done.code, done.err) == (0, "")


def test_nginx_has_nothing_to_say_of_its_configuration(site: User) -> None:
    done = site.tries("exec", "nginx01", "nginx", "-t")
    assert done.code == 0
    assert "test is successful" in done.err
    assert "warn" not in done.err


def test_what_render_writes_is_what_the_machines_have(site: User) -> None:
    site.does("render", str(site.home / "files.yaml"), "-o", str(site.home / "rendered"))
    for node in ("lb01", "nginx02"):
        tree = site.home / "rendered" / node
        files = {str(path.relative_to(tree)): path for path in tree.rglob("*") if path.is_file()}
        assert files
        done = site.tries("exec", node, "tar", "-c", "-C", "/", *files)
        assert done.code == 0, done.err
        with tarfile.open(fileobj=io.BytesIO(done.out)) as archive:
            for name, path in files.items():
                on_node = archive.extractfile(name)
                assert on_node is not None, path
                assert on_node.read() == path.read_bytes(), path


def test_a_lab_with_the_forwarding_of_a_host_is_no_part_of_the_host(site: User) -> None:
    """The node's sysctls are its own, and the kernel is another than this machine's."""
    assert site.does("exec", "nginx01", "sysctl", "-n", "net.ipv4.conf.all.arp_ignore") == "1\n"
    assert site.does("exec", "client", "sysctl", "-n", "net.ipv4.conf.all.arp_ignore") == "0\n"
