"""A telephone whose ear can be read: it sends one tone and keeps what it hears, so that sound itself can be proven."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from telephony.simulate.speech import RATE, alaw

FRAME = RATE // 50
SILENCE = b"\xd5" * FRAME
_HEADER = re.compile(r"^([\w-]+)\s*:\s*(.*)$")


class Earphone(asyncio.DatagramProtocol):
    """A SIP telephone on 127.0.0.1 with A-law sound. It answers at once whatever rings."""

    def __init__(self, user: str, tone_hz: int, pbx: tuple[str, int], secret: str = "") -> None:
        self.user, self.pbx, self.secret = user, pbx, secret
        beat = np.sin(2 * np.pi * tone_hz * np.arange(RATE) / RATE) * 6000
        self._sound = alaw(beat.astype(np.int16)).tobytes()
        self._heard = bytearray()
        self._replies: asyncio.Queue[tuple[int, dict[str, str], str]] = asyncio.Queue()
        self._dialog: dict[str, str] = {}
        self._cseq = 0
        self._speaking: asyncio.Task[None] | None = None
        self.in_call = asyncio.Event()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        ear = _Ear(self._heard)
        self._rtp, _ = await loop.create_datagram_endpoint(lambda: ear, local_addr=("127.0.0.1", 0))
        self._port = self._sip.get_extra_info("sockname")[1]
        self._rtp_port = self._rtp.get_extra_info("sockname")[1]

    def close(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
        self._sip.close()
        self._rtp.close()

    async def register(self) -> None:
        """Sign in as a seat's phone."""
        uri = f"sip:{self.pbx[0]}:{self.pbx[1]}"
        name = f"<sip:{self.user}@{self.pbx[0]}>"
        dialog = {"From": f"{name};tag=r{self._port}", "To": name, "Call-ID": f"r{self._port}"}
        more = {"Contact": self._contact, "Expires": "300"}
        status, headers, _ = await self._ask("REGISTER", uri, dialog, more)
        if status == 401:
            challenge = dict(re.findall(r'(\w+)="?([^",]+)"?', headers["www-authenticate"]))
            more["Authorization"] = self._digest(challenge, "REGISTER", uri)
            status, _, _ = await self._ask("REGISTER", uri, dialog, more)
        assert status == 200, f"{self.user} was not let in: {status}"

    async def call(self, dialed: str) -> None:
        """Call a number as the carrier does; returns once somebody has answered."""
        uri = f"sip:{dialed}@{self.pbx[0]}:{self.pbx[1]}"
        me = f"<sip:{self.user}@127.0.0.1>;tag=c{self._port}"
        dialog = {"From": me, "To": f"<{uri}>", "Call-ID": f"c{self._port}"}
        status, headers, body = await self._ask("INVITE", uri, dialog, {"Contact": self._contact}, self._sdp)
        assert status == 200, f"the call of {self.user} was refused: {status}"
        target = re.search(r"<(.*?)>", headers["contact"])
        assert target is not None
        self._dialog = {**dialog, "To": headers["to"], "uri": target[1]}
        self._send("ACK", self._dialog["uri"], self._dialog, {})
        self._speak_to(body)

    async def hang_up(self) -> None:
        """End the own call."""
        await self._ask("BYE", self._dialog["uri"], self._dialog, {})

    async def listen(self, seconds: float) -> NDArray[np.int16]:
        """What comes to the ear within the next so many seconds of sound."""
        begin, wanted = len(self._heard), round(seconds * RATE)
        while len(self._heard) - begin < wanted:
            await asyncio.sleep(0.02)
        return decoded(bytes(self._heard[begin : begin + wanted]))

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        head, _, body = data.decode().partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            if found := _HEADER.match(line):
                name = found[1].lower()
                headers[name] = f"{headers[name]}\r\nVia: {found[2]}" if name == "via" and name in headers else found[2]
        if first.startswith("SIP/2.0"):
            if (status := int(first.split()[1])) >= 200:
                self._replies.put_nowait((status, headers, body))
            return
        method = first.split()[0]
        if method == "INVITE":
            self._answer(headers, body)
        elif method != "ACK":
            self._reply(headers)
            if method == "BYE":
                self._fall_silent()

    def _answer(self, headers: dict[str, str], body: str) -> None:
        self._reply(headers, self._sdp)
        self._speak_to(body)

    def _reply(self, headers: dict[str, str], body: str = "") -> None:
        to = headers["to"] if "tag=" in headers["to"] else f"{headers['to']};tag=a{self._port}"
        lines = ["SIP/2.0 200 OK", f"Via: {headers['via']}", f"From: {headers['from']}", f"To: {to}"]
        lines += [f"Call-ID: {headers['call-id']}", f"CSeq: {headers['cseq']}", f"Contact: {self._contact}"]
        self._post(lines, body)

    async def _ask(
        self, method: str, uri: str, dialog: dict[str, str], more: dict[str, str], body: str = ""
    ) -> tuple[int, dict[str, str], str]:
        self._cseq += 1
        self._send(method, uri, dialog, more, body)
        while True:
            reply = await self._replies.get()
            if reply[1]["cseq"] == f"{self._cseq} {method}":
                return reply

    def _send(self, method: str, uri: str, dialog: dict[str, str], more: dict[str, str], body: str = "") -> None:
        branch = f"z9hG4bK{self._port}{method}{self._cseq}"
        lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch={branch}"]
        lines += [f"{name}: {dialog[name]}" for name in ("From", "To", "Call-ID")]
        lines += [f"CSeq: {self._cseq} {method}", "Max-Forwards: 70", *(f"{k}: {v}" for k, v in more.items())]
        self._post(lines, body)

    def _post(self, lines: Iterable[str], body: str) -> None:
        content = ["Content-Type: application/sdp"] if body else []
        text = "\r\n".join([*lines, *content, f"Content-Length: {len(body)}", "", body])
        self._sip.sendto(text.encode(), self.pbx)

    def _speak_to(self, sdp: str) -> None:
        port = re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
        assert port is not None
        self._fall_silent()
        self._speaking = asyncio.create_task(self._speak((self.pbx[0], int(port[1]))))
        self.in_call.set()

    def _fall_silent(self) -> None:
        self.in_call.clear()
        if self._speaking is not None:
            self._speaking.cancel()

    async def _speak(self, to: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        n = 0
        while True:
            at = n * FRAME % RATE
            header = struct.pack("!BBHII", 0x80, 8, n & 0xFFFF, (n * FRAME) & 0xFFFFFFFF, self._port)
            self._rtp.sendto(header + self._sound[at : at + FRAME], to)
            n += 1
            await asyncio.sleep(max(0.0, begin + n / 50 - loop.time()))

    def _digest(self, challenge: dict[str, str], method: str, uri: str) -> str:
        realm, nonce, qop = challenge["realm"], challenge["nonce"], "auth"
        one = _md5(f"{self.user}:{realm}:{self.secret}")
        response = _md5(f"{one}:{nonce}:00000001:ear:{qop}:{_md5(f'{method}:{uri}')}")
        fields = {"username": self.user, "realm": realm, "nonce": nonce, "uri": uri, "response": response}
        fields |= {"cnonce": "ear", "opaque": challenge.get("opaque", "")}
        quoted = ", ".join(f'{name}="{value}"' for name, value in fields.items())
        return f"Digest {quoted}, algorithm=MD5, qop={qop}, nc=00000001"

    @property
    def _contact(self) -> str:
        return f"<sip:{self.user}@127.0.0.1:{self._port}>"

    @property
    def _sdp(self) -> str:
        lines = ["v=0", "o=ear 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
        lines += [f"m=audio {self._rtp_port} RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=sendrecv"]
        return "\r\n".join([*lines, ""])


class _Ear(asyncio.DatagramProtocol):
    """Keeps the sound of what arrives."""

    def __init__(self, heard: bytearray) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if len(data) > 12 and data[1] & 0x7F == 8:
            self._heard += data[12:]


@asynccontextmanager
async def earphones(*phones: Earphone) -> AsyncIterator[None]:
    """These telephones, open for the time of the block; those with a secret are registered as seats."""
    for phone in phones:
        await phone.open()
        if phone.secret:
            await phone.register()
    try:
        yield
    finally:
        for phone in phones:
            phone.close()


def decoded(sound: bytes) -> NDArray[np.int16]:
    """A-law as samples."""
    samples, _ = soundfile.read(
        io.BytesIO(sound), samplerate=RATE, channels=1, subtype="ALAW", format="RAW", dtype="int16"
    )
    return np.asarray(samples)


def tones_in(samples: NDArray[Any], known_hz: Iterable[int]) -> set[int]:
    """Which of these tones sound: each at least a tenth as strong as the one that an Earphone sends."""
    window = np.hanning(samples.size)
    spectrum = np.abs(np.fft.rfft(samples * window)) * 2 / window.sum()
    at = [round(hz * samples.size / RATE) for hz in known_hz]
    return {hz for hz, place in zip(known_hz, at, strict=True) if spectrum[place - 2 : place + 3].max() > 600}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
