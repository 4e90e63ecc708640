"""Train the acoustic model: a small time-delay network from 40 MFCCs to the phone of every third frame."""

import argparse
import json
import math
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import lexicon

FRAMES_PER_OUTPUT = 3  # vosk takes 30 ms a frame for granted
REACHES = (2, 2, 3)  # outputs that each block looks to either side
CONTEXT = 14 + FRAMES_PER_OUTPUT * sum(REACHES)  # frames on either side that the network sees
BOTTLENECK = 128
CHUNK_OUTPUTS = 100
BATCH = 20
INPUTS = torch.arange(-CONTEXT, FRAMES_PER_OUTPUT * (CHUNK_OUTPUTS - 1) + CONTEXT + 1)  # frames of a chunk
OUTPUTS = torch.arange(0, FRAMES_PER_OUTPUT * CHUNK_OUTPUTS, FRAMES_PER_OUTPUT)
REPORT_S = 120
WARM_UP = 0.04  # of the time
RATE_FLOOR = 1e-5


class Block(nn.Module):
    """Looks further to both sides through a narrow place, and adds what it finds to what came in."""

    def __init__(self, width, reach):
        super().__init__()
        self.down = nn.Conv1d(width, BOTTLENECK, 2, dilation=reach, bias=False)
        self.up = nn.Conv1d(BOTTLENECK, width, 2, dilation=reach)
        self.norm = nn.BatchNorm1d(width)
        self.reach = reach
        nn.init.constant_(self.norm.weight, 0.3)

    def forward(self, rows):
        return rows[:, :, self.reach : -self.reach] + functional.relu(self.norm(self.up(self.down(rows))))


class AcousticModel(nn.Module):
    """Four convolutions with their batch norms, blocks that widen the view, then one log-odds per phone."""

    def __init__(self, width, phones):
        super().__init__()
        self.c1, self.b1 = nn.Conv1d(40, width, 5, stride=FRAMES_PER_OUTPUT), nn.BatchNorm1d(width)
        self.c2, self.b2 = nn.Conv1d(width, width, 3), nn.BatchNorm1d(width)
        self.c3, self.b3 = nn.Conv1d(width, width, 3), nn.BatchNorm1d(width)
        self.c4, self.b4 = nn.Conv1d(width, width, 3, dilation=2), nn.BatchNorm1d(width)
        self.blocks = nn.Sequential(*(Block(width, reach) for reach in REACHES))
        self.o = nn.Conv1d(width, phones, 1)

    def forward(self, rows):
        hidden = self.b1(functional.relu(self.c1(rows)))
        for convolution, norm in ((self.c2, self.b2), (self.c3, self.b3)):
            hidden = norm(functional.relu(convolution(hidden)))
        hidden = self.blocks(functional.relu(self.c4(hidden)))
        return self.o(self.b4(hidden))


class Speech:
    """Features, phones and beginnings of the utterances of all files so far; a corpus may still be growing while the
    network learns from it."""

    def __init__(self, files):
        self._patterns, self._read = files, set()
        self.parts = []
        self.refresh()

    def refresh(self):
        """Take in the files that are new."""
        found = {path for each in self._patterns for path in pathlib.Path().glob(each) if path not in self._read}
        for path in sorted(found):
            data = np.load(path)
            types = (("features", np.float16), ("phones", np.int16), ("starts", np.int64))
            self.parts.append([torch.from_numpy(data[name].astype(kind)) for name, kind in types])
        self._read |= found

    @property
    def frames(self):
        return sum(len(phones) for _, phones, _ in self.parts)

    def chunk(self, part, start):
        """(features, phones) of the outputs from `start` on. What lies before the utterance is its first frame, as it
        is for a recogniser that begins to listen."""
        rows, phones, starts = self.parts[part]
        begins = starts[torch.searchsorted(starts, start, right=True) - 1]
        return rows[torch.clamp(start + INPUTS, min=begins)], phones[start + OUTPUTS]

    def some(self):
        """BATCH chunks at random; the files are about equally long."""
        parts = torch.randint(0, len(self.parts), (BATCH,)).tolist()
        return self._batch((part, torch.randint(0, self._last(part), ())) for part in parts)

    def all(self):
        """All chunks, BATCH at a time."""
        starts = ((part, range(0, self._last(part), FRAMES_PER_OUTPUT * CHUNK_OUTPUTS)) for part in range(len(self.parts)))
        places = [(part, torch.tensor(start)) for part, those in starts for start in those]
        return (self._batch(places[first : first + BATCH]) for first in range(0, len(places), BATCH))

    def _last(self, part):
        return len(self.parts[part][1]) - FRAMES_PER_OUTPUT * CHUNK_OUTPUTS - CONTEXT

    def _batch(self, places):
        rows, phones = zip(*(self.chunk(*place) for place in places))
        return torch.stack(rows), torch.stack(phones).long()


