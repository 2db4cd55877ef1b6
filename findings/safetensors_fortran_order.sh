#!/usr/bin/env bash
# safetensors 0.8.0 (NumPy 2.4.6)
#
# Behaviour: `safetensors.numpy.save_file` and `save` write the memory of an array that is in
# Fortran order as it lies, under the shape of the array; so what is read back has the right
# shape, the right values, and has them in other places. No error and no warning.
# Seen, for [[0, 1, 2], [3, 4, 5]] held in Fortran order:
#   [[0, 3, 1], [4, 2, 5]]
#
# Why it surprises: such an array equals its C-ordered copy in every comparison, `np.save` keeps
# it, and safetensors 0.7.0 wrote it rightly. Known upstream (issue 825, with several fixes
# proposed), but in no release so far; `np.ascontiguousarray` before the call avoids it.
#
# Who meets it: whoever saves a transpose (`w.T`), an array read from a MATLAB file by
# `scipy.io.loadmat`, or the components that scikit-learn's PCA has by its full solver.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq safetensors==0.8.0 numpy==2.4.6
cd "$folder"

cat > check.py <<'PYTHON'
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

rows = np.arange(6, dtype=np.float32).reshape(2, 3)
arrays = {
    "c": rows,
    "fortran": np.asfortranarray(rows),
    "transpose": np.ascontiguousarray(rows.T).T,
}
assert all(np.array_equal(rows, array) for array in arrays.values())
save_file(arrays, "arrays.safetensors")
read = load_file("arrays.safetensors")
if not np.array_equal(read["c"], rows):
    sys.exit("safetensors does not keep an array in C order either, so this check shows nothing.")
moved = rows.ravel("F").reshape(rows.shape)
for name in ("fortran", "transpose"):
    if not np.array_equal(read[name], moved):
        sys.exit(f"safetensors behaves otherwise now: {name} is read as {read[name].tolist()}.")
print(f"safetensors: {rows.tolist()} in Fortran order is read back as {read['fortran'].tolist()}.")
PYTHON
"$folder/venv/bin/python" check.py
