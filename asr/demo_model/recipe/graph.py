"""Words and sentences as a Vosk look-ahead graph: graph/HCLr.fst (phones to words), graph/Gr.fst (words to sentences).

The language model is a trigram with absolute discounting over sampled sentences, mixed with a floor for every word; its
back-off also leads to `[unk]`. Vosk composes the two at run time, which is why they are small and why a run-time
grammar works.
"""

import argparse
import collections
import json
import math
import os
import pathlib
import random
import subprocess

import kaldifst as fst

import lexicon
from grammar import SLOTS, VOCABULARY, sample

SENTENCES = 120000
DISCOUNT = 0.75
FEWEST = {1: 2, 2: 3}  # times that a word followed one word, or two, to be told from chance
LEAST_LEFT = {1: 0.15, 2: 0.3}  # for words that never followed: callers say what no template foresaw
WORD_COST = 1.5  # of each word: without it noise is heard as short words
FORBIDDEN_BONUS = 5.0  # of each word that no agent may say: one missed is worse than one heard where a person finds none
FORBIDDEN = frozenset(SLOTS["BAN"])
UNKNOWN, UNKNOWN_COST = "[unk]", 4.0
SILENCE_CHANCE = 0.3  # after a word
SELF_LOOP_COST = -math.log(0.5)
LOOKAHEAD_LIBRARY = "libfstlookahead.so.22"  # of Debian's libfst22; fstconvert does not load it by itself


def cost(probability):
    return -math.log(probability)


def arc(machine, source, label_in, label_out, weight, target):
    machine.add_arc(source, fst.StdArc(label_in, label_out, fst.TropicalWeight(weight), target))


# ---- G


def count_followers(sentences, rng):
    """How often each word followed each history of one and of two words."""
    followers = collections.defaultdict(collections.Counter)
    for _ in range(sentences):
        words = ["<s>", *sample(rng), "</s>"]
        for position in range(1, len(words)):
            for length in (1, 2):
                if position >= length:
                    followers[tuple(words[position - length : position])][words[position]] += 1
    return followers


class BackOffModel:
    """How likely a word follows two others, one, or none: absolute discounting, and a floor for every word."""

    def __init__(self, followers):
        totals = collections.Counter()
        for history, counts in followers.items():
            totals.update(counts if len(history) == 1 else {})
        occurrences, choices = sum(totals.values()), len(VOCABULARY) + 1
        self._alone = {word: 0.9 * totals[word] / occurrences + 0.1 / choices for word in [*VOCABULARY, "</s>"]}
        self._seen = {history: sum(counts.values()) for history, counts in followers.items()}
        self.followers, self.left = {}, {}
        for history, counts in followers.items():
            kept = {word: count for word, count in counts.items() if count >= FEWEST[len(history)]}
            if kept or len(history) == 1:
                given = sum((count - DISCOUNT) / self._seen[history] for count in kept.values())
                self.followers[history], self.left[history] = kept, max(1 - given, LEAST_LEFT[len(history)])

    def probability(self, history, word):
        """That `word` follows; a history that is not known counts as a shorter one."""
        if not history:
            return self._alone[word]
        shorter = self.probability(history[1:], word)
        if history not in self.followers:
            return shorter
        discounted = max(self.followers[history].get(word, 0) - DISCOUNT, 0)
        return discounted / self._seen[history] + self.left[history] * shorter

    def known(self, history):
        """As much of the end of a history as is known."""
        while history and history not in self.followers:
            history = history[1:]
        return history


