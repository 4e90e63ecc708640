"""Training speech: sentences of the grammar, spoken by espeak-ng, sent through a simulated telephone line, with the
phone of every 10 ms as label."""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import features
import lexicon
import voices
from espeak import RATE, WordStart, synthesise
from grammar import CHARACTERS, VOCABULARY, sample

SILENCE = 0
SHARD = 1000  # utterances of one process
SHORT_GAP_S = 0.06  # a shorter pause is the closure of the stop that follows it
LONGEST_PHONE_S = 0.6  # some made-up voices drawl for seconds: a third of all speech would be that of a few

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


def _noisy(samples, rng):
    """Noise in most utterances, two times in three about as strong as on a bad line."""
    if rng.random() < 0.15:
        return samples
    return features.add_noise(samples, rng, rng.uniform(3, 14) if rng.random() < 0.65 else rng.uniform(1, 30))


def telephone_line(samples, rng):
    """A random line: band, level, noise, codec."""
    if rng.random() < 0.3:
        samples = features.equalise(samples, rng)
    noise_first = rng.random() < 0.5  # of the room, or of the line
    if noise_first:
        samples = _noisy(samples, rng)
    if rng.random() < 0.7:
        samples = features.some_line(samples, rng)
    peak = np.max(np.abs(samples)) + 1
    samples = samples * (32767 * 10 ** (-rng.uniform(1, 26) / 20) / peak)
    if not noise_first:
        samples = _noisy(samples, rng)
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


def _words(chance):
    """Mostly sentences; also words, and syllables, in an order that makes no sense: the ear must not lean on it."""
    kind = chance.random()
    if kind < 0.6:
        return sample(chance)
    if kind < 0.82:
        return [chance.choice(VOCABULARY) for _ in range(chance.randint(2, 8))]
    return ["".join(chance.choice(CHARACTERS) for _ in range(chance.randint(1, 3))) for _ in range(chance.randint(2, 6))]


def utterance(seed):
    """[(features, labels)] of one utterance, empty if it drawls; the seed decides everything about it."""
    rng, chance = np.random.default_rng(seed), random.Random(seed)
    if chance.random() < 0.03:
        return [_without_speech(rng, chance)]
    voice = seed if chance.random() < voices.RANDOM_SHARE else voices.full_name(chance.choice(voices.TRAINING))
    pitch_range = int(rng.integers(15, 91))
    samples, labels = speak(_words(chance), voice, chance.randint(120, 260), chance.randint(10, 90), pitch_range)
    if any(stop - start > LONGEST_PHONE_S for start, stop, phone in labels if phone != SILENCE):
        return []
    before, after = (int(features.RATE * rng.uniform(0.05, 0.6)) for _ in range(2))
    line = telephone_line(np.concatenate([np.zeros(before), samples, np.zeros(after)]), rng)
    rows = features.mfcc(line)
    targets = np.zeros(len(rows), np.int16)
    centres = (np.arange(len(rows)) * 80 + 100) / features.RATE - before / features.RATE
    for start, stop, phone in labels:
        targets[(centres >= start) & (centres < stop)] = phone
    return [(rows.astype(np.float32), targets)]


def speak_shard(seeds, out):
    """The utterances of these seeds into one file, without what drawls. Each seed is named before it is spoken, see
    `shard`."""
    pairs = []
    for seed in seeds:
        out.with_suffix(".seed").write_text(str(seed))
        pairs += utterance(seed)
    rows, targets = (np.concatenate([pair[part] for pair in pairs]) for part in range(2))
    starts = np.cumsum([0, *(len(phones) for _, phones in pairs[:-1])])
    unfinished = out.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, features=rows.astype(np.float16), phones=targets, starts=starts)
    unfinished.rename(out)  # a network that learns meanwhile reads whole files


def shard(seeds, out):
    """Speak a shard in a process of its own: a few made-up voices end espeak-ng, and their utterances are left out."""
    seeds = list(seeds)
    while True:
        command = [sys.executable, __file__, "--shard", str(out), *map(str, seeds)]
        if subprocess.run(command, check=False).returncode == 0:
            return out
        lost = int(out.with_suffix(".seed").read_text())
        print(f"without the utterance {lost}", flush=True)
        seeds.remove(lost)


def main():
    if sys.argv[1] == "--shard":
        speak_shard(map(int, sys.argv[3:]), pathlib.Path(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("utterances", type=int)
    parser.add_argument("folder", type=pathlib.Path, help="where the shards go, one .npz each")
    parser.add_argument("--first-seed", type=int, required=True, help="sets must not overlap")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    last = arguments.first_seed + arguments.utterances
    shards = [range(first, min(first + SHARD, last)) for first in range(arguments.first_seed, last, SHARD)]
    with ThreadPoolExecutor(arguments.processes) as pool:
        list(pool.map(shard, shards, (arguments.folder / f"{each.start}.npz" for each in shards)))
    print(f"{arguments.utterances} utterances, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
