"""A trained network as the files of a Vosk model: am/final.mdl (Kaldi's binary format), conf/ and graph/phones/.

Batch norms are folded into the weights, and the blocks' additions are sums of two nodes; the phones' priors are divided
out; a garbage phone (SPN) carries `[unk]`. A phone loop in its place makes the lattice explode. Its score is what the
right phone may be expected to score, less a margin: on a bad line both fall together, and words are heard as before.
"""

import argparse
import json
import pathlib
import struct

import numpy as np
import torch

import lexicon
from features import COEFFICIENTS, MFCC_CONF
from train import CONTEXT, FRAMES_PER_OUTPUT, REACHES

PRIOR_WEIGHT = 0.5
GARBAGE_MARGIN = 2.3
BATCH_NORM_EPSILON = 1e-5
LAYER_OFFSETS = {"l1": (-2, -1, 0, 1, 2), "l2": (-3, 0, 3), "l3": (-3, 0, 3), "l4": (-6, 0, 6)}
WORD_POSITIONS = (("_B", "begin"), ("_E", "end"), ("_I", "internal"), ("_S", "singleton"))
GARBAGE_POSITIONS = (("_B", "begin"), ("_I", "internal"), ("_E", "end"))
MODEL_CONF = {
    "min-active": 20,  # more makes silence dearer to decode than speech
    "max-active": 3000,
    "beam": 13.0,
    "lattice-beam": 6.0,
    "acoustic-scale": 0.45,
    "frame-subsampling-factor": 3,
    "endpoint.silence-phones": 1,
    "endpoint.rule2.min-trailing-silence": 0.5,
    "endpoint.rule3.min-trailing-silence": 0.75,
    "endpoint.rule4.min-trailing-silence": 1.0,
}


class PhoneTable:
    """The model's phones: silence, every phone in its four places of a word, the garbage phone in three."""

    def __init__(self, phones):
        self.names, self.pdfs, self.boundaries = ["<eps>", "SIL"], [None, 0], ["1 nonword"]
        for pdf, phone in enumerate(phones, 1):
            self._add(phone, pdf, WORD_POSITIONS)
        self.garbage_pdf = len(phones) + 1
        self._add("SPN", self.garbage_pdf, GARBAGE_POSITIONS)

    def _add(self, phone, pdf, positions):
        for suffix, boundary in positions:
            self.names.append(phone + suffix)
            self.pdfs.append(pdf)
            self.boundaries.append(f"{len(self.names) - 1} {boundary}")

    @property
    def count(self):
        return len(self.names) - 1


# ---- Kaldi's binary primitives


def token(text):
    return text.encode() + b" "


def int32(value):
    return b"\x04" + struct.pack("<i", value)


def float32(value):
    return b"\x04" + struct.pack("<f", value)


def float64(value):
    return b"\x08" + struct.pack("<d", value)


def int_vector(values):
    return int32(len(values)) + struct.pack(f"<{len(values)}i", *values)


def float_vector(values):
    return token("FV") + int32(len(values)) + np.asarray(values, "<f4").tobytes()


def compressed_matrix(matrix, bits=16):
    """Kaldi's CompressedMatrix: one range for the whole matrix, 16 bits (CM2) or 8 bits (CM3) a value."""
    matrix = np.asarray(matrix, "<f4")
    low, levels = float(matrix.min()), 2**bits - 1
    span = float(matrix.max()) - low or 1.0
    codes = np.clip(np.round((matrix - low) / span * levels), 0, levels).astype("<u2" if bits == 16 else "u1")
    return token("CM2" if bits == 16 else "CM3") + struct.pack("<ffii", low, span, *matrix.shape) + codes.tobytes()


# ---- the two halves of final.mdl


