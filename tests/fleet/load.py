#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The loads of three hosts on one machine, for a picture of them.

load.py MINUTES SETTLE

Each host's tasks are called what it is called: "web" and "db" share the machine's first CPU, and
"batch" has its second to itself, if there is one. In the middle third of the time batch has a lot
to do, and in the last one web. Before it, for SETTLE seconds, all is as in the first. The load ends
with the time.
"""

import os
import sys
import time

import task

# How many tasks, and seconds of sleep and of work by turns: as ever, and at the worst.
LOADS = {
    'web': (8, (0.01, 0.0002), (0.01, 0.0009)),
    'db': (2, (0.005, 0.0002), (0.005, 0.0002)),
    'batch': (4, (0.02, 0.001), (0.02, 0.004)),
}
WORST = ((), ('batch',), ('web',))  # who has it worst, in each part of the time


def begin(name):
    """The tasks of one host."""
    count, (period, busy), _ = LOADS[name]
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(everywhere) if name == 'batch' else min(everywhere)})
    tasks = [task.Task(name.encode(), period, busy) for _ in range(count)]
    os.sched_setaffinity(0, everywhere)
    return tasks


def main():
    """See above."""
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    hosts = {name: begin(name) for name in LOADS}
    time.sleep(float(sys.argv[2]))
    for worst in WORST:
        for name, tasks in hosts.items():
            for one in tasks:
                one.shared.period, one.shared.busy = LOADS[name][2 if name in worst else 1]
        time.sleep(float(sys.argv[1]) * 60 / len(WORST))


if __name__ == '__main__':
    main()
