"""``lvsnet lint``: which files, what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import lvsnet

from lvsnet.lint.gathering import Target, gather, machine_of
from lvsnet.lint.linting import Choice, lint
from lvsnet.lint.model import Place
from lvsnet.lint.report_json import SARIF_SCHEMA, uri

INSTANCE = """vrrp_instance VI_1 {
    state BACKUP
    interface eth1
    virtual_router_id 33
    priority PRIORITY
    authentication {
        auth_type PASS
        auth_pass PASSWORD
    }
    virtual_ipaddress {
        192.168.10.100/24
    }
}
"""


def configuration(priority: int = 150, password: str = "secret") -> str:
    return INSTANCE.replace("PRIORITY", str(priority)).replace("PASSWORD", password)


def command(
    folder: Path, *arguments: str, given: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "lvsnet", "lint", *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Two machines whose passwords differ, as real machines have their files."""
    for name, priority, password in (("lb01", 150, "secret"), ("lb02", 100, "Secret")):
        path = tmp_path / "site" / name / "etc" / "keepalived" / "keepalived.conf"
        path.parent.mkdir(parents=True)
        path.write_text(configuration(priority, password))
    return tmp_path


SECOND = "site/lb02/etc/keepalived/keepalived.conf"


def test_a_directory_of_machines_is_one_site(site: Path) -> None:
    done = command(site, "site")
    assert done.returncode == 1
    first, *_ = done.stdout.splitlines()
    assert first == (
        f"{SECOND}:8:9: error: VRRP instance VI_1: the auth_pass of lb02 is not that of lb01"
        " [auth-differs]"
    )
    assert done.stdout.splitlines()[-1] == "1 error in 2 files"
    # Nor is a password said, as logs of CI are often public.
    assert done.stdout.count("    | auth_pass ...\n") == 2
    assert "ecret" not in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("a=site/lb01/etc/keepalived/keepalived.conf", f"b={SECOND}"),
        ("site/lb01", "site/lb02"),
        ("--rule", "auth-differs", "--format", "json", "site"),
    ],
)
def test_files_can_be_named_in_several_ways(site: Path, arguments: tuple[str, ...]) -> None:
    done = command(site, *arguments)
    assert (done.returncode, "auth-differs" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--alone", "site"),
        ("--ignore", "auth-differs", "site"),
        ("--rule", "owner-twice", "site"),
        ("site/lb01",),
    ],
)
def test_what_is_not_looked_for_is_not_found(site: Path, arguments: tuple[str, ...]) -> None:
    done = command(site, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nothing found in ")


def test_warnings_end_with_one_only_when_strict(tmp_path: Path) -> None:
    text = configuration(password="much_too_long").encode()
    done = command(tmp_path, "-", given=text)
    assert done.returncode == 0
    assert done.stdout.startswith("<stdin>:8:9: warning: VRRP instance VI_1: auth_pass has 13")
    assert command(tmp_path, "--strict", "-", given=text).returncode == 1
    quiet = command(tmp_path, "--strict", "--severity", "error", "-", given=text)
    assert (quiet.returncode, quiet.stdout) == (
        1,
        "nothing found in 1 file; not shown: 1 warning (--severity warning)\n",
    )


def test_an_unknown_rule_is_named_with_the_one_that_was_meant(site: Path) -> None:
    done = command(site, "--rule", "auth-difers", "site")
    assert done.returncode == 2
    assert "there is no rule 'auth-difers'; did you mean 'auth-differs'?" in done.stderr


def test_a_rule_is_explained(tmp_path: Path) -> None:
    done = command(tmp_path, "--explain", "auth-differs")
    assert done.returncode == 0
    assert done.stdout.startswith("auth-differs (error)\n  machines of one virtual router")
    assert "  Shown by: lvsnet test labs/broken/07-authentication-differs\n" in done.stdout


def test_labs_and_configurations_can_be_looked_at_together(site: Path) -> None:
    done = command(site, "dr", "site", "--format", "json")
    found = json.loads(done.stdout)
    assert [one["rule"] for one in found["findings"]] == ["auth-differs"]
    assert len(found["files"]) == 3
    (finding,) = found["findings"]
    assert finding["file"] == SECOND
    assert finding["related"][0]["line"] == 8
    assert finding["mend"]
    assert finding["source"]
    assert finding["reason"]


def test_sarif_has_what_its_schema_requires(site: Path) -> None:
    """SARIF 2.1.0: 3.13 sarifLog, 3.14 run, 3.27 result, 3.49 reportingDescriptor."""
    log = json.loads(command(site, "-f", "sarif", "site", "missing.conf").stdout)
    assert (log["version"], log["$schema"]) == ("2.1.0", SARIF_SCHEMA)
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "lvsnet lint"
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note", "none")
        assert rule["id"]
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
    (result,) = run["results"]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "auth-differs"
    assert result["level"] == "error"
    assert result["message"]["text"].endswith(".")
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": SECOND},
        "region": {"startLine": 8, "startColumn": 9},
    }
    assert [one["id"] for one in result["relatedLocations"]] == [0]
    assert len(result["partialFingerprints"]) == 1
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert "no such file" in notification["message"]["text"]


