"""Every command that a console can send, with the permission that it needs."""

from __future__ import annotations

from agent_console.commands import attempts, callbacks, cases, phone, recording, seats, supervise
from agent_console.commands.spec import CommandSpec

COMMANDS: dict[str, CommandSpec] = {
    "sign_in_seat": CommandSpec("desk.sit", seats.sign_in_seat),
    "sign_out_seat": CommandSpec("desk.sit", seats.sign_out_seat),
    "make_ready": CommandSpec("desk.sit", seats.make_ready),
    "pause_seat": CommandSpec("desk.sit", seats.pause_seat),
    "extend_wrap_up": CommandSpec("desk.sit", seats.extend_wrap_up),
    "set_skills": CommandSpec("seats.skills", seats.set_skills),
    "pause_recording": CommandSpec("desk.sit", recording.pause_recording),
    "resume_recording": CommandSpec("desk.sit", recording.resume_recording),
    "control_phone": CommandSpec("desk.sit", phone.control_phone),
    "save_draft": CommandSpec("cases.file", cases.save_draft),
    "discard_draft": CommandSpec("cases.file", cases.discard_draft),
    "file_case": CommandSpec("cases.file", cases.file_case),
    "schedule_callback": CommandSpec("callbacks.schedule", callbacks.schedule_callback),
    "cancel_callback": CommandSpec("callbacks.schedule", callbacks.cancel_callback),
    "force_pause": CommandSpec("seats.force", supervise.force_pause),
    "force_ready": CommandSpec("seats.force", supervise.force_ready),
    "end_wrap_up": CommandSpec("seats.force", supervise.end_wrap_up),
    "force_sign_out": CommandSpec("seats.sign_out", supervise.force_sign_out),
    "listen_call": CommandSpec("calls.listen", supervise.listen_call),
    "whisper_call": CommandSpec("calls.whisper", supervise.whisper_call),
    "barge_call": CommandSpec("calls.barge", supervise.barge_call),
    "take_over_call": CommandSpec("calls.take_over", supervise.take_over_call),
    "end_call": CommandSpec("calls.end", supervise.end_call),
    "send_notice": CommandSpec("notices.send", supervise.send_notice),
    "read_notice": CommandSpec("desk.sit", supervise.read_notice),
    "dial": CommandSpec("calls.dial", attempts.dial),
    "file_result": CommandSpec("calls.dial", attempts.file_result),
}
"""`hello` is not here: it needs a session and nothing more."""

__all__ = ["COMMANDS", "CommandSpec"]
