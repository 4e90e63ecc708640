#!/bin/sh
# Build the demo model. Usage, from an empty work folder: make_model.sh all|graph MODEL_FOLDER
#   all    UTTERANCES of speech (default 100,000), training for MINUTES (default 120), graph: three hours on two cores
#   graph  only the words and sentences, on the acoustic model that stands in MODEL_FOLDER: half a minute
# Needs espeak-ng and libfst-tools of Debian 12 and a Python with requirements.txt (PYTHON, default python3).
set -eu
what=$1 model=$2
recipe=$(cd "$(dirname "$0")" && pwd)
run() { script=$1; shift; "${PYTHON:-python3}" "$recipe/$script.py" "$@"; }

run lexicon
if [ "$what" = all ]; then
    run corpus 500 held-out --first-seed 2900000
    run corpus "${UTTERANCES:-100000}" speech --first-seed 4000000
    run train --minutes "${MINUTES:-120}"
    run export "$model"
else
    run export "$model" --checkpoint
fi
run graph "$model"
run evaluate "$model"
