"""A lab as virtual machines: a Vagrantfile, and what provisions each machine.

The site is that of the lab: segments are networks of the hypervisor's own, interfaces have the
lab's MAC addresses and names, and every machine configures itself from the files that it would have
in the lab. Vagrant's own network, by which it reaches a machine, is the machine's first interface.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Interface, IPv4Network, ip_interface
from string import Template

from lvsnet.errors import LvsnetError
from lvsnet.export.order import in_order
from lvsnet.export.packages import Packages
from lvsnet.export.request import through_a_vip
from lvsnet.export.vagrant_machine import STEPS, files_of
from lvsnet.export.vagrant_text import Value, ruby
from lvsnet.plan.model import File, Interface, Node, Plan

BOX = "bento/ubuntu-24.04"
"""Of Ubuntu, whose networks netplan configures, as the machines' files have it."""
MEMORY = 512
"""MiB."""
MOST_INTERFACES = 7
"""VirtualBox has eight for a machine, and libvirt's plugin takes as many; one is Vagrant's."""
HOST_NAME = re.compile(r"[a-z0-9][-.a-z0-9]*", re.IGNORECASE)
"""What Vagrant takes (plugins/kernel_v2/config/vm.rb)."""
VIRTUALBOX_NAT = IPv4Network("10.0.2.0/24")
LIBVIRT_MANAGEMENT = IPv4Network("192.168.121.0/24")
_MEASURING = IPv4Network("198.18.0.0/15")
_SPARE = ("172.31.255.0/24", "192.168.255.0/24", "10.255.255.0/24")

_NEEDED = (
    "Written by lvsnet, which is not needed to run it: Vagrant is, with VirtualBox or with libvirt "
    f"and its plugin. The box is {BOX}; where it does not come for your provider, LVSNET_BOX "
    "names another one, of Ubuntu's or Debian's. Run the commands in this directory. Make the "
    "machines, in the order of the Vagrantfile:"
)
_FILES = (
    "`machines/NAME/files` has the files of each machine, at their paths. In `machines/NAME` "
    "`packages.sh` installs what the machine needs, `interfaces.sh` gives its interfaces their "
    "names, `configure.sh` puts files, sysctls and addresses in place, and `services.sh` starts "
    "what runs there, by systemd."
)

_VAGRANTFILE = Template("""\
# $lab: written by lvsnet, which is not needed to run it. `vagrant up --no-parallel` makes the
# machines, `vagrant provision` configures them anew, `vagrant destroy` ends them.

# LVSNET_BOX takes another one, of Debian's or Ubuntu's.
BOX = ENV.fetch("LVSNET_BOX", $box)
MEMORY = $memory # MiB

# In the order in which they are made: real servers before directors. The names of their interfaces
# are eth1, eth2, ... by their files; eth0 is Vagrant's own.
MACHINES = {
$machines}

Vagrant.configure("2") do |config|
  config.vm.box = BOX
  config.vm.synced_folder ".", "/vagrant", disabled: true

  config.vm.provider "virtualbox" do |virtualbox|
    virtualbox.memory = MEMORY
    virtualbox.cpus = 1
    virtualbox.linked_clone = true
$virtualbox  end

  config.vm.provider "libvirt" do |libvirt|
    libvirt.memory = MEMORY
    libvirt.cpus = 1
$libvirt  end

  MACHINES.each do |name, interfaces|
    config.vm.define name do |machine|
      machine.vm.hostname = name

      # The machine's own files configure them. The host is in none of the networks, so that no
      # address of its own is one of the lab's.
      interfaces.each do |interface|
        machine.vm.network "private_network",
          ip: interface[:ip],
          netmask: interface[:netmask],
          mac: interface[:mac],
          auto_config: false,
          virtualbox__intnet: interface[:network],
          libvirt__network_name: interface[:network],
          libvirt__forward_mode: "veryisolated",
          libvirt__dhcp_enabled: false,
          libvirt__mtu: interface[:mtu]
      end

      machine.vm.provision "clear", type: "shell", inline: "rm -rf /tmp/lvsnet"
      machine.vm.provision "upload", type: "file",
        source: "machines/#{name}/.", destination: "/tmp/lvsnet"
      $steps.each do |step|
        machine.vm.provision step, type: "shell", inline: "sh /tmp/lvsnet/#{step}.sh"
      end
    end
  end
end
""")


def vagrant(plan: Plan, packages: Packages) -> tuple[File, ...]:
    """The files of a lab, with relative paths, its Vagrantfile first. Pure.

    Raises:
        LvsnetError: something in the lab cannot be a virtual machine.
    """
    for node in plan.nodes:
        _check(node)
    machines = (
        File(f"machines/{node.name}/{file.path}", file.content, file.mode)
        for node in plan.nodes
        for file in files_of(node, plan.kernel, packages)
    )
    return (File("Vagrantfile", _vagrantfile(plan)), File("README.md", _readme(plan)), *machines)


