"""vsftpd on a real server: an FTP server with a file that says which machine it is."""

from __future__ import annotations

from string import Template

from lvsnet.plan.model import Daemon, File

PATH = "/etc/vsftpd.conf"
PASSIVE = (50000, 50099)
"""First and last port of passive data connections."""

_CONF = Template("""\
# Files for everybody, without a password.
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
anon_root=/srv/ftp
# By itself, in the foreground.
listen=$ipv4
listen_ipv6=$ipv6
listen_port=$port
background=NO
# A client that asks for it connects to one of these for the data.
pasv_min_port=$first
pasv_max_port=$last
# Or it connects to the client, from the port that RFC 959 has for that, and that ip_vs_ftp awaits.
connect_from_port_20=YES
# Where it locks itself in without need of files: a directory that is empty and stays so.
secure_chroot_dir=/mnt
""")


def vsftpd_files(node: str, port: int, *, ipv6: bool) -> tuple[File, ...]:
    """The configuration of a server at ``port``, with IPv6 for that as well, and its file."""
    first, last = PASSIVE
    words = {True: "YES", False: "NO"}
    conf = _CONF.substitute(
        port=port, first=first, last=last, ipv4=words[not ipv6], ipv6=words[ipv6]
    )
    return (File(PATH, conf), File("/srv/ftp/name.txt", f"{node}\n"))


def vsftpd_daemon(ports: tuple[int, ...]) -> Daemon:
    """The daemon, which is ready once it listens on ``ports``; with none, once it runs."""
    return Daemon("vsftpd", ("vsftpd", PATH), stage=1, listens=ports, reads=(PATH,))