def test_a_fingerprint_does_not_change_when_lines_move(site: Path) -> None:
    def prints() -> list[object]:
        log = json.loads(command(site, "-f", "sarif", "site").stdout)
        return [one["partialFingerprints"] for one in log["runs"][0]["results"]]

    before = prints()
    path = site / SECOND
    path.write_text(f"# moved\n\n{path.read_text()}")
    assert prints() == before


def test_a_uri_is_relative_where_it_can_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert uri("./a b/x.conf") == "a%20b/x.conf"
    assert uri(str(tmp_path / "x.conf")) == "x.conf"
    assert uri("/etc/keepalived/keepalived.conf") == "file:///etc/keepalived/keepalived.conf"
    assert str(Place("x.conf", 3, 4)) == "x.conf:3:4"


@pytest.mark.parametrize(
    ("path", "machine"),
    [
        ("lb01/etc/keepalived/keepalived.conf", "lb01"),
        ("site/lb01/keepalived.conf", "lb01"),
        ("configs/lb01.conf", "lb01"),
        ("keepalived-lb01.conf", "lb01"),
        ("keepalived.conf.lb01", "lb01"),
        ("keepalived.conf", "keepalived.conf"),
    ],
)
def test_a_machine_has_the_name_of_where_its_file_lies(path: str, machine: str) -> None:
    assert machine_of(Path(path)) == machine


def told(text: str) -> list[str]:
    report = lint([Target("lb01", "lb01.conf", text, Path("lb01.conf"))], Choice())
    return [one.rule for one in report.findings]


LINE = "        auth_pass much_too_long"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LINE, f"{LINE}  # lvsnet: allow auth-pass-length"),
        (LINE, f"        # lvsnet: allow auth-pass-length\n{LINE}"),
        (LINE, f"{LINE}  ! lvsnet: allow auth-differs, auth-pass-length"),
        ("    authentication {", "    # lvsnet: allow auth-pass-length\n    authentication {"),
        ("    authentication {", "    authentication {  # lvsnet: allow auth-pass-length"),
        ("vrrp_instance VI_1 {", "# lvsnet: allow auth-pass-length\nvrrp_instance VI_1 {"),
        ("vrrp_instance VI_1 {", "# lvsnet: allow-file auth-pass-length\n\nvrrp_instance VI_1 {"),
    ],
)
def test_a_comment_allows_a_rule(before: str, after: str) -> None:
    assert told(configuration(password="much_too_long").replace(before, after)) == []


