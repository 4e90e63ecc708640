"""Voices to learn from: most variants of espeak-ng, and random ones made here, so that the model hears people and not
the few voices that a package happens to bring.

A variant is a small text file. Random ones get a vocal tract of another length, other formants, a hoarse, breathy,
whispering or buzzing voice, an echo, another melody. espeak-ng takes them from a data folder that links all else.
`HELD_OUT` stays out of training for good, strange voices among them: what evaluation hears is new.
"""

import atexit
import pathlib
import random
import shutil
import tempfile

SYSTEM_DATA = pathlib.Path("/usr/lib/x86_64-linux-gnu/espeak-ng-data")
MANDARIN = "cmn-latn-pinyin"  # Debian 12's plain `cmn` spells most characters out in English
TRAINING = (
    "m1 m2 m3 m5 m7 m8 f1 f2 f4 adam Alex Alicia Andy anika Annie AnxiousAndy announcer antonio aunty belinda benjamin "
    "boris caleb croak david Diogo ed edward edward2 fast Gene Gene2 grandma grandpa gustave Henrique Hugo iven iven3 iven4 "
    "Jacky kaukovalta klatt klatt2 klatt4 klatt6 Lee linda Marco max michel Michael miguel Mike Nguyen norbert pablo paul "
    "pedro quincy RicishayMax RicishayMax3 rob robosoft robosoft2 robosoft4 robosoft5 robosoft6 robosoft8 sandro shelby "
    "steph steph2 steph3 travis victor whisperf zac"
).split()
HELD_OUT_NEAR = "m4 m6 f3 f5 Mario Andrea Denis john robert marcelo".split()
HELD_OUT_STRANGE = (
    "anikaRobot Demonic iven2 klatt3 klatt5 RicishayMax2 robosoft3 robosoft7 Storm Tweaky UniRobot whisper"
).split()
HELD_OUT = HELD_OUT_NEAR + HELD_OUT_STRANGE
RANDOM = "made-up"  # the variant whose file is written anew for each utterance
RANDOM_SHARE = 0.8  # of the utterances of training
RELATIVE_SHARE = 0.4  # of the made-up voices: children of two variants, for what is odd about robots is odd in many ways
_STRESS = range(8)
FORMANTS = tuple(f"formant {number}" for number in range(9))
STRETCHED = ("pitch", "flutter", "voicing", "consonants", "breath", "breathw", "stressAdd", *FORMANTS)
INHERITED = (*STRETCHED, "tone", "klatt", "roughness", "echo", "stressLength", "stressAmp", "intonation")


def full_name(variant):
    """The voice's name as espeak-ng takes it."""
    return f"{MANDARIN}+{variant}"


def _percent(rng, low, high):
    return round(100 * rng.uniform(low, high))


def _formants(rng, whispering):
    """Every formant moves with the length of the vocal tract, and each a little by itself."""
    tract = rng.triangular(0.72, 1.38, 1.0)
    spread = rng.choice((0.03, 0.08, 0.15))
    lines = [f"formant 0 {_percent(rng, 0.8, 1.1)} {0 if whispering else _percent(rng, 0.6, 1.6)} {_percent(rng, 0.8, 1.5)}"]
    for number in range(1, 9):
        height = tract * rng.uniform(1 - spread, 1 + spread)
        if number == 3 and rng.random() < 0.1:
            height *= rng.uniform(0.8, 1.7)
        strength = _percent(rng, 0.55, 1.4) if number < 4 else _percent(rng, 0.2, 1.2)
        lines.append(f"formant {number} {round(100 * height)} {strength} {_percent(rng, 0.6, 1.5)}")
    return lines


def _tone(rng):
    """What the room and the mouthpiece do to low, middle and high sounds."""
    if rng.random() < 0.5:
        return []
    points = [(rng.randint(80, 700), 255), (rng.randint(750, 1400), rng.randint(60, 255))]
    points += [(rng.randint(1500, 2600), rng.randint(30, 255)), (rng.randint(2800, 3600), rng.randint(10, 200))]
    return ["tone " + " ".join(f"{hertz} {level}" for hertz, level in points)]


