#!/usr/bin/python3
"""The proof of the faults: ci/test-faults.sh BUILD [--only TEXT]

  table    each fault: the client sees exactly that, and the journal agrees (table.py)
  quiet    without a fault that fires, every byte and TLS record is as before (quiet.py)
  same     same scenario, seed and requests: the same journal, whoever else connects
           (same.py)

--only runs those whose name has TEXT in it.
"""
import concurrent.futures
import os
import sys
import traceback

import messages
import quiet
import same
import table
from rig import Place


def tests(place):
    """(name, function) of all there are; some give the faults that they declared."""
    for row in table.ROWS:
        yield f'table: {row.name} (file)', lambda row=row: table.with_file(place, row)
        yield f'table: {row.name} (ctl)', lambda row=row: table.with_ctl(place, row)
    for name, test in [*quiet.TESTS, *same.TESTS]:
        yield name, lambda test=test: test(place)


def attempt(test):
    """What it gave, and why it failed."""
    try:
        return test() or [], ''
    except AssertionError as e:
        return [], str(e)
    except Exception:
        return [], traceback.format_exc()


def main():
    build, only = sys.argv[1], sys.argv[3] if sys.argv[2:3] == ['--only'] else ''
    declared, failed = [], 0
    with Place(build) as place:
        for name, text in messages.FILES.items():
            place.file(name, text)
        todo = [(n, t) for n, t in tests(place) if only in n]
        # Most of them wait for something: more at a time than there are processors. The
        # longest come last in the table; they are started first.
        with concurrent.futures.ThreadPoolExecutor(4 * (os.cpu_count() or 2)) as pool:
            done = [(n, pool.submit(attempt, t)) for n, t in reversed(todo)]
            if not only:
                done.append(('every action and parameter has a row', None))
            for name, future in done:
                gave, why = future.result() if future else attempt(
                    lambda: table.covered(place, declared))
                declared += gave
                if why:
                    failed += 1
                    print(f'FAILED: {name}: {why}\n', flush=True)
    print(f'{len(done) - failed} passed, {failed} failed')
    return 1 if failed or not done else 0


sys.exit(main())
