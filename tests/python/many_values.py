"""Very many values through every path: one of the processes of `tools/many_cases.py`.

Usage: `many_values.py SEED END STEP SIZE REDIS_URL FOLDER`. Values are drawn in batches of SIZE,
each from a seed of its own: SEED, SEED + STEP and so on before END. A batch is told of on standard
output by how many values it had, and at the end how many values had which type within them. The
first value that fails is shrunk and shown, with the seed of its batch, and ends the process.
"""

import collections
import faulthandler
import gc
import json
import os
import sys
import warnings

from any_value import TYPES, VALUE
from every_path import MASTER_KEY, every_path, keeps_its_bytes, stays_the_same_argument, survives
from hypothesis import HealthCheck, given, seed, settings
from sameness import within

PATIENCE_SECONDS = 900


def main(first, end, step, size, redis_url, folder):
    warnings.simplefilter("error")
    os.environ["CACHEKIT_MASTER_KEY"] = MASTER_KEY
    paths = every_path(redis_url, folder)
    seen = collections.Counter()
    # The modules that are there by now are no garbage: nobody needs to look at them again.
    gc.collect()
    gc.freeze()
    for number in range(first, end, step):
        faulthandler.dump_traceback_later(PATIENCE_SECONDS, exit=True)
        say(values=batch(number, size, paths, seen), paths=len(paths))
    say(seen={name(kind): seen[kind] for kind in TYPES})
    return 0


def batch(number, size, paths, seen):
    """Draws values and checks them; how many they were."""
    drawn = 0

    @seed(number)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(VALUE)
    def holds(value):
        nonlocal drawn
        drawn += 1
        seen.update({type(part) for part in within(value)})
        survives(paths, value)
        keeps_its_bytes(value)
        stays_the_same_argument(value)

    try:
        holds()
    except BaseException:
        say(failed=number)
        raise
    return drawn


def say(**words):
    print(json.dumps(words), flush=True)


def name(kind):
    return f"{kind.__module__}.{kind.__qualname__}"


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:5]), *sys.argv[5:]))
