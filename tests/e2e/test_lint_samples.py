"""What the linter says of the configurations that keepalived's own source ships."""

from __future__ import annotations

from e2e import keepalived_source
from lvsnet.lint.gathering import gather
from lvsnet.lint.linting import Choice, lint, severity

OF_MACHINES = {"conditional_conf": ("high", "low")}
"""Samples that only say something to a machine of one of these names."""


def test_samples_have_no_errors_but_those_that_they_have() -> None:
    """Blocks of SMTP_CHECK over which keepalived never ends, a group in a syntax of long ago."""
    found = {}
    for sample in keepalived_source.samples():
        of_which = OF_MACHINES.get(sample.name.removeprefix("keepalived.conf."), ())
        targets, unread = gather([f"{one}={sample}" for one in of_which] or [str(sample)])
        report = lint(targets, Choice())
        assert (unread, report.unread) == ((), [])
        errors = {one.rule for one in report.findings if severity(one) == "error"}
        if errors:
            found[sample.name.removeprefix("keepalived.conf.")] = errors
    assert found == {
        "SMTP_CHECK": {"smtp-check-host"},
        "vrrp.lvs_syncd": {"sync-group-empty", "keepalived-unknown-keyword"},
    }