def transition_model(table):
    """One state per phone, self-loop or leave with even odds; the sequence is the lexicon's business."""
    phones = table.count
    topology = int_vector(range(1, phones + 1)) + int_vector([-1] + [0] * phones) + int32(1)
    topology += int32(2) + int32(0) + int32(2) + int32(0) + float32(0.5) + int32(1) + float32(0.5)
    topology += int32(-1) + int32(0)
    triples = b"".join(int32(phone) + int32(0) + int32(table.pdfs[phone]) for phone in range(1, phones + 1))
    return b"".join(
        (
            token("<TransitionModel>"),
            token("<Topology>") + topology + token("</Topology>"),
            token("<Triples>") + int32(phones) + triples + token("</Triples>"),
            token("<LogProbs>") + float_vector([0] + [np.log(0.5)] * (2 * phones)) + token("</LogProbs>"),
            token("</TransitionModel>"),
        )
    )


def _affine(weights, bias, bits=16):
    name = "FixedAffineComponent"
    body = token("<LinearParams>") + compressed_matrix(weights, bits) + token("<BiasParams>") + float_vector(bias)
    return token(f"<{name}>") + body + token(f"</{name}>")


def _pointwise(name, dimension):
    statistics = token("<ValueAvg>") + float_vector([]) + token("<DerivAvg>") + float_vector([])
    body = token("<Dim>") + int32(dimension) + statistics + token("<Count>") + float64(0.0)
    return token(f"<{name}>") + body + token(f"</{name}>")


def _product(dimension):
    """The first half of the input times the second, value by value."""
    body = token("<InputDim>") + int32(2 * dimension) + token("<OutputDim>") + int32(dimension)
    return token("<ElementwiseProductComponent>") + body + token("</ElementwiseProductComponent>")


def _fold(weights, bias, scale, offset):
    """A convolution after `x * scale + offset` as one matrix over spliced input frames, and its bias."""
    bias = bias + (weights * offset[None, :, None]).sum((1, 2))
    weights = weights * scale[None, :, None]
    return weights.permute(0, 2, 1).reshape(weights.shape[0], -1).numpy(), bias.numpy()


def _normalisation(state, name):
    """What a batch norm of a trained network multiplies by and adds."""
    scale = state[f"{name}.weight"] / torch.sqrt(state[f"{name}.running_var"] + BATCH_NORM_EPSILON)
    return scale, state[f"{name}.bias"] - state[f"{name}.running_mean"] * scale


def folded_layers(checkpoint, state):
    """[(weights, bias)] of the four hidden layers and the output, each with the normalisation before it folded in."""
    scale = 1 / checkpoint["deviation"].double()
    offset = -checkpoint["mean"].double() * scale
    layers = []
    for layer in ("c1", "c2", "c3", "c4", "o"):
        layers.append(_fold(state[f"{layer}.weight"], state[f"{layer}.bias"], scale, offset))
        if layer != "o":
            scale, offset = _normalisation(state, layer.replace("c", "b"))
    return layers


def folded_block(state, name):
    """The two matrices of a block as [(weights, bias)], the normalisation that follows folded into the second."""
    scale, offset = _normalisation(state, f"{name}.norm")
    up = state[f"{name}.up.weight"] * scale[:, None, None]
    halves = (state[f"{name}.down.weight"], up)
    down, up = (weights.permute(0, 2, 1).reshape(weights.shape[0], -1).numpy() for weights in halves)
    return [(down, np.zeros(len(down))), (up, (state[f"{name}.up.bias"] * scale + offset).numpy())]


def _spliced(node, offsets):
    return "Append(" + ", ".join(f"Offset({node}, {offset})" if offset else node for offset in offsets) + ")"


class Network:
    """The nodes of an nnet3 network and their components, in order."""

    def __init__(self):
        self.config, self.components = [f"input-node name=input dim={COEFFICIENTS}"], []

    def add(self, name, component, source):
        """One more node; returns its name."""
        self.config.append(f"component-node name={name} component={name} input={source}")
        self.components.append(token("<ComponentName>") + token(name) + component)
        return name

    def rectified(self, name, weights, bias, source):
        """A matrix over spliced input, negative results cut off."""
        affine = self.add(f"{name}.affine", _affine(weights, bias), source)
        return self.add(f"{name}.relu", _pointwise("RectifiedLinearComponent", len(bias)), affine)

    def block(self, name, halves, reach, source):
        """A block that adds to its source. Neither part is ever negative, so a rectifier passes their sum unchanged."""
        (down, nothing), (up, bias) = halves
        step = reach * FRAMES_PER_OUTPUT
        narrow = self.add(f"{name}.down", _affine(down, nothing), _spliced(source, (-step, 0)))
        found = self.rectified(name, up, bias, _spliced(narrow, (0, step)))
        return self.add(f"{name}.sum", _pointwise("RectifiedLinearComponent", len(bias)), f"Sum({source}, {found})")


