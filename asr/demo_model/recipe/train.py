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
CHUNK_OUTPUTS = 60
BATCH = 32
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
        self.dropout = nn.Dropout(0.05)

    def forward(self, rows):
        hidden = self.b1(functional.relu(self.c1(rows)))
        for convolution, norm in ((self.c2, self.b2), (self.c3, self.b3)):
            hidden = self.dropout(norm(functional.relu(convolution(hidden))))
        hidden = self.blocks(functional.relu(self.c4(hidden)))
        return self.o(self.dropout(self.b4(hidden)))


class Speech:
    """Features and phones of all files so far; a corpus may still be growing while the network learns from it."""

    def __init__(self, files):
        self._patterns, self._read = files, set()
        self.rows, self.phones = torch.zeros((0, 40), dtype=torch.float16), torch.zeros(0, dtype=torch.int16)
        self.refresh()

    def refresh(self):
        """Take in the files that are new."""
        found = {path for each in self._patterns for path in pathlib.Path().glob(each) if path not in self._read}
        for path in sorted(found):
            data = np.load(path)
            rows, phones = data["features"].astype(np.float16), data["phones"].astype(np.int16)
            self.rows = torch.cat((self.rows, torch.from_numpy(rows)))
            self.phones = torch.cat((self.phones, torch.from_numpy(phones)))
        self._read |= found


def normalised(rows, mean, deviation):
    return (rows.float() - mean) / deviation


def validate(network, rows, phones):
    """(cross entropy, frame accuracy) on held-out speech."""
    network.eval()
    with torch.no_grad():
        scores = network(rows.t()[None])[0].t()
        targets = phones[CONTEXT::FRAMES_PER_OUTPUT][: len(scores)]
        scores = scores[: len(targets)]
        loss = functional.cross_entropy(scores, targets).item()
        accuracy = (scores.argmax(1) == targets).float().mean().item()
    network.train()
    return loss, accuracy


def learning_rate(done, highest):
    """A short rise, then half a cosine down to almost nothing; `done` is the share of the time that is over."""
    if done < WARM_UP:
        return highest * done / WARM_UP + RATE_FLOOR
    return highest * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2 + RATE_FLOOR


def fit(network, speech, normal, validation, minutes, highest_rate, keep):
    """Train in place on random chunks for so long, and `keep` the network at each report."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=highest_rate, weight_decay=1e-3)
    inputs = torch.arange(-CONTEXT, FRAMES_PER_OUTPUT * (CHUNK_OUTPUTS - 1) + CONTEXT + 1)
    outputs = torch.arange(0, FRAMES_PER_OUTPUT * CHUNK_OUTPUTS, FRAMES_PER_OUTPUT)
    started = time.monotonic()
    step, reported, losses = 0, 0.0, []
    while (seconds := time.monotonic() - started) < minutes * 60:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(seconds / (minutes * 60), highest_rate)
        last_start = len(speech.rows) - FRAMES_PER_OUTPUT * CHUNK_OUTPUTS - CONTEXT
        starts = torch.randint(CONTEXT, last_start, (BATCH,))
        batch = normalised(speech.rows[starts[:, None] + inputs[None]], *normal).transpose(1, 2)
        targets = speech.phones[starts[:, None] + outputs[None]].long()
        loss = functional.cross_entropy(network(batch), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        losses.append(loss.item())
        if seconds - reported >= REPORT_S:
            reported = seconds
            report(step, losses, validate(network, *validation), seconds, speech)
            keep()
            speech.refresh()
            losses = []
    report(step, losses, validate(network, *validation), seconds, speech)


def report(step, losses, held_out, seconds, speech):
    print(
        f"step {step} loss {sum(losses) / max(1, len(losses)):.4f} held out {held_out[0]:.4f} "
        f"accuracy {held_out[1]:.4f} {seconds:.0f} s, {len(speech.rows) / 360000:.1f} h of speech",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=224)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--resume", default="", help="a checkpoint to go on from")
    parser.add_argument("--highest-rate", type=float, default=2e-3)
    parser.add_argument("--training", nargs="+", default=["training.npz"], help="patterns of files")
    parser.add_argument("--validation", default="validation.npz")
    parser.add_argument("--out", default="acoustic.pt")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    with open("lexicon.json", encoding="utf-8") as file:
        outputs = 1 + len(lexicon.inventory(json.load(file)))  # silence and the phones
    speech, held_out = Speech(arguments.training), Speech([arguments.validation])
    network = AcousticModel(arguments.width, outputs)
    some = speech.rows[:: max(1, len(speech.rows) // 1000000)].float()
    normal = some.mean(0), some.std(0)
    if arguments.resume:
        checkpoint = torch.load(arguments.resume)
        network.load_state_dict(checkpoint["network"], strict=False)  # blocks may be new
        normal = checkpoint["mean"], checkpoint["deviation"]
    print(sum(each.numel() for each in network.parameters()), "parameters")

    def keep():
        prior = torch.bincount(speech.phones.long(), minlength=outputs).double() / len(speech.phones)
        mean, deviation = normal
        torch.save({"network": network.state_dict(), "mean": mean, "deviation": deviation, "prior": prior}, arguments.out)

    validation = normalised(held_out.rows, *normal), held_out.phones.long()
    fit(network, speech, normal, validation, arguments.minutes, arguments.highest_rate, keep)
    keep()


if __name__ == "__main__":
    main()