def test_a_comment_says_nothing_of_other_lines() -> None:
    comment = "        # lvsnet: allow auth-pass-length\n        auth_type PASS"
    text = configuration(password="much_too_long").replace("        auth_type PASS", comment)
    assert told(text) == ["auth-pass-length"]
    later = configuration(password="much_too_long") + "# lvsnet: allow auth-pass-length\n"
    assert told(later) == ["auth-pass-length"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"vrrp_instance VI_1 {\n    state BACKUP\n", "<stdin>:1:"),
        (b"vrrp_instance VI_1 {\n}\n}\n", "<stdin>:3:"),
        (b"global_defs {\n    \x00\x01\n}\n", "<stdin>:2:"),
        (b"name: [\nnodes: {\n", "<stdin>:"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, text: bytes, message: str
) -> None:
    done = command(tmp_path, "-", given=text)
    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("include loop.conf\n", "loop.conf:1:"),
        ('global_defs {\n    router_id "lb01\n}\n', "loop.conf:2:"),
        ("vrrp_instance VI_1 {\n" * 10_000, "loop.conf:"),
        (f"{'a' * 5000}\n", "loop.conf:1:"),
        ("# all is well\n" * 800_000, "loop.conf: is too large"),
        ("state MASTER\n" * 60_000, ""),
        (
            "vrrp_instance A {\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n"
            "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\n}\n}\n" * 4_000,
            "",
        ),
        ("".join(f"# lvsnet: allow auth-difers{at}\n" for at in range(40_000)), ""),
    ],
    ids=["loop", "quote", "depth", "line", "size", "many", "blocks", "comments"],
)
def test_a_hostile_file_is_told_in_bounded_time(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "loop.conf"
    path.write_text(text)
    began = time.process_time()
    targets, unread = gather([str(path)])
    report = lint(targets, Choice())
    assert time.process_time() - began < 15
    first, *_ = [*report.unread, *unread, ""]
    assert str(first).replace(str(path), "loop.conf").startswith(message)


def instances(count: int, machine: int) -> str:
    """Of one virtual_router_id in one network, with a firewall mark's service for each."""
    return "".join(
        f"vrrp_instance V{at} {{\ninterface eth0\nvirtual_router_id 7\npriority 100\n"
        f"virtual_ipaddress {{\n10.{machine}.{at // 250}.{at % 250}/8\n}}\n}}\n"
        f"virtual_server fwmark {at + 1} {{\nreal_server 10.9.0.1 80 {{\n}}\n}}\n"
        for at in range(count)
    )


def routers(count: int, _: int) -> str:
    """All of one sync group, each with a service at its VIP."""
    names = "\n".join(f"V{at}" for at in range(count))
    return f"vrrp_sync_group G {{\ngroup {{\n{names}\n}}\n}}\n" + "".join(
        f"vrrp_instance V{at} {{\ninterface eth0\nvirtual_router_id {at % 255 + 1}\n"
        f"priority 100\nvirtual_ipaddress {{\n10.0.{at // 250}.{at % 250}\n}}\n}}\n"
        f"virtual_server 10.0.{at // 250}.{at % 250} 80 {{\nreal_server 10.9.0.1 80 {{\n}}\n}}\n"
        for at in range(count)
    )


def multiplied(count: int, _: int) -> str:
    return f"~SEQ(AT, 1, 1, {count * 500}) vrrp_instance V$AT {{ priority $AT }}\n"


@pytest.mark.parametrize("made", [instances, routers, multiplied])
def test_many_hostile_files_take_hardly_longer_than_one(
    tmp_path: Path, made: Callable[[int, int], str]
) -> None:
    for machine in range(2 if made is not multiplied else 8):
        (tmp_path / f"lb{machine}.conf").write_text(made(1000, machine))
    began = time.process_time()
    targets, _ = gather([str(path) for path in sorted(tmp_path.iterdir())])
    report = lint(targets, Choice())
    assert time.process_time() - began < 10
    assert report.findings or len(report.unread) == 8


def test_what_others_have_used_up_does_not_concern_a_plain_file(tmp_path: Path) -> None:
    for name, text in (("lb01", multiplied(1000, 0)), ("lb02", multiplied(1000, 0))):
        (tmp_path / f"{name}.conf").write_text(text)
    (tmp_path / "lb03.conf").write_text(f"~SEQ(AT, 9) # some\n{configuration()}" + "\n" * 50_000)
    targets, _ = gather([str(path) for path in sorted(tmp_path.iterdir())])
    report = lint(targets, Choice())
    assert [Path(one.file).name for one in report.unread] == ["lb01.conf", "lb02.conf"]
    assert "too large: more than" in report.unread[0].message


def test_what_is_included_is_read_where_it_lies(tmp_path: Path) -> None:
    """With conditions by the machine's name, and definitions."""
    top = tmp_path / "lb01" / "etc" / "keepalived"
    (top / "conf.d").mkdir(parents=True)
    main = "$SECRET=much_too_long\ninclude /etc/keepalived/conf.d/*.conf\n"
    (top / "keepalived.conf").write_text(main)
    text = configuration(password="$SECRET").replace("    state", "@lb02 advert_int 0.5\n    state")
    (top / "conf.d" / "vrrp.conf").write_text(text)
    targets, _ = gather([str(tmp_path)])
    (found,) = lint(targets, Choice()).findings
    assert (found.rule, found.place.line) == ("auth-pass-length", 9)
    assert found.place.file == str(top / "conf.d" / "vrrp.conf")


def test_one_file_can_be_that_of_several_machines(tmp_path: Path) -> None:
    """As conditions are there for."""
    path = tmp_path / "keepalived.conf"
    path.write_text(
        configuration()
        .replace("    priority 150", "    @lb01 priority 150\n    @lb02 priority 100")
        .replace("    authentication", "    @lb02 advert_int 2\n    authentication")
    )
    targets, _ = gather([f"lb01={path}", f"lb02={path}", f"lb02={path}"])
    report = lint(targets, Choice())
    assert [(one.rule, one.place.line) for one in report.findings] == [("advert-int-differs", 7)]
    assert report.files == [str(path)]


def test_ipvsadm_may_be_given_host_names(site: Path) -> None:
    (site / "site/lb01/etc/ipvsadm.rules").write_text(
        "-A -t one:80 -s rr\n-a -t one:80 -r web:80 -g\n"
        "-A -t two:80 -s rr\n-a -t two:80 -r web -g\n"
    )
    targets, _ = gather([str(site / "site/lb01")])
    assert lint(targets, Choice()).findings == []


def test_an_include_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "lb01.conf").write_text(f"\ninclude missing.conf\n{configuration()}")
    targets, _ = gather([str(tmp_path / "lb01.conf")])
    (found,) = lint(targets, Choice()).findings
    assert (found.rule, found.place.line) == ("keepalived-include", 2)


