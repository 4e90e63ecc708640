#!/bin/sh
# Build the demo model. Usage, from an empty work folder: make_model.sh all|graph MODEL_FOLDER
#   all    speech, training for MINUTES (default 45), graph: an hour on two cores
#   graph  only the words and sentences, on the acoustic model that stands in MODEL_FOLDER: half a minute
# Needs espeak-ng and libfst-tools of Debian 12 and a Python with requirements.txt (PYTHON, default python3).
set -eu
what=$1 model=$2
recipe=$(cd "$(dirname "$0")" && pwd)
run() { script=$1; shift; "${PYTHON:-python3}" "$recipe/$script.py" "$@"; }

run lexicon
if [ "$what" = all ]; then
    run corpus 300 validation.npz --first-seed 900000
    run corpus "${UTTERANCES:-28000}" training.npz --first-seed 100000
    run train --minutes "${MINUTES:-45}"
    run export "$model"
else
    run export "$model" --checkpoint ""
fi
run graph "$model"
run evaluate "$model"