def _read_variant(name):
    """What a variant says: {"formant 1": its numbers, "echo": ...}."""
    found = {}
    for line in (SYSTEM_DATA / "voices" / "!v" / name).read_text(encoding="utf-8").splitlines():
        key, *values = line.partition("//")[0].split() or [""]
        if key == "formant":
            key = f"formant {values.pop(0)}"
        if key in INHERITED and all(value.lstrip("-").isdigit() for value in values):
            found[key] = [int(value) for value in values]
    return found


def _relative(rng):
    """The text of a variant much like one of training, with some properties of a second one and a little of its own."""
    mother, father = (_read_variant(name) for name in rng.sample(TRAINING, 2))
    lines = ["language variant", f"name {RANDOM}"]
    for key in sorted(mother.keys() | father.keys()):
        values = (mother if rng.random() < 0.75 else father).get(key)
        if values and key in STRETCHED:
            values = [round(value * rng.uniform(0.88, 1.14)) for value in values]
        if values:
            lines.append(" ".join([key, *map(str, values)]))
    return "\n".join(lines) + "\n"


def random_variant(seed):
    """The text of a variant; the seed decides everything about it."""
    rng = random.Random(seed)
    if rng.random() < RELATIVE_SHARE:
        return _relative(rng)
    whispering = rng.random() < 0.1
    low = rng.triangular(45, 260, 110)
    lines = ["language variant", f"name {RANDOM}", f"pitch {round(low)} {round(low * rng.uniform(1.05, 1.9))}"]
    lines += _formants(rng, whispering)
    lines += _tone(rng)
    if not whispering and rng.random() < 0.3:
        lines.append(f"klatt {rng.randint(1, 5)}")
    if whispering:
        lines += [f"voicing {rng.randint(5, 25)}", "flutter 20", "breath 75 75 50 40 15 10", "breathw 150 150 200 200 400 400"]
    else:
        lines.append(f"voicing {rng.choice((100, 100, rng.randint(25, 220)))}")
        if rng.random() < 0.3:
            lines.append("breath " + " ".join(str(rng.randint(0, 12)) for _ in _STRESS))
    if rng.random() < 0.4:
        lines.append(f"roughness {rng.randint(1, 7)}")
    if rng.random() < 0.3:
        lines.append(f"flutter {rng.randint(0, 25)}")
    if rng.random() < 0.3:
        lines.append(f"echo {rng.randint(5, 200)} {rng.choice((10, 30, 60, 500, 10000))}")
    if rng.random() < 0.6:
        lines.append(f"consonants {rng.randint(28, 190)} {rng.randint(40, 190)}")
    if rng.random() < 0.25:
        lines.append("stressLength " + " ".join(str(rng.randint(140, 280)) for _ in _STRESS))
    if rng.random() < 0.4:
        lines.append("stressAdd " + " ".join(str(rng.randint(-40, 250)) for _ in _STRESS))
    if rng.random() < 0.4:
        lines.append("stressAmp " + " ".join(str(rng.randint(14, 24)) for _ in _STRESS))
    if rng.random() < 0.2:
        lines.append(f"intonation {rng.choice((1, 2, 3, 4, 10))}")
    return "\n".join(lines) + "\n"


def data_folder():
    """A data folder for espeak-ng: its own Mandarin and variants by link, and room for a variant of this process."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="espeak-voices-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = folder / "espeak-ng-data"
    (data / "lang").mkdir(parents=True)
    (data / "lang" / "sit").symlink_to(SYSTEM_DATA / "lang" / "sit")
    variants = data / "voices" / "!v"
    variants.mkdir(parents=True)
    for own in (SYSTEM_DATA / "voices" / "!v").iterdir():
        (variants / own.name).symlink_to(own)
    for name in ("cmn_dict", "en_dict", "intonations", "phondata", "phonindex", "phontab"):
        (data / name).symlink_to(SYSTEM_DATA / name)
    (variants / RANDOM).write_text(random_variant(0))
    return folder


def set_random_variant(folder, seed):
    """Make RANDOM speak with the voice of `seed`: espeak-ng reads the file each time that the voice is chosen."""
    (folder / "espeak-ng-data" / "voices" / "!v" / RANDOM).write_text(random_variant(seed))