def test_old_comments_that_are_no_utf_8_are_no_matter(tmp_path: Path) -> None:
    (tmp_path / "lb01.conf").write_bytes(b"# Z\xfcrich\n" + configuration().encode())
    done = command(tmp_path, "lb01.conf")
    assert (done.returncode, done.stdout) == (0, "nothing found in 1 file\n")


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_words_that_are_no_utf_8_are_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    lines = b"state \xf4\n interface \xf4\n vmac_xmit_\xf4\n"
    text = configuration(password="PW").encode().replace(b"    state", lines + b"    state", 1)
    (tmp_path / "lb01.conf").write_bytes(text.replace(b"PW", b"p\xe4\xdfw\xf6rter"))
    done = command(tmp_path, "lb01.conf", "-f", form)
    assert (done.stderr, "\\udc" in done.stdout) == ("", False)
    assert "keepalived knows no vmac_xmit_?" in done.stdout


def test_a_password_of_another_encoding_has_its_bytes(tmp_path: Path) -> None:
    text = configuration(password="PW").encode()
    (tmp_path / "lb01.conf").write_bytes(text.replace(b"PW", b"p\xe4\xdfw\xf6rte"))
    (tmp_path / "lb02.conf").write_bytes(text.replace(b"PW", b"p\xe4\xdfw\xf4rte"))
    targets, _ = gather([str(tmp_path / "lb01.conf"), str(tmp_path / "lb02.conf")])
    rules = [one.rule for one in lint(targets, Choice()).findings]
    assert rules == ["priorities-equal", "auth-differs"]


