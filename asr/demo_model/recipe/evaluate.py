"""Word and character error rates of a model folder, on voices that training never used."""

import argparse
import json
import random
import time

import numpy as np
import vosk

import features
import voices
from espeak import RATE, synthesise
from grammar import HELD_OUT, sample

CONDITIONS = {"clean": None, "A-law": 99, "A-law, noise 10 dB": 10, "A-law, noise 5 dB": 5}


def edits(reference, hypothesis):
    """The least number of insertions, deletions and substitutions between two sequences."""
    row = list(range(len(hypothesis) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, heard in enumerate(hypothesis, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != heard))
    return row[-1]


def test_set(kind, count, seed=4242):
    """[(words, int16 samples at espeak's rate, voice)]"""
    chance = random.Random(seed)
    spoken = []
    for index in range(count):
        words = HELD_OUT[index % len(HELD_OUT)].split() if kind == "hand-written" else sample(chance)
        voice = voices.full_name(chance.choice(voices.HELD_OUT))
        samples, _ = synthesise(" ".join(words), voice, chance.randint(140, 215), chance.randint(25, 75))
        spoken.append((words, samples, voice))
    return spoken


def through_line(samples, snr_db, rng):
    """8 kHz as the line delivers it; `snr_db` None is a clean line, 99 a codec without noise."""
    padded = np.concatenate([np.zeros(2400), features.resample(samples, RATE, features.RATE), np.zeros(3200)]) * 0.6
    if snr_db is None:
        return features.to_int16(padded)
    band = features.band(padded, *features.TELEPHONE_HZ) * 0.5
    return features.to_int16(features.a_law(features.add_noise(band, rng, snr_db) if snr_db < 90 else band))


def recognise(model, samples):
    recognizer = vosk.KaldiRecognizer(model, features.RATE)
    data, heard = samples.tobytes(), []
    for start in range(0, len(data), 6400):
        if recognizer.AcceptWaveform(data[start : start + 6400]):
            heard += json.loads(recognizer.Result())["text"].split()
    return heard + json.loads(recognizer.FinalResult())["text"].split()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--utterances", type=int, default=200)
    parser.add_argument("--errors", type=int, default=0, help="how many wrong utterances to print per condition")
    arguments = parser.parse_args()
    vosk.SetLogLevel(-1)
    model = vosk.Model(arguments.model)
    for kind in ("template", "hand-written"):
        spoken = test_set(kind, arguments.utterances)
        for name, snr_db in CONDITIONS.items():
            rng = np.random.default_rng(3)
            word_edits = words_said = character_edits = characters_said = 0
            seconds = cpu = 0.0
            wrong = []
            for words, samples, voice in spoken:
                line = through_line(samples, snr_db, rng)
                started = time.process_time()
                heard = recognise(model, line)
                cpu += time.process_time() - started
                seconds += len(line) / features.RATE
                errors = edits(words, heard)
                word_edits, words_said = word_edits + errors, words_said + len(words)
                character_edits += edits("".join(words), "".join(heard))
                characters_said += len("".join(words))
                if errors:
                    wrong.append((voice, " ".join(words), " ".join(heard)))
            print(
                f"{kind:13} {name:19} WER {word_edits / words_said:7.2%}  CER {character_edits / characters_said:7.2%}  "
                f"real-time factor {cpu / seconds:.4f}",
                flush=True,
            )
            for error in wrong[: arguments.errors]:
                print("   ", " | ".join(error))


if __name__ == "__main__":
    main()
