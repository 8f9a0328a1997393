"""In which order a kernel's modules have to be loaded. Pure: depmod's texts in, paths out.

The guest has no kmod that could work this out (modules.dep(5), modules.builtin in
Documentation/kbuild/kbuild.rst).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lvsnet.errors import LvsnetError


def load_order(modules_dep: str, builtin: str, names: Iterable[str]) -> tuple[str, ...]:
    """Paths, relative to the module directory, of ``names`` and all that they need, needed first.

    Names are compared as modprobe(8) does, with ``-`` equal to ``_``; what is built into the
    kernel is left out. Raises LvsnetError that names every module that this kernel has not got.
    """
    dependencies = parse_dependencies(modules_dep)
    by_name = {module_name(path): path for path in dependencies}
    built_in = {module_name(path) for path in builtin.split()}
    wanted = list(dict.fromkeys(module_name(name) for name in names))
    missing = [name for name in wanted if name not in by_name and name not in built_in]
    if missing:
        raise LvsnetError(
            f"The guest kernel has no module {', '.join(missing)}. Leave out what needs it, or use "
            "another kernel: `lvsnet kernel build` builds one with all that labs ask for."
        )
    paths = [by_name[name] for name in wanted if name not in built_in]
    return with_dependencies(dependencies, paths)


def with_dependencies(
    dependencies: Mapping[str, tuple[str, ...]], paths: Iterable[str]
) -> tuple[str, ...]:
    """``paths`` and everything below them, each once and after what it needs.

    Raises LvsnetError when a module needs one that modules.dep does not list.
    """
    order: list[str] = []
    seen: set[str] = set()

    def visit(path: str) -> None:
        if path in seen:
            return
        seen.add(path)
        if path not in dependencies:
            raise LvsnetError(f"The kernel's modules.dep is not whole: it has no line for {path}.")
        # depmod writes the nearest first.
        for needed in reversed(dependencies[path]):
            visit(needed)
        order.append(path)

    for path in paths:
        visit(path)
    return tuple(order)


def parse_dependencies(modules_dep: str) -> dict[str, tuple[str, ...]]:
    """Each line of modules.dep: ``kernel/a.ko: kernel/b.ko kernel/c.ko``."""
    lines = (line.partition(":") for line in modules_dep.splitlines() if ":" in line)
    return {path: tuple(needs.split()) for path, _, needs in lines}


def module_name(path: str) -> str:
    """``kernel/net/netfilter/ipvs/ip_vs.ko.xz`` -> ``ip_vs``."""
    return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