def test_lines_are_counted_as_keepalived_counts_them() -> None:
    """A form feed ends none."""
    allowed = f"{LINE}  # lvsnet: allow auth-pass-length"
    assert told("# \f\n" + configuration(password="much_too_long").replace(LINE, allowed)) == []


def test_a_byte_order_mark_is_told(tmp_path: Path) -> None:
    (tmp_path / "lb01.conf").write_text(f"\ufeff{configuration()}")
    targets, _ = gather([str(tmp_path / "lb01.conf")])
    (found,) = lint(targets, Choice()).findings
    assert found.message == (
        "keepalived knows no vrrp_instance with a byte order mark before it; save the file without"
    )


@pytest.mark.parametrize("name", ["a.yaml", "a.conf"])
def test_what_nobody_may_look_at_is_told(
    site: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def is_file(path: Path) -> bool:
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return path.exists()

    monkeypatch.setattr(Path, "is_file", is_file)
    for path in ("netplan/a.yaml", "sysctl.d/a.conf"):
        (site / "site/lb01/etc" / path).parent.mkdir()
        (site / "site/lb01/etc" / path).touch()
    targets, unread = gather(["x" * 5000, str(site / "site")])
    assert [one.message for one in unread] == ["cannot be read: file name too long"]
    (problem,) = lint(targets, Choice()).unread
    assert problem.file.endswith(name)
    assert problem.message == "cannot be read: permission denied"


def test_a_netplan_file_that_is_no_yaml_is_told(site: Path) -> None:
    path = site / "site/lb01/etc/netplan/a.yaml"
    path.parent.mkdir()
    path.write_text("network:\n  ethernets: [\n")
    (site / "site/lb02/etc/netplan").mkdir()
    (site / "site/lb02/etc/netplan/a.yaml").write_text("# nothing\n")
    targets, _ = gather([str(site / "site")])
    (problem,) = lint(targets, Choice()).unread
    assert (problem.file, problem.line) == (str(path), 2)


@pytest.mark.parametrize("number", ["K", "9" * 5000])
def test_a_number_of_ipvsadms_that_is_none_is_no_matter(site: Path, number: str) -> None:
    rules = site / "site/lb01/etc/ipvsadm.rules"
    rules.write_text(
        f"ipvsadm --start-daemon master --mcast-interface eth0 --syncid {number}\n"
        "-A -t 192.168.10.100:80 -s rr\n"
        f"-a -t 192.168.10.100:80 -r 192.168.10.13:80 -g -w {number}\n"
    )
    assert command(site, "--rule", "auth-differs", "site").stderr == ""


def test_one_file_that_cannot_be_read_leaves_the_others(site: Path) -> None:
    done = command(site, "site", "missing.conf")
    assert done.returncode == 2
    assert "[auth-differs]" in done.stdout
    assert done.stdout.endswith("\n1 error in 2 files; 1 file not read\n")
    assert done.stderr.startswith("missing.conf: no such file")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("lb01=", "lb01=: name a file: lb01=FILE"),
        ("", "'': an empty name, of no file"),
        ("/dev/null", "/dev/null: is a device or a socket; name a file, a pipe, or -"),
        ("lb01=site", "site: is a directory; name the file in it"),
        ("lb01=none.conf", "none.conf: no such file"),
    ],
)
def test_what_is_no_file_is_told_alone(site: Path, given: str, message: str) -> None:
    done = lvsnet("lint", given, folder=site)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """As ``lb01=<(ssh lb01 cat /etc/keepalived/keepalived.conf)``, or of a lab."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for text, given in (
        (configuration(password="much_too_long"), f"lb01={pipe}"),
        ("name: dr\nnodes: {lb01: {role: directr}}\n", str(pipe)),
    ):
        with ThreadPoolExecutor() as other:
            other.submit(pipe.write_text, text)
            targets, unread = gather([given])
        assert unread == ()
        assert [one.text for one in targets] == [text]
    assert targets[0].is_lab
