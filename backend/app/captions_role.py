"""`hotline captions`: hears the calls of one PBX while they last, and tells their consoles what is said.

Nothing is kept: the record of what was said is the transcript of the recording. This process may be killed at any
moment, or not run at all; calls do not notice.
"""

from __future__ import annotations

import asyncio

import structlog

from asr.live.lag import LagLimits
from asr.live.messages import LiveSetup
from asr.live.recognition import LiveRecognition
from asr.live.server import CaptionServer
from asr.model import check_model
from backend.app.config import Installation
from backend.app.recognition_names import recognition_names
from backend.calls.captions import CaptionNotices
from backend.kernel.notices import NoticeBoard
from telephony.pbx.render import captions_secret

log = structlog.get_logger(__name__)


async def caption_calls(installation: Installation, stop: asyncio.Event, *, host: str) -> None:
    """Take the sound of legs and tell what is said in them, until `stop` is set.

    Raises `HostUnknown`, `PbxUnknown`, and `ModelNotFound` or `NotAModel` when nothing could be recognised.
    """
    part = installation.part(host)
    settings = installation.config.recognition
    model = installation.path(settings.model)
    await asyncio.to_thread(check_model, model)
    port = installation.pbx_port("captions", part.name)
    limits = LagLimits(most_ms=settings.live.most_behind_seconds * 1000)
    names = await asyncio.to_thread(recognition_names, installation)
    setup = LiveSetup(model=model, limits=limits, names=names)
    recognitions = [LiveRecognition(setup) for _ in range(settings.live.processes)]
    board = NoticeBoard(installation.captions(part.name))
    notices = CaptionNotices(board.post)
    server = CaptionServer(recognitions, notices.listener_for, installation.secrets.derive(captions_secret(part.name)))
    async with asyncio.TaskGroup() as group, await server.listen(port):
        tasks = [group.create_task(work) for work in (board.run(), *(each.run() for each in recognitions))]
        log.info("captioning", host=part.name, port=port)
        await stop.wait()
        for task in tasks:
            task.cancel()
