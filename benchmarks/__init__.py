"""Is it as fast and as small as it is meant to be?

Each script prints ratios between jupyter-interview and a named peer, both measured in the same run on the same machine:
``python -m benchmarks.keystroke --help``. Absolute times say more about the machine than about the software.
"""
