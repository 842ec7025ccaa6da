"""The environment of a notebook's kernel, wherever a notebook is built or compared."""

import os

# Stored outputs are pinned for this: CPU, one thread, small chunks.
FIRST = {
    "XAICOURSE_TEST": "1",
    "XAICOURSE_DEVICE": "cpu",
    "XAICOURSE_BATCH_SIZE": "4",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
# What must not change the text of a notebook.
SECOND = FIRST | {
    "XAICOURSE_BATCH_SIZE": "10",
    "OMP_NUM_THREADS": "2",
    "PYTHONHASHSEED": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # two threads that spin for each other are 2-4x slower
}


def environment(variables: dict[str, str] = FIRST) -> dict[str, str]:
    """Return this process's environment with `variables`, and without a fixed plotting backend."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return kept | variables
