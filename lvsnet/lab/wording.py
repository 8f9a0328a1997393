"""What pydantic finds in a lab file, in the words of the people who write lab files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from lvsnet.lab import model, model_checks, model_marks, model_services, model_vrrp, settings_model
from lvsnet.lab.document import Loc
from lvsnet.lab.suggest import hint, nearest
from lvsnet.lab.values import SPREAD, shown

_LONGEST_PART = 63


def dotted(loc: Loc) -> str:
    """Give a place as a path: ``nodes.lb01.files[/etc/motd].mode``."""
    path = ""
    for part in loc:
        if isinstance(part, str) and len(part) > _LONGEST_PART:
            part = f"{part[:_LONGEST_PART]}..."
        if isinstance(part, int) or re.search(r"[^A-Za-z0-9_-]", part):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path


def fields(loc: Loc) -> list[str]:
    """Give the keys that the mapping at ``loc`` may have, as its model has them."""
    return settings_model.every_key(_model(loc))


def message(error: ErrorDetails, loc: Loc) -> str:
    """Give the message for an error at ``loc``, which is a place of the document."""
    where = f"{dotted(loc)}: " if loc else ""
    match error["type"]:
        case "missing":
            above = f"{dotted(loc[:-1])}: " if len(loc) > 1 else ""
            return f"{above}'{loc[-1]}' is missing"
        case "extra_forbidden":
            above = f"{dotted(loc[:-1])}: " if len(loc) > 1 else ""
            key = str(loc[-1])
            if loc[:-1] == ("vrrp", SPREAD) and key in ("priority", "state"):
                return f"{above}the plan gives each VIP its priorities; take {key} out"
            return f"{above}unknown key {shown(key)}{hint(key, fields(loc[:-1]))}"
        case settings_model.UNKNOWN:
            above = f"{dotted(loc[:-1])}: " if len(loc) > 1 else ""
            return f"{above}{_context(error)['reason']}"
        case "value_error":
            return where + str(_context(error).get("error"))
        case "literal_error":
            valid = re.findall(r"'([^']*)'", str(_context(error)["expected"]))
            value = error["input"]
            choice = hint(value if isinstance(value, str) else "", valid)
            return f"{where}{shown(value)} is not valid{_consequence(loc)}{choice}"
        case _:
            return where + _wrong(error)


def misspelt(error: ErrorDetails, loc: Loc) -> str | None:
    """Give the valid key that an unknown key is likely to stand for."""
    if error["type"] != "extra_forbidden":
        return None
    return nearest(str(loc[-1]), fields(loc[:-1]))


_EXPECTED = {
    "int_type": "a whole number",
    "bool_type": "true or false",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of keys to values",
    "list_type": "a list",
}
_FORMS = {"number": "a whole number", "text": "text", "mapping": "a mapping", "list": "a list"}
"""In the tags of the models."""


def _wrong(error: ErrorDetails) -> str:
    context = _context(error)
    value = shown(error["input"])
    kind = error["type"]
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, not {value}{_unquoted(error)}"
    if kind == "greater_than_equal":
        return f"{value} is too small; at least {context['ge']}"
    if kind == "less_than_equal":
        return f"{value} is too large; at most {context['le']}"
    if kind == "too_short":
        there, needed = context["actual_length"], context["min_length"]
        amount = "is empty" if there == 0 else f"has {there}"
        return f"{amount}; at least {'one is' if needed == 1 else f'{needed} are'} needed"
    if kind == "too_long":
        there, most = context["actual_length"], context["max_length"]
        return f"has {there}; at most {most} can be"
    if kind == "union_tag_invalid":
        tags = str(context["expected_tags"])
        forms = [form for tag, form in _FORMS.items() if tag in tags]
        return f"expected {' or '.join(forms)}, not {value}"
    return f"{value}: {error['msg']}"


def _consequence(loc: Loc) -> str:
    """What the daemon would make of a word that it does not know."""
    match loc:
        case ("services", _, "method"):
            return ", and keepalived silently takes NAT for a method that it does not know"
        case _:
            return ""


def _unquoted(error: ErrorDetails) -> str:
    """A hint for a number in quotes."""
    value = error["input"]
    if error["type"] == "int_type" and isinstance(value, str) and re.fullmatch(r"[0-9]+", value):
        return f"; write {value} without quotes"
    return ""


def _context(error: ErrorDetails) -> Mapping[str, object]:
    return error.get("ctx", {})


def _model(loc: Loc) -> type[BaseModel]:
    """The model of the mapping at ``loc``."""
    match loc:
        case ():
            return model.Lab
        case ("segments", _):
            return model.Segment
        case ("nodes", _):
            return model.Node
        case ("nodes", _, "files", _) | ("nodes", _, "keepalived"):
            return model.File
        case ("nodes", _, "routes", _):
            return model.Route
        case ("global_defs",):
            return model.GlobalDefs
        case ("vrrp", "spread"):
            return model_vrrp.Spread
        case ("vrrp", _):
            return model_vrrp.VrrpInstance
        case ("vrrp", _, "authentication"):
            return model_vrrp.Authentication
        case ("vrrp", _, "track_script", _):
            return model_vrrp.TrackScript
        case ("vrrp", _, "track_interface", _):
            return model_vrrp.TrackInterface
        case ("vrrp_script", _):
            return model_vrrp.VrrpScript
        case ("vrrp_sync_group", _):
            return model_vrrp.SyncGroup
        case ("sync_daemon",):
            return model_services.SyncDaemon
        case ("timeouts",):
            return model_services.Timeouts
        case ("services", _):
            return model_services.Service
        case ("services", _, "real_servers", _):
            return model_services.RealServer
        case ("services", _, "sorry_server"):
            return model_services.SorryServer
        case ("services", _, "marks", _) | ("services", _, "virtual_server_group", _, "marks", _):
            return model_marks.Mark
        case ("services", _, "virtual_server_group", _):
            return model_marks.VirtualServers
        case ("services", _, "tunnel") | (
            "services",
            _,
            "real_servers" | "sorry_server",
            *_,
            "tunnel",
        ):
            return model_services.Tunnel
        case ("services", _, "check") | ("services", _, "check", _):
            return model_checks.Check
        case ("services", _, "real_servers", _, "check", *_):
            return model_checks.Check
        case _:
            raise LookupError(f"no model at {dotted(loc)}")