def _vagrantfile(plan: Plan) -> str:
    return _VAGRANTFILE.substitute(
        lab=plan.lab,
        box=ruby(BOX),
        memory=MEMORY,
        machines="".join(_machines(plan)),
        virtualbox="".join(f"    {line}\n" for line in _virtualbox(plan)),
        libvirt="".join(f"    {line}\n" for line in _libvirt(plan)),
        steps=ruby(STEPS),
    )


def _machines(plan: Plan) -> Iterator[str]:
    for group in in_order(plan.nodes):
        for node in group:
            yield f"  {ruby(node.name)} => [\n"
            for interface in node.interfaces:
                yield f"    {ruby(_interface(plan, interface))},\n"
            yield "  ],\n"


def _interface(plan: Plan, interface: Interface) -> dict[str, Value]:
    """What is said of an interface; no names of labs or segments have a dot in them."""
    settings: dict[str, Value] = {
        "network": f"lvsnet-{plan.lab}.{interface.segment}",
        # Both providers want the digits alone.
        "mac": interface.mac.replace(":", "").lower(),
    }
    if interface.addresses:
        found = (ip_interface(address) for address in interface.addresses)
        first = next((one for one in found if one.version == 4), _stand_in(plan, interface))
        settings |= {"ip": str(first.ip), "netmask": str(first.netmask)}
    if interface.mtu != 1500:
        settings["mtu"] = interface.mtu
    return settings


def _stand_in(plan: Plan, interface: Interface) -> IPv4Interface:
    """What Vagrant calls an interface that has IPv6 only: its providers know networks by IPv4.

    No machine gets the address. It is one of those for measuring (RFC 2544, C.2.2), which are
    nobody's, and each segment's are of another network.
    """
    names = [segment.name for segment in plan.segments]
    there = [
        one.mac
        for node in plan.nodes
        for one in node.interfaces
        if one.segment == interface.segment
    ]
    segment, host = names.index(interface.segment), there.index(interface.mac) + 1
    return IPv4Interface((int(_MEASURING.network_address) + (segment << 10) + host, 22))


def _virtualbox(plan: Plan) -> Iterator[str]:
    if own := _moved(plan, VIRTUALBOX_NAT):
        yield "# The network by which Vagrant reaches the machines is a segment's otherwise."
        arguments = ", ".join(map(ruby, ("--natnet1", own)))
        yield f'virtualbox.customize ["modifyvm", :id, {arguments}]'


def _libvirt(plan: Plan) -> Iterator[str]:
    if own := _moved(plan, LIBVIRT_MANAGEMENT):
        yield "# The network by which Vagrant reaches the machines is a segment's otherwise."
        yield f"libvirt.management_network_name = {ruby(f'lvsnet-{plan.lab}-vagrant')}"
        yield f"libvirt.management_network_address = {ruby(own)}"


def _moved(plan: Plan, usual: IPv4Network) -> str:
    """Where Vagrant's own network is to be; empty when its usual place is free."""
    taken = [
        found.network
        for node in plan.nodes
        for interface in node.interfaces
        for address in interface.addresses
        if isinstance(found := ip_interface(address), IPv4Interface)
    ]
    if not _overlaps(usual, taken):
        return ""
    for spare in _SPARE:
        if not _overlaps(IPv4Network(spare), taken):
            return spare
    raise LvsnetError(
        f"the lab's segments leave no network for Vagrant: it would take {usual}, "
        f"{', '.join(_SPARE)}, and all are theirs; give one of the segments another subnet"
    )


def _overlaps(network: IPv4Network, others: Iterable[IPv4Network]) -> bool:
    return any(network.overlaps(other) for other in others)


def _readme(plan: Plan) -> str:
    request = through_a_vip(plan)
    shown = []
    if request is not None:
        loop = f"for i in 1 2 3 4; do curl -s {request.url}; done"
        command = shlex.join(("vagrant", "ssh", request.node, "-c", loop))
        shown = ["Send requests through the VIP:", _block(command)]
    return (
        "\n\n".join(
            (
                f"# {plan.lab}",
                _NEEDED,
                _block("vagrant up --no-parallel"),
                *shown,
                "Configure the machines anew, after a change of their files, and end them:",
                _block("vagrant provision", "vagrant destroy -f"),
                _FILES,
            )
        )
        + "\n"
    )


def _block(*lines: str) -> str:
    return "\n".join(("```sh", *lines, "```"))


def _check(node: Node) -> None:
    if not HOST_NAME.fullmatch(node.name):
        raise LvsnetError(
            f"node {node.name}: Vagrant takes letters, digits, '-' and '.' for a machine's name; "
            "give the node another one"
        )
    if node.process:
        raise LvsnetError(
            f"node {node.name}: a containerlab topology does not say what a machine's own disk and "
            "addresses are, so no virtual machine can be made from it; export a lab file"
        )
    if node.image:
        raise LvsnetError(
            f"node {node.name}: a virtual machine cannot run its image {node.image}; take the "
            "image out, or export to containerlab"
        )
    if len(node.interfaces) > MOST_INTERFACES:
        raise LvsnetError(
            f"node {node.name}: it has {len(node.interfaces)} interfaces, and a virtual machine "
            f"has {MOST_INTERFACES} besides Vagrant's own; export to containerlab"
        )
