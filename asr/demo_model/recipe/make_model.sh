#!/bin/sh
# Build the demo model. Usage, from an empty work folder: make_model.sh all|graph MODEL_FOLDER
#   all    speech, training, graph: some twenty minutes on two cores
#   graph  only the words and sentences, on the acoustic model that stands in MODEL_FOLDER: half a minute
# Needs espeak-ng and libfst-tools of Debian 12 and a Python with requirements.txt (PYTHON, default python3).
set -eu
what=$1 model=$2
recipe=$(cd "$(dirname "$0")" && pwd)
run() { script=$1; shift; "${PYTHON:-python3}" "$recipe/$script.py" "$@"; }

run lexicon
if [ "$what" = all ]; then
    run corpus 300 validation.npz --first-seed 900000
    run corpus "${UTTERANCES:-15000}" training.npz --first-seed 100000
    run train --width 224 --epochs "${EPOCHS:-4}"
    run export "$model"
else
    run export "$model" --checkpoint ""
fi
run graph "$model"
run evaluate "$model"
