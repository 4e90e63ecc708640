"""Train the acoustic model: a small time-delay network from 40 MFCCs to the phone of every third frame."""

import argparse
import json
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import lexicon

CONTEXT = 14  # frames on either side that the network sees
FRAMES_PER_OUTPUT = 3  # vosk takes 30 ms a frame for granted
CHUNK_OUTPUTS = 60
BATCH = 64


class AcousticModel(nn.Module):
    """Four convolutions with their batch norms, then one log-odds per phone."""

    def __init__(self, width, phones):
        super().__init__()
        self.c1, self.b1 = nn.Conv1d(40, width, 5, stride=FRAMES_PER_OUTPUT), nn.BatchNorm1d(width)
        self.c2, self.b2 = nn.Conv1d(width, width, 3), nn.BatchNorm1d(width)
        self.c3, self.b3 = nn.Conv1d(width, width, 3), nn.BatchNorm1d(width)
        self.c4, self.b4 = nn.Conv1d(width, width, 3, dilation=2), nn.BatchNorm1d(width)
        self.o = nn.Conv1d(width, phones, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, rows):
        hidden = self.b1(functional.relu(self.c1(rows)))
        for convolution, norm in ((self.c2, self.b2), (self.c3, self.b3), (self.c4, self.b4)):
            hidden = self.dropout(norm(functional.relu(convolution(hidden))))
        return self.o(hidden)


def load(path):
    data = np.load(path)
    return torch.from_numpy(data["features"]), torch.from_numpy(data["phones"].astype(np.int64))


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


def fit(network, rows, phones, validation, epochs, highest_rate):
    """Train in place on random chunks; prints as it goes."""
    steps = int(epochs * len(rows) / (CHUNK_OUTPUTS * FRAMES_PER_OUTPUT * BATCH))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=highest_rate, total_steps=steps, pct_start=0.15)
    inputs = torch.arange(-CONTEXT, FRAMES_PER_OUTPUT * (CHUNK_OUTPUTS - 1) + CONTEXT + 1)
    outputs = torch.arange(0, FRAMES_PER_OUTPUT * CHUNK_OUTPUTS, FRAMES_PER_OUTPUT)
    last_start = len(rows) - FRAMES_PER_OUTPUT * CHUNK_OUTPUTS - CONTEXT
    started = time.monotonic()
    for step in range(1, steps + 1):
        starts = torch.randint(CONTEXT, last_start, (BATCH,))
        batch = rows[starts[:, None] + inputs[None]].transpose(1, 2)
        loss = functional.cross_entropy(network(batch), phones[starts[:, None] + outputs[None]])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 200 == 0 or step == steps:
            held_out, accuracy = validate(network, *validation)
            seconds = time.monotonic() - started
            print(
                f"{step}/{steps} loss {loss.item():.4f} held out {held_out:.4f} "
                f"accuracy {accuracy:.4f} {seconds:.0f} s",
                flush=True,
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--epochs", type=float, default=6)
    parser.add_argument("--resume", default="", help="a checkpoint to go on from, with a lower rate")
    parser.add_argument("--highest-rate", type=float, default=4e-3)
    parser.add_argument("--training", default="training.npz")
    parser.add_argument("--validation", default="validation.npz")
    parser.add_argument("--out", default="acoustic.pt")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    with open("lexicon.json", encoding="utf-8") as file:
        outputs = 1 + len(lexicon.inventory(json.load(file)))  # silence and the phones
    rows, phones = load(arguments.training)
    held_rows, held_phones = load(arguments.validation)
    network = AcousticModel(arguments.width, outputs)
    mean, deviation = rows.mean(0), rows.std(0)
    if arguments.resume:
        checkpoint = torch.load(arguments.resume)
        network.load_state_dict(checkpoint["network"])
        mean, deviation = checkpoint["mean"], checkpoint["deviation"]
    print(sum(each.numel() for each in network.parameters()), "parameters")
    validation = (held_rows - mean) / deviation, held_phones
    fit(network, (rows - mean) / deviation, phones, validation, arguments.epochs, arguments.highest_rate)
    prior = torch.bincount(phones, minlength=outputs).double() / len(phones)
    torch.save({"network": network.state_dict(), "mean": mean, "deviation": deviation, "prior": prior}, arguments.out)


if __name__ == "__main__":
    main()
