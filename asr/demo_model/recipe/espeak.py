"""libespeak-ng by ctypes: speech together with the time of every phoneme, which is what training labels are made of."""

import ctypes as c

import numpy as np

import voices

_SYNCHRONOUS_RETRIEVAL = 2
_PHONEME_EVENTS = 1
_EVENT_WORD, _EVENT_PHONEME, _EVENT_LIST_END = 1, 7, 0
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7


class _EventId(c.Union):
    _fields_ = [("number", c.c_int), ("name", c.c_void_p), ("string", c.c_char * 8)]


class _Event(c.Structure):
    _fields_ = [
        ("type", c.c_int),
        ("unique_identifier", c.c_uint),
        ("text_position", c.c_int),
        ("length", c.c_int),
        ("audio_position", c.c_int),
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", _EventId),
    ]


class Phoneme:
    """A phoneme that starts at `sample`; espeak writes pauses as names that begin with `_`."""

    def __init__(self, sample, name):
        self.sample, self.name = sample, name

    @property
    def is_pause(self):
        return self.name.startswith("_")


class WordStart:
    """A word, or a character within one, that starts at `sample`; `position` counts characters of the text from 1."""

    def __init__(self, sample, position):
        self.sample, self.position = sample, position


_Callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))
_chunks, _events = [], []


def _collect(wav, samples, events):
    if wav and samples > 0:
        _chunks.append(np.ctypeslib.as_array(wav, (samples,)).copy())
    index = 0
    while events[index].type != _EVENT_LIST_END:
        event = events[index]
        if event.type == _EVENT_PHONEME:
            name = c.string_at(c.addressof(event.id), 8).split(b"\0")[0].decode("utf8", "replace")
            _events.append(Phoneme(event.sample, name))
        elif event.type == _EVENT_WORD:
            _events.append(WordStart(event.sample, event.text_position))
        index += 1
    return 0


_library = c.CDLL("libespeak-ng.so.1")
_library.espeak_Synth.argtypes = [
    c.c_char_p, c.c_size_t, c.c_uint, c.c_int, c.c_uint, c.c_uint, c.c_void_p, c.c_void_p,
]
_data = voices.data_folder()
RATE = _library.espeak_Initialize(_SYNCHRONOUS_RETRIEVAL, 200, str(_data).encode(), _PHONEME_EVENTS)
_callback = _Callback(_collect)  # kept alive for as long as the library may call it
_library.espeak_SetSynthCallback(_callback)


def synthesise(text, voice=voices.MANDARIN, speed=175, pitch=50, pitch_range=50):
    """Speak `text`. Returns (int16 samples at RATE, events in time order). `speed` is in words a minute; a number as
    `voice` is the seed of a random one."""
    if isinstance(voice, int):
        voices.set_random_variant(_data, voice)
        voice = voices.full_name(voices.RANDOM)
    if _library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {voice}")
    for parameter, value in ((_RATE, speed), (_VOLUME, 100), (_PITCH, pitch), (_RANGE, pitch_range), (_WORD_GAP, 0)):
        _library.espeak_SetParameter(parameter, int(value), 0)
    _chunks.clear()
    _events.clear()
    encoded = text.encode() + b"\0"
    _library.espeak_Synth(encoded, len(encoded), 0, 1, 0, 1, None, None)
    _library.espeak_Synchronize()
    samples = np.concatenate(_chunks) if _chunks else np.zeros(0, np.int16)
    return samples, list(_events)
