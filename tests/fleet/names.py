#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tasks whose names could break a text file, and how they are called in Prometheus.

names.py               Runs such tasks until it is told to end.
names.py URL INSTANCE  Asks Prometheus whether it has them all, and sees them sleep. One complaint
                       a line; exit status 1 if there is any.
"""

import signal
import sys

import api
import task

PERIOD = 0.02
# At most 15 bytes, as the kernel keeps them, and the label that stands for them.
NAMES = {
    b'"quoted" {a="b"': '"quoted" {a="b"',
    b'back\\slash\\n': r'back\x5cslash\x5cn',
    b'x 1\nx{a="b"} 2': r'x 1\x0ax{a="b"} 2',
    b'# TYPE x gauge': '# TYPE x gauge',
    b'tab\tcr\resc\x1b[1m': r'tab\x09cr\x0desc\x1b[1m',
    'wéird→名'.encode(): 'wéird→名',
    b'broken\xff\xc3(': r'broken\xff\xc3(',
    b'cut short\xe5\x90': r'cut short\xe5\x90',
    b'~other': r'\x7eother',
    b' ': ' ',
}


def run():
    """Sleeps beside its tasks, which end with it."""
    tasks = [task.Task(name, PERIOD) for name in NAMES]
    signal.pause()
    del tasks


def missing(prometheus, instance):
    """The labels under which no timers were armed lately."""
    found = prometheus.now('rate(dwell_timers_armed_total{instance="%s"}[10s]) > 0' % instance)
    return set(NAMES.values()) - {labels['comm'] for labels, _ in found}


def main():
    """See above."""
    if len(sys.argv) == 1:
        run()
    elif len(sys.argv) == 3:
        prometheus = api.Prometheus(sys.argv[1])
        api.wait_for(lambda: not missing(prometheus, sys.argv[2]))
        lacking = missing(prometheus, sys.argv[2])
        for label in sorted(lacking):
            print('not in Prometheus: %r' % label)
        sys.exit(1 if lacking else 0)
    else:
        sys.exit(__doc__.strip())


if __name__ == '__main__':
    main()