def normalised(rows, mean, deviation):
    return ((rows.float() - mean) / deviation).transpose(1, 2)


def validate(network, held_out, normal):
    """(cross entropy, frame accuracy) on held-out speech."""
    network.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for rows, phones in held_out.all():
            scores = network(normalised(rows, *normal))
            loss += functional.cross_entropy(scores, phones, reduction="sum").item()
            right += (scores.argmax(1) == phones).sum().item()
            count += phones.numel()
    network.train()
    return loss / count, right / count


def learning_rate(done, highest):
    """A short rise, then half a cosine down to almost nothing; `done` is the share of the time that is over."""
    if done < WARM_UP:
        return highest * done / WARM_UP + RATE_FLOOR
    return highest * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2 + RATE_FLOOR


def fit(network, speech, normal, held_out, minutes, highest_rate, keep):
    """Train in place on random chunks for so long, and `keep` the network at each report."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=highest_rate, weight_decay=1e-3)
    started = time.monotonic()
    step, reported, losses = 0, 0.0, []
    while (seconds := time.monotonic() - started) < minutes * 60:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(seconds / (minutes * 60), highest_rate)
        rows, targets = speech.some()
        loss = functional.cross_entropy(network(normalised(rows, *normal)), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        losses.append(loss.item())
        if seconds - reported >= REPORT_S:
            reported = seconds
            report(step, losses, validate(network, held_out, normal), seconds, speech)
            keep()
            speech.refresh()
            losses = []
    report(step, losses, validate(network, held_out, normal), seconds, speech)


def report(step, losses, held_out, seconds, speech):
    print(
        f"step {step} loss {sum(losses) / max(1, len(losses)):.4f} held out {held_out[0]:.4f} "
        f"accuracy {held_out[1]:.4f} {seconds:.0f} s, {speech.frames / 360000:.1f} h of speech",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=224)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--resume", default="", help="a checkpoint to go on from")
    parser.add_argument("--highest-rate", type=float, default=2e-3)
    parser.add_argument("--training", nargs="+", default=["speech/*.npz"], help="patterns of files")
    parser.add_argument("--validation", default="held-out/*.npz")
    parser.add_argument("--out", default="acoustic.pt")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    with open("lexicon.json", encoding="utf-8") as file:
        outputs = 1 + len(lexicon.inventory(json.load(file)))  # silence and the phones
    speech, held_out = Speech(arguments.training), Speech([arguments.validation])
    network = AcousticModel(arguments.width, outputs)
    some = torch.cat([rows[::100] for rows, _, _ in speech.parts]).float()
    normal = some.mean(0), some.std(0)
    if arguments.resume:
        checkpoint = torch.load(arguments.resume)
        network.load_state_dict(checkpoint["network"], strict=False)  # blocks may be new
        normal = checkpoint["mean"], checkpoint["deviation"]
    print(sum(each.numel() for each in network.parameters()), "parameters")

    def keep():
        counts = [torch.bincount(phones.long(), minlength=outputs) for _, phones, _ in speech.parts]
        prior = torch.stack(counts).sum(0).double() / speech.frames
        mean, deviation = normal
        state = {"network": network.state_dict(), "mean": mean, "deviation": deviation, "prior": prior}
        torch.save(state, arguments.out)

    fit(network, speech, normal, held_out, arguments.minutes, arguments.highest_rate, keep)
    keep()


if __name__ == "__main__":
    main()