def network(checkpoint):
    """The nnet3 network: hidden layers, blocks, log-softmax, then priors divided out and the garbage's score appended:
    the mean of all scores, weighted by how probable each phone is."""
    state = {name: value.double() for name, value in checkpoint["network"].items()}
    *hidden, (out_weights, out_bias) = folded_layers(checkpoint, state)
    prior = -PRIOR_WEIGHT * np.log(np.maximum(checkpoint["prior"].numpy(), 1e-5))
    outputs = len(prior)
    net, previous = Network(), "input"
    for (layer, offsets), (weights, bias) in zip(LAYER_OFFSETS.items(), hidden):
        previous = net.rectified(layer, weights, bias, _spliced(previous, offsets))
    for number, reach in enumerate(REACHES):
        previous = net.block(f"block{number + 1}", folded_block(state, f"blocks.{number}"), reach, previous)
    logits = net.add("output.affine", _affine(out_weights, out_bias), previous)
    scores = net.add("output.logsoftmax", _pointwise("LogSoftmaxComponent", outputs), logits)
    scaled = net.add("output.scaled", _affine(np.eye(outputs), prior, bits=8), scores)
    shares = net.add("output.softmax", _pointwise("SoftmaxComponent", outputs), logits)
    weighted = net.add("garbage.weighted", _product(outputs), f"Append({shares}, {scaled})")
    garbage = net.add("garbage.score", _affine(np.ones((1, outputs)), [-GARBAGE_MARGIN], bits=8), weighted)
    net.config.append(f"output-node name=output input=Append({scaled}, {garbage}) objective=linear")
    lines = "".join(line + "\n" for line in net.config).encode()
    return b"".join(
        (
            token("<Nnet3>") + b"\n" + lines + b"\n",
            token("<NumComponents>") + int32(len(net.components)) + b"".join(net.components) + token("</Nnet3>"),
            token("<LeftContext>") + int32(CONTEXT) + token("<RightContext>") + int32(CONTEXT),
            token("<Priors>") + float_vector([]),
        )
    )


def mean_of(checkpoints):
    """The network whose weights are the means of several that were trained one from the other."""
    *others, last = checkpoints
    for name, value in last["network"].items():
        if value.is_floating_point():
            last["network"][name] = torch.stack([each["network"][name] for each in checkpoints]).mean(0)
    last["prior"] = sum((each["prior"] for each in others), last["prior"]) / len(checkpoints)
    return last


def _write_options(path, options):
    path.write_text("".join(f"--{name}={value}\n" for name, value in options.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path, help="the model folder to fill")
    parser.add_argument(
        "--checkpoint", nargs="*", default=["acoustic.pt"], help="none: write all but am/final.mdl; several: their mean"
    )
    arguments = parser.parse_args()
    with open("lexicon.json", encoding="utf-8") as file:
        table = PhoneTable(lexicon.inventory(json.load(file)))
    for folder in ("am", "conf", "graph/phones"):
        (arguments.model / folder).mkdir(parents=True, exist_ok=True)
    _write_options(arguments.model / "conf/mfcc.conf", MFCC_CONF)
    _write_options(arguments.model / "conf/model.conf", MODEL_CONF)
    (arguments.model / "graph/phones/word_boundary.int").write_text("\n".join(table.boundaries) + "\n")
    pathlib.Path("phones.txt").write_text("".join(f"{name} {index}\n" for index, name in enumerate(table.names)))
    print(table.count, "phones")
    if arguments.checkpoint:
        checkpoint = mean_of([torch.load(file) for file in arguments.checkpoint])
        acoustic = b"\0B" + transition_model(table) + network(checkpoint)
        (arguments.model / "am/final.mdl").write_bytes(acoustic)
        print(len(acoustic), "bytes in am/final.mdl")


if __name__ == "__main__":
    main()
