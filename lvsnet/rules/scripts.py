"""The programs that keepalived runs."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

SECURITY_OFF = Rule(
    "script-security-off",
    "warning",
    "scripts run without enable_script_security: keepalived reports a security violation, and runs"
    " as root even what others can change",
    "keepalived.conf(5), enable_script_security",
    "write enable_script_security and script_user into global_defs",
    "11-no-script-security",
)
PATH = Rule(
    "script-path",
    "warning",
    "a script's or notify command's program is not given by its absolute path, or root runs it"
    " from /bin, /sbin or /lib: these are symbolic links on Debian, and keepalived disables what"
    " lies behind one, with enable_script_security or without",
    "check_security() of lib/notify.c of keepalived",
    "write the whole path, such as /usr/bin/pgrep",
    "11-script-refused",
)
SHELL = Rule(
    "script-shell",
    "warning",
    "a script or notify command has words that only a shell understands: keepalived gives them to"
    " the program as arguments",
    "keepalived.conf(5), vrrp_script; system_call_script() of lib/notify.c of keepalived",
    "put the line into a script, or write /usr/bin/sh -c '...'",
)
NO_USER = Rule(
    "script-user-default",
    "warning",
    "enable_script_security without script_user: scripts run as the user keepalived_script, and"
    " where there is none, keepalived takes them out: nothing is tracked, checked or notified",
    "keepalived.conf(5), script_user; get_default_script_user() of keepalived's lib/notify.c",
    "write script_user into global_defs",
)
UNUSED = Rule(
    "keepalived-unused",
    "warning",
    "something that is written has no effect",
    "vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c; keepalived/vrrp/vrrp_data.c",
    "take it out, or use it: a vrrp_script runs when a track_script names it, and a sync group has"
    " two members at least",
)
TIMEOUT = Rule(
    "script-timeout",
    "note",
    "a vrrp_script may run as long as its interval, or longer: keepalived leaves out the runs that"
    " would begin meanwhile, so a failure is seen later than interval and fall say",
    "keepalived.conf(5), vrrp_script, timeout; vrrp_script_thread() of"
    " keepalived/vrrp/vrrp_scheduler.c",
    "write a timeout that is less than the interval",
)

SUBJECT = Subject("Scripts", (SECURITY_OFF, PATH, SHELL, NO_USER, UNUSED, TIMEOUT))
