"""Training speech: sentences of the grammar, spoken by espeak-ng, sent through a simulated telephone line, with the
phone of every 10 ms as label."""

import argparse
import json
import multiprocessing
import random
import time

import numpy as np

import features
import lexicon
from espeak import MANDARIN, RATE, WordStart, synthesise
from grammar import VOCABULARY, sample

VARIANTS = (
    "m1 m2 m3 m5 m7 m8 f1 f2 f4 adam Alex Alicia Andy anika Annie announcer antonio aunty belinda benjamin boris caleb "
    "david Diogo ed edward Gene Gene2 grandma grandpa Henrique Hugo Jacky klatt2 Lee linda Marco max michel Michael "
    "miguel Mike norbert pablo paul pedro quincy rob sandro shelby steph steph2 travis victor zac"
).split()
TRAINING_VOICES = [MANDARIN] + [f"{MANDARIN}+{variant}" for variant in VARIANTS]
HELD_OUT_VOICES = [f"{MANDARIN}+{variant}" for variant in "m4 m6 f3 f5 Mario Andrea Denis john robert marcelo".split()]
SILENCE = 0
SHORT_GAP_S = 0.06  # a shorter pause is the closure of the stop that follows it

with open("lexicon.json", encoding="utf-8") as file:
    PHONES = ["SIL", *lexicon.inventory(json.load(file))]
INDEX = {phone: index for index, phone in enumerate(PHONES)}


def _raw_segments(events):
    """[start in s, phoneme, whether a word or character starts just before it]"""
    segments, after_word_start = [], False
    for event in events:
        if isinstance(event, WordStart):
            after_word_start = True
        else:
            segments.append((event.sample / RATE, event, after_word_start))
            after_word_start = False
    return segments


def _labels(segments, end):
    """[[start s, end s, phone index]]: syllable marks lengthen what precedes them, short gaps go to what follows."""
    labels = []
    for position, (start, phoneme, opens) in enumerate(segments):
        stop = segments[position + 1][0] if position + 1 < len(segments) else end
        if phoneme.name == lexicon.SYLLABLE_MARK:
            if labels:
                labels[-1][1] = stop
        elif phoneme.is_pause:
            labels.append([start, stop, SILENCE])
        else:
            coda = phoneme.name in lexicon.NASALS and not opens
            labels.append([start, stop, INDEX[phoneme.name + lexicon.CODA_SUFFIX if coda else phoneme.name]])
    for gap, following in zip(labels, labels[1:]):
        if gap[2] == SILENCE and gap[1] - gap[0] < SHORT_GAP_S and following[2] != SILENCE:
            following[0] = gap[1] = gap[0]
    return [label for label in labels if label[1] > label[0]]


def speak(words, voice, speed, pitch, pitch_range):
    """The words at 8 kHz (int16 scale) and their labels."""
    samples, events = synthesise(" ".join(words), voice, speed, pitch, pitch_range)
    return features.resample(samples, RATE, features.RATE), _labels(_raw_segments(events), len(samples) / RATE)


def telephone_line(samples, rng):
    """A random line: band, level, noise, codec."""
    if rng.random() < 0.6:
        samples = features.telephone_band(samples)
    peak = np.max(np.abs(samples)) + 1
    samples = samples * (32767 * 10 ** (-rng.uniform(1, 26) / 20) / peak)
    if rng.random() < 0.65:
        samples = features.add_noise(samples, rng, rng.uniform(3, 32))
    codec = rng.random()
    if codec < 0.55:
        samples = features.a_law(samples)
    elif codec < 0.65:
        samples = features.mu_law(samples)
    return features.to_int16(samples)


def _without_speech(rng, chance):
    """Silence, noise or a ringing tone, so that the model learns what is not speech."""
    count = int(features.RATE * rng.uniform(1, 3))
    kind = chance.randrange(3)
    if kind == 0:
        samples = np.zeros(count)
    elif kind == 1:
        samples = features.noise(rng, count)
        samples = samples / np.std(samples) * 10 ** rng.uniform(0.3, 3.3)
    else:
        seconds = np.arange(count) / features.RATE
        samples = 10 ** rng.uniform(2, 4) * (np.sin(2 * np.pi * 450 * seconds) * ((seconds % 2) < 1))
    if rng.random() < 0.5:
        samples = features.a_law(samples)
    rows = features.mfcc(features.to_int16(samples))
    return rows.astype(np.float32), np.zeros(len(rows), np.int16)


def utterance(seed):
    """(features, labels) of one utterance; the seed decides everything about it."""
    rng, chance = np.random.default_rng(seed), random.Random(seed)
    if chance.random() < 0.03:
        return _without_speech(rng, chance)
    if chance.random() < 0.75:
        words = sample(chance)
    else:
        words = [chance.choice(VOCABULARY) for _ in range(chance.randint(2, 8))]
    pitch_range = int(rng.integers(30, 71))
    samples, labels = speak(
        words, chance.choice(TRAINING_VOICES), chance.randint(125, 240), chance.randint(20, 80), pitch_range
    )
    before, after = (int(features.RATE * rng.uniform(0.05, 0.6)) for _ in range(2))
    line = telephone_line(np.concatenate([np.zeros(before), samples, np.zeros(after)]), rng)
    rows = features.mfcc(line)
    targets = np.zeros(len(rows), np.int16)
    centres = (np.arange(len(rows)) * 80 + 100) / features.RATE - before / features.RATE
    for start, stop, phone in labels:
        targets[(centres >= start) & (centres < stop)] = phone
    return rows.astype(np.float32), targets


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("utterances", type=int)
    parser.add_argument("out", help="the .npz to write")
    parser.add_argument("--first-seed", type=int, required=True, help="sets must not overlap")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    started = time.monotonic()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.utterances)
    with multiprocessing.Pool(arguments.processes) as pool:
        pairs = pool.map(utterance, seeds, chunksize=50)
    rows = np.concatenate([pair[0] for pair in pairs])
    targets = np.concatenate([pair[1] for pair in pairs])
    np.savez(arguments.out, features=rows, phones=targets)
    hours = len(rows) / 100 / 3600
    print(f"{arguments.utterances} utterances, {hours:.2f} h, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
