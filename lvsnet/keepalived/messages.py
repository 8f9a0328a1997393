"""What ``keepalived -t`` can say of a configuration, and what it means for the one who wrote it.

With ``-t`` keepalived prints nothing but what it gives to ``report_config_error()``
(``lib/parser.c``): the calls in keepalived 2.3.3, in ``lib/`` and ``keepalived/``, are what is
grouped here. What happens at run time was tried with the daemon, or read beside the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Message:
    """Lines that keepalived prints."""

    pattern: str
    """A regular expression that is found in the line without its ``(Line N)``."""
    severity: Literal["error", "warning", "harmless"]
    """``error`` when keepalived does not run, or runs something else than what is written;
    ``warning`` for what is unwise, or changed without much effect; ``harmless`` is not shown."""
    rule: str = ""
    """A key of ``lvsnet.keepalived.verdict.RULES``; empty for what is harmless, and for an error
    that leaves nothing to run."""
    consequence: str = ""
    """What happens at run time or what to do, where keepalived's words do not say so."""


NUMBER = r"^(WARNING - )?(invalid|negative|) ?number '"
"""Said of a number; what is said next of the same line is often what it is the number of."""

MESSAGES: tuple[Message, ...] = (
    # What leaves nothing to run: a child of keepalived's ends, and keepalived with it.
    Message(
        r"is missing a parameter|^Unable to (read|find) configuration file|"
        r"^Failed to open configuration|virtual router id must be set|Unknown interface!|"
        r"cannot use VMAC if no interface|must have unicast_src_ip or interface|"
        r"Non link-local address required|Unicast peers are not supported in strict|"
        r"at least one is required|both use VRID|duplicate VRID conflict|^Non-existent interface",
        "error",
        "",
        "keepalived ends at once",
    ),
    Message(
        r"[Ii]nterface \S+ (\S.* )?doesn't exist|^unknown interface \S+ specified for|"
        r"requires either an interface",
        "error",
        "",
        "a node's interfaces are eth1, eth2, ... in the order of its `interfaces` in the lab file",
    ),
    # What is read as something else.
    Message(
        r"^Unknown keyword '\}'|^Extra '\}' found|^Missing '\{' at|^Unexpected '\{'|"
        r"missing '\}'s or extra|^(Unmatched|Unterminated) quote|missing terminating|"
        r"^Block \S+ has extra parameters|^(Invalid )?~(SEQ|LST)",
        "error",
        "keepalived-syntax",
    ),
    Message(r"^Unknown keyword", "error", "keepalived-unknown-keyword", "keepalived ignores it"),
    Message(r"^Config files missing '[^']*[][*?{]", "harmless"),
    Message(
        r"^(Some c|No c|C)onfig files (missing|matched)|no matching file$",
        "error",
        "keepalived-include",
        "keepalived goes on without; the node's `files` can bring it",
    ),
    Message(
        r"is not a regular non-executable file|is a directory - skipping|open problem \(|"
        r"^chdir\(|: glob\(",
        "error",
        "keepalived-include",
        "keepalived goes on without it",
    ),
    Message(r"multiple configuration file matches", "warning", "keepalived-include"),
    # Virtual servers and real servers.
    Message(
        r"unknown \[.*\] routing method for virtual",
        "error",
        "keepalived-forwarding-method",
        "keepalived will use NAT: it knows NAT, DR and TUN, in capitals",
    ),
    Message(
        r"unknown \[.*\] routing method",
        "error",
        "keepalived-forwarding-method",
        "keepalived will use the virtual server's: it knows NAT, DR and TUN, in capitals",
    ),
    Message(
        r"no forwarding method set",
        "error",
        "keepalived-forwarding-method",
        "write lb_kind DR, NAT or TUN",
    ),
    Message(
        r"tunnel type|gue tunnel|(ipip|gre) tunnels|Invalid tunnel option",
        "error",
        "keepalived-value",
        "keepalived will use TUN with ipip",
    ),
    Message(
        r"ports don't match - resetting",
        "error",
        "dr-port",
        "DR and TUN leave a packet's port as it is, so keepalived will use the virtual server's",
    ),
    Message(r"ports don't match$", "error", "dr-port", "DR and TUN leave a packet's port as it is"),
    # A firewall mark says by itself which packets are meant, whatever their port and protocol.
    Message(
        r"^WARNING - (fwmark )?virtual server .* has port specified|"
        r"protocol specified for fwmark",
        "harmless",
    ),
    Message(r"no protocol set", "error", "keepalived-default", "write protocol TCP"),
    Message(r"no scheduler set", "warning", "keepalived-default"),
    Message(
        r"one packet scheduling requires UDP|zero port only valid for persistent|"
        r"^Warning - quorum|hysteresis \d+ >= quorum|inhibit setting differs",
        "error",
        "keepalived-adjusted",
    ),
    # Scripts.
    Message(
        r"^SECURITY VIOLATION",
        "warning",
        "script-security-off",
        "write enable_script_security and script_user into global_defs",
    ),
    Message(
        r"due to insecure$",
        "error",
        "script-path",
        "a part of its path is a link, as /bin, /sbin and /lib are on Debian (write /usr/bin), or "
        "others than root may write to it",
    ),
    Message(
        r"since not found/accessible$",
        "error",
        "script-path",
        "a node has the programs of its image, and scripts that its `files` bring",
    ),
    Message(
        r"Unable to set default user|^Error setting global script uid|"
        r"(Failed|Unable) to set uid/gid|^No user specified for misc|^No script username",
        "error",
        "keepalived-script-user",
        "write script_user with a user of the node's, such as root, into global_defs",
    ),
    Message(r"^Warning - script .* is not used", "warning", "keepalived-unused"),
    # VRRP.
    Message(
        r"^Truncating auth_pass",
        "warning",
        "auth-pass-length",
        "passwords that begin with the same 8 are the same to it",
    ),
    Message(
        r"nopreempt will not work with initial state MASTER",
        "warning",
        "nopreempt-master",
        "the machine takes its addresses back when it returns; write state BACKUP",
    ),
    Message(
        r"preempt delay will not work with initial state MASTER",
        "warning",
        "preempt-delay-master",
        "the machine takes its addresses back as soon as it returns; write state BACKUP",
    ),
    Message(r"preempt_delay is incompatible with nopreempt", "warning", "preempt-delay-nopreempt"),
    Message(
        r"State MASTER must match being address owner",
        "warning",
        "keepalived-strict",
        "vrrp_strict starts it as BACKUP, and the priorities decide",
    ),
    Message(
        r"invalid strict_mode|global vrrp_strict specified",
        "error",
        "keepalived-value",
    ),
    Message(
        r"[Ss]trict[ _]mode|accept mode for VRRP version 2|first IPv6 VIP address must be",
        "error",
        "keepalived-strict",
    ),
    Message(
        r"Initial state master is incompatible with AH",
        "warning",
        "auth-ah-master",
        "the machine starts as BACKUP, and the priorities decide",
    ),
    Message(r"nopreempt is incompatible with priority", "error", "keepalived-adjusted"),
    Message(
        r"does not support authentication|Cannot use AH authentication",
        "error",
        "keepalived-unsupported",
        "its advertisements have no password",
    ),
    Message(
        r"Authentication specified but no password",
        "error",
        "keepalived-incomplete",
        "its advertisements have no password",
    ),
    Message(
        r"unknown authentication type",
        "error",
        "keepalived-value",
        "its advertisements have no password: it knows PASS and AH",
    ),
    Message(r"unknown state '", "error", "keepalived-value", "it knows MASTER and BACKUP"),
    Message(r"without any unicast peers\.", "error", "keepalived-unicast-peers"),
    Message(
        r"at least one is sensible|has only 1 virtual router|"
        r"empty (group|notification_email|garp_group)",
        "warning",
        "keepalived-unused",
    ),
    Message(r"some not as address owner", "error", "keepalived-unsupported"),
    Message(
        r"since own interface$",
        "warning",
        "track-interface-own",
        "an instance tracks its own interface anyway",
    ),
    Message(r"promote_secondaries is automatically set", "harmless"),
    Message(
        r"due to SYNC group",
        "error",
        "track-weight-sync-group",
        "sync_group_tracking_weight in the group allows weights",
    ),
    Message(
        r"due to address[_ ]owner|Cannot have weighted track",
        "error",
        "keepalived-track-weight",
        "priority 255 is the addresses' owner, who gives them to nobody",
    ),
    Message(r"is configured on VRRP instance and sync group", "warning", "keepalived-duplicate"),
    # What keepalived will give up, or takes for something newer; the second line of one of these.
    Message(r"^\s*Please use global lvs_sync_daemon", "harmless"),
    Message(
        r"deprecated|please replace with|^Please use keyword|iptables not supported|"
        r"not supported(,| -) (treating|ignoring)",
        "warning",
        "keepalived-deprecated",
    ),
    # Wherever it stands in the configuration.
    Message(
        r"track (script|file|process|bfd) .* not found|^track_file .* not found|"
        r"(group|VRF|[Tt]able|Protocol|Scope) \S+ not found|^Unable to find vrrp instance|"
        r"specified in sync group .* doesn't exist|no matching virtual router found|"
        r"BFD \S+ not configured",
        "error",
        "keepalived-unknown-name",
        "define it in the file; what is tracked, further up than where it is tracked",
    ),
    Message(
        r"already (been specified|configured|defined|monitoring|set|specified|using)|"
        r"[Dd]uplicate|more than (once|one)|another peer has|previously set as|"
        r"use_vmac (specified|.* specified and)",
        "error",
        "keepalived-duplicate",
    ),
    Message(
        r"has no (address|entries|members|path|real servers|track_file|urls|virtual router)|"
        r"has no \S+ address set|has been specified for|must have a (destination|name)|"
        r"^No (action|file|script|value|weight|\S+ parameter)\b|^No .* specified$|"
        r"no (interface for e?vip|urls specified)|not have any delay set|name not specified|"
        r"with(out)? (value|time) specified|requires (a |at least|delay|interface|path|value|"
        r"version)",
        "error",
        "keepalived-incomplete",
        "keepalived leaves it out",
    ),
    Message(
        r"not supported|do(es)?(n't| not) support|no kernel support|only supported on|"
        r"disabling|fault state|cannot use a loopback|^Unable to initialise|read only or cannot|"
        r"is not accessible|does not exist - removing|^realpath\(\) error|not a regular file",
        "error",
        "keepalived-unsupported",
    ),
    Message(
        r"invalid number '[\d.]+[A-Za-z]",
        "error",
        "keepalived-value",
        "keepalived knows no units: it ignores the line, or takes 2s for 2 microseconds",
    ),
    Message(NUMBER, "error", "keepalived-value"),
    Message(
        r"real-time priority \d+ (less|greater)|^Process name .* more than",
        "warning",
        "keepalived-adjusted",
    ),
    Message(
        r"rounding|resetting|truncating|clearing|setting|excess moved|replacing|overwriting|"
        r"defaulting|Setting to|Using default|- using \d+",
        "error",
        "keepalived-adjusted",
    ),
    Message(r"should be link-local multicast", "warning", "keepalived-value"),
    Message(r"^Invalid smtp server", "warning", "keepalived-value", "keepalived sends no mail"),
    Message(
        r"[Ii]gnor(ing|ed)|[Ss]kipping|removing|[Ii]nvalid|malformed|[Uu]nknown|[Mm]issing|"
        r"[Mm]ust (be|have|match|not)|MUST|[Cc]annot|not (valid|recognised|allowed|multicast|"
        r"a VRF|a directory|solid)|does not match|too (long|many|large)|outside|mismatch|"
        r"conflicts with|mixed|only (applies|for|supported|valid)|trailing nonsense|"
        r"extra (characters|parameters)|used without|specified for|without preference|"
        r"parameter\(s\)|be discarded|no longer supported|always fail|>= goto target|"
        r"^Can't parse|should be|requires|Unable to interpret|not suppressor",
        "error",
        "keepalived-value",
    ),
)
"""In the order in which they are tried: the first one that is found in a line counts."""