def grammar_of(model, word_ids):
    """The grammar G; its back-off arcs carry the label of #0, and one more state lets `[unk]` stand anywhere."""
    machine, states = fst.StdVectorFst(), {}

    def state(history):
        if history not in states:
            states[history] = machine.add_state()
        return states[history]

    def word_arc(source, word, weight, target):
        bonus = FORBIDDEN_BONUS if word in FORBIDDEN else 0
        arc(machine, source, word_ids[word], word_ids[word], weight + WORD_COST - bonus, target)

    def back_off(source, weight, target):
        arc(machine, source, word_ids["#0"], 0, weight, target)

    machine.start, anywhere = state(("<s>",)), state(())
    for history, kept in model.followers.items():
        for word in kept:
            weight = cost(model.probability(history, word))
            if word == "</s>":
                machine.set_final(state(history), fst.TropicalWeight(weight))
            else:
                word_arc(state(history), word, weight, state(model.known((*history, word)[-2:])))
        back_off(state(history), cost(model.left[history]), state(model.known(history[1:])))
    for word in VOCABULARY:
        word_arc(anywhere, word, cost(model.probability((), word)), state(model.known((word,))))
    machine.set_final(anywhere, fst.TropicalWeight(cost(model.probability((), "</s>"))))
    unknown = machine.add_state()
    word_arc(anywhere, UNKNOWN, UNKNOWN_COST, unknown)
    back_off(unknown, 0, anywhere)
    return machine


# ---- L


def positioned(pronunciation):
    """The phones of a pronunciation with their place in the word."""
    names = lexicon.phones(pronunciation)
    if len(names) == 1:
        return (names[0] + "_S",)
    return (names[0] + "_B", *(name + "_I" for name in names[1:-1]), names[-1] + "_E")


def lexicon_transducer(pronunciations, phone_ids, word_ids):
    """The lexicon L from phones to words, homophones told apart by extra labels beyond the phones."""
    words_of = collections.defaultdict(list)
    for word in VOCABULARY:
        for pronunciation in pronunciations[word]:
            words_of[positioned(pronunciation)].append(word)
    first_mark = max(phone_ids.values()) + 2
    no_silence, silence = -math.log(1 - SILENCE_CHANCE), -math.log(SILENCE_CHANCE)
    machine = fst.StdVectorFst()
    start, loop, after_silence = (machine.add_state() for _ in range(3))
    machine.start = start
    arc(machine, start, 0, 0, -math.log(0.2), loop)
    arc(machine, start, phone_ids["SIL"], 0, -math.log(0.8), loop)
    arc(machine, after_silence, phone_ids["SIL"], 0, 0, loop)
    machine.set_final(loop, fst.TropicalWeight(0))

    def spell(labels, word):
        current = loop
        for index, label in enumerate(labels):
            output = word_ids[word] if index == 0 else 0
            if index == len(labels) - 1:
                arc(machine, current, label, output, no_silence, loop)
                arc(machine, current, label, output, silence, after_silence)
            else:
                following = machine.add_state()
                arc(machine, current, label, output, 0, following)
                current = following

    for names, words in words_of.items():
        for index, word in enumerate(words):
            mark = [first_mark + index] if len(words) > 1 else []
            spell([phone_ids[name] for name in names] + mark, word)
    first, middle = machine.add_state(), machine.add_state()
    arc(machine, loop, phone_ids["SPN_B"], word_ids[UNKNOWN], 0, first)
    arc(machine, first, phone_ids["SPN_I"], 0, 0, middle)
    arc(machine, middle, phone_ids["SPN_E"], 0, no_silence, loop)
    arc(machine, middle, phone_ids["SPN_E"], 0, silence, after_silence)
    fst.determinize_star(machine)
    fst.minimize_encoded(machine)
    fst.connect(machine)
    return machine


# ---- H


