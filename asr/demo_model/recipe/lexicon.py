"""Every word's pronunciations, as espeak-ng itself speaks them alone and within sentences: writes lexicon.json."""

import argparse
import collections
import json
import random

from espeak import WordStart, synthesise
from grammar import CHARACTERS, VOCABULARY, sample

CODA_SUFFIX = "_c"  # espeak writes one n and one N for both ends of a syllable; the ear, and the model, need two
NASALS = ("n", "N")
SYLLABLE_MARK = ";"


def characters(text):
    """The phonemes of each character of `text`, as {position from 1: [names]}; positions count spaces as well."""
    _, events = synthesise(text)
    spoken = {}
    current = None
    for event in events:
        if isinstance(event, WordStart):
            if event.position > 0:
                current = spoken.setdefault(event.position, [])
        elif current is not None and not event.is_pause:
            current.append(event.name)
    return spoken


def phones_of_character(names):
    """The model's phones for one character: a nasal that does not open the syllable is a coda of its own."""
    return [name + CODA_SUFFIX if name in NASALS and index > 0 else name for index, name in enumerate(names)]


def phones(pronunciation):
    """The phones of a pronunciation as it stands in the lexicon, syllable marks left out."""
    return [phone for phone in pronunciation.split() if phone != SYLLABLE_MARK]


def pronounce(words):
    """(word, pronunciation) for each word of a sentence; raises when espeak-ng is silent on a character."""
    spoken = characters(" ".join(words))
    position = 1
    for word in words:
        pronunciation = []
        for character in word:
            if not spoken.get(position):
                raise ValueError(f"espeak-ng says nothing for {character} of {word} in: {' '.join(words)}")
            pronunciation += phones_of_character(spoken[position])
            position += 1
        position += 1
        yield word, " ".join(pronunciation)


def build(sentences, seed=5):
    """{word or character: its pronunciations}, from each alone and from `sentences` sampled ones (tones change with the
    neighbours, and so do some vowels)."""
    lexicon = collections.defaultdict(dict)
    rng = random.Random(seed)
    for words in [[word] for word in (*VOCABULARY, *CHARACTERS)] + [sample(rng) for _ in range(sentences)]:
        for word, pronunciation in pronounce(words):
            lexicon[word][pronunciation] = True
    return {word: list(pronunciations) for word, pronunciations in lexicon.items()}


def inventory(lexicon):
    """All phones of the lexicon, sorted: their order numbers the model's outputs."""
    return sorted({phone for words in lexicon.values() for each in words for phone in phones(each)})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument("--out", default="lexicon.json")
    arguments = parser.parse_args()
    lexicon = build(arguments.sentences)
    with open(arguments.out, "w", encoding="utf-8") as file:
        json.dump(lexicon, file, ensure_ascii=False, indent=0)
    homophones = collections.defaultdict(set)
    for word, pronunciations in lexicon.items():
        for pronunciation in pronunciations:
            homophones[pronunciation].add(word)
    print(len(lexicon), "words,", len(inventory(lexicon)), "phones")
    print("homophones:", sorted(sorted(words) for words in homophones.values() if len(words) > 1))


if __name__ == "__main__":
    main()
