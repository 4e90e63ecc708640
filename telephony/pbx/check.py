"""Ask a PBX what it is: each finding says what was looked at, whether it is well, and if not what to do."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass

from telephony.pbx.errors import PbxNotRunning
from telephony.pbx.modules import modules_in
from telephony.pbx.parts import HostPart, peer_endpoint
from telephony.pbx.programs import OLDEST_ASTERISK, asterisk_files
from telephony.pbx.server import Pbx

_BYTES_PER_CALL_HOUR = 2 * 2 * 8_000 * 3_600
_ENOUGH_DISK = 50 * _BYTES_PER_CALL_HOUR
"""Room for fifty hours of talk before recordings are compressed: about 5.8 GB."""


@dataclass(frozen=True)
class Finding:
    """`what_to_do` is empty where all is well."""

    ok: bool
    what: str
    what_to_do: str = ""


async def check(pbx: Pbx, part: HostPart) -> list[Finding]:
    """Everything that can be seen from here; a PBX that is away ends the list."""
    findings = [_version(pbx), _recordings(pbx), _disk(pbx)]
    looks = [_modules, _transports, _queues, _seats, _managers, _cdr, *([_peers] if part.peers else [])]
    for look in looks:
        try:
            findings.append(await look(pbx, part))
        except PbxNotRunning as error:
            findings.append(Finding(False, error.message, error.next_step))
            break
    return findings


def _version(pbx: Pbx) -> Finding:
    recent = pbx.program.version[0] >= OLDEST_ASTERISK
    return _finding(recent, str(pbx.program), f"Install Asterisk {OLDEST_ASTERISK} or later.")


def _recordings(pbx: Pbx) -> Finding:
    folder = pbx.paths.recordings
    writable = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    return _finding(writable, f"recordings go to {folder}", f"Let this user write to {folder}.")


def _disk(pbx: Pbx) -> Finding:
    free = shutil.disk_usage(pbx.paths.home).free
    hours = free // _BYTES_PER_CALL_HOUR
    return _finding(free >= _ENOUGH_DISK, f"disk: room for {hours:,} hours of talk", "Free disk space.")


async def _modules(pbx: Pbx, _: HostPart) -> Finding:
    listed = await pbx.cli("module show")
    running = set(re.findall(r"^(\S+)\.so\s.*\bRunning\b", listed, re.MULTILINE))
    wanted = modules_in(asterisk_files(pbx.program, pbx.paths.home.parent).modules)
    missing = [name for name in wanted if name not in running]
    what = f"{len(wanted)} modules run" if not missing else f"modules do not run: {', '.join(missing)}"
    return _finding(not missing, what, f"See {pbx.paths.messages} for the reason.")


async def _transports(pbx: Pbx, part: HostPart) -> Finding:
    bound = f"{part.host.address}:{pbx.ports.sip}"
    shown = await pbx.cli("pjsip show transports")
    return _finding(bound in shown, f"SIP is taken on {bound}/udp", "Restart the PBX: its address or port changed.")


async def _queues(pbx: Pbx, part: HostPart) -> Finding:
    shown = await pbx.cli("queue show")
    missing = [queue.name for queue in part.queues if not re.search(rf"^{queue.name} has ", shown, re.MULTILINE)]
    what = f"queues: {', '.join(queue.name for queue in part.queues)}"
    return _finding(not missing, what, f"Run `hotline pbx render`: {', '.join(missing)} is missing.")


async def _seats(pbx: Pbx, part: HostPart) -> Finding:
    endpoints = set(re.findall(r"^\s*Endpoint:\s+(\d+)", await pbx.cli("pjsip show endpoints"), re.MULTILINE))
    contacts = set(re.findall(r"^\s*Contact:\s+(\d+)/", await pbx.cli("pjsip show contacts"), re.MULTILINE))
    wanted = {seat.number for seat in part.seats}
    missing = sorted(wanted - endpoints)
    what = f"{len(wanted)} seats are known, {len(wanted & contacts)} phones are registered"
    return _finding(not missing, what, f"Run `hotline pbx render`: {', '.join(missing[:8])} is missing.")


async def _peers(pbx: Pbx, part: HostPart) -> Finding:
    shown = await pbx.cli("pjsip show contacts")
    away = [
        peer.title
        for peer in part.peers
        if not re.search(rf"^\s*Contact:\s+{peer_endpoint(peer.name)}/.*\bAvail\b", shown, re.MULTILINE)
    ]
    what = f"{len(part.peers) - len(away)} of {len(part.peers)} other PBX hosts answer"
    return _finding(not away, what, f"Look at {', '.join(away)}: is it up, and is its SIP port open to this machine?")


async def _managers(pbx: Pbx, _: HostPart) -> Finding:
    shown = await pbx.cli("manager show users")
    ok = "platform" in shown.split()
    return _finding(ok, f"AMI is on 127.0.0.1:{pbx.ports.ami}", "Run `hotline pbx render`.")


async def _cdr(pbx: Pbx, _: HostPart) -> Finding:
    shown = await pbx.cli("cdr show status")
    well = "Enabled" in shown and "Simple" in shown and "CDR File custom" in shown
    return _finding(well, f"call detail records go to {pbx.paths.cdr}", "Run `hotline pbx render`, then restart.")


def _finding(ok: bool, what: str, what_to_do: str) -> Finding:
    return Finding(ok, what, "" if ok else what_to_do)