def with_states(lexical, phone_count):
    """L with one HMM state per phone: transition ids 2p on entering phone p, 2p - 1 while staying in it."""
    arcs, phones_into = [], collections.defaultdict(set)
    states = list(fst.StateIterator(lexical))
    for source in states:
        for each in fst.ArcIterator(lexical, source):
            phone = each.ilabel if each.ilabel <= phone_count else 0
            arcs.append((source, phone, each.olabel, each.weight.value, each.nextstate))
            phones_into[each.nextstate].add(phone)
    machine = fst.StdVectorFst()
    for source in states:
        machine.add_state()
        final = lexical.final(source).value
        if math.isfinite(final):
            machine.set_final(source, fst.TropicalWeight(final))
    machine.start = lexical.start
    waiting, looped = {}, set()

    def staying_state(target, phone):
        """Where the phone is held: the target itself if only this phone leads there, else a state before it."""
        if phones_into[target] == {phone} and target != lexical.start:
            if target not in looped:
                looped.add(target)
                arc(machine, target, 2 * phone - 1, 0, SELF_LOOP_COST, target)
            return target
        if (target, phone) not in waiting:
            held = waiting[target, phone] = machine.add_state()
            arc(machine, held, 2 * phone - 1, 0, SELF_LOOP_COST, held)
            arc(machine, held, 0, 0, SELF_LOOP_COST, target)
        return waiting[target, phone]

    for source, phone, word, weight, target in arcs:
        if phone == 0:
            arc(machine, source, 0, word, weight, target)
        else:
            arc(machine, source, 2 * phone, word, weight, staying_state(target, phone))
    fst.connect(machine)
    fst.arcsort(machine, "olabel")
    return machine


# ---- look-ahead


def write_lookahead(machine, path):
    """Write `machine` as an olabel look-ahead FST; returns the renumbering of word ids that this takes."""
    machine.write("HCL.fst")
    subprocess.check_call(
        ["fstconvert", "--fst_type=olabel_lookahead", "--save_relabel_opairs=relabel.txt", "HCL.fst", str(path)],
        env={**os.environ, "LD_PRELOAD": LOOKAHEAD_LIBRARY},
    )
    pairs = (line.split() for line in pathlib.Path("relabel.txt").read_text().splitlines())
    return {int(old): int(new) for old, new in pairs}


def relabelled(grammar, renumbered, back_off):
    """G on the new word ids, back-off arcs made plain epsilons, sorted for composition."""
    machine = fst.StdVectorFst()
    states = range(grammar.num_states)
    for _ in states:
        machine.add_state()
    machine.start = grammar.start
    for source in states:
        for each in fst.ArcIterator(grammar, source):
            label = 0 if each.ilabel in (0, back_off) else renumbered[each.ilabel]
            machine.add_arc(source, fst.StdArc(label, label, each.weight, each.nextstate))
        final = grammar.final(source).value
        if math.isfinite(final):
            machine.set_final(source, fst.TropicalWeight(final))
    fst.arcsort(machine, "ilabel")
    return machine


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path, help="the model folder to fill")
    arguments = parser.parse_args()
    folder = arguments.model / "graph"
    folder.mkdir(parents=True, exist_ok=True)
    with open("lexicon.json", encoding="utf-8") as file:
        pronunciations = json.load(file)
    lines = pathlib.Path("phones.txt").read_text().splitlines()
    phone_ids = {name: int(number) for name, number in (line.split() for line in lines)}
    words = [*VOCABULARY, UNKNOWN, "#0"]
    word_ids = {word: number for number, word in enumerate(words, 1)}

    grammar = grammar_of(BackOffModel(count_followers(SENTENCES, random.Random(77))), word_ids)
    lexical = lexicon_transducer(pronunciations, phone_ids, word_ids)
    renumbered = write_lookahead(with_states(lexical, max(phone_ids.values())), folder / "HCLr.fst")
    for number in word_ids.values():
        renumbered.setdefault(number, max(renumbered.values()) + 1)
    relabelled(grammar, renumbered, word_ids["#0"]).write(str(folder / "Gr.fst"))

    table = sorted((renumbered[number], word) for word, number in word_ids.items())
    rows = ["<eps> 0", *(f"{word} {number}" for number, word in table)]
    (folder / "words.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "disambig_tid.int").write_text("")
    for name in ("HCLr.fst", "Gr.fst"):
        print(name, (folder / name).stat().st_size, "bytes")


if __name__ == "__main__":
    main()
