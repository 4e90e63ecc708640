"""Handing a stored file out so that nothing of it runs in our origin, whatever it holds."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from backend.attachments import service
from backend.attachments.kinds import MEDIA_TYPES, PICTURES, FileKind
from backend.attachments.models import Attachment
from backend.attachments.service import Cabinet
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Transaction

_SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


async def hand_out(
    request: Request, tx: Transaction, cabinet: Cabinet, who: Principal, row: Attachment, *, show: bool
) -> Response:
    """The file, audited; with `show` a picture comes as part of the page, everything else only for saving.

    What the browser has already, it is not sent again; the tag names the person too, so that the next one at the same
    browser gets it anew.
    """
    kind = FileKind(row.kind)
    shown = show and kind in PICTURES
    tag = f'"{row.sha256[:32]}-{who.user_id.hex}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": _SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Disposition": disposition(await service.name_for(tx, who, row), inline=shown),
    }
    if shown and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    size = await asyncio.to_thread(cabinet.files.size, row.key)
    await service.note_look(tx, who, row, shown=shown, now=clock.now())
    headers["Content-Length"] = str(size)
    return StreamingResponse(cabinet.files.read(row.key), media_type=MEDIA_TYPES[kind], headers=headers)


def disposition(name: str, *, inline: bool) -> str:
    """How the browser is to treat the file, under a name of any characters (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
