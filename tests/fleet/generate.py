#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plays dwell daemon for the tests: writes a dwell.prom whose counters grow.

generate.py FILE [--host N] [--by comm|cgroup] [--interval SECONDS] [--count N]

Replaces FILE every interval, for ever or N times; removes it when told to end by SIGTERM. Each
host has numbers of its own, and its own groups beside those that all have.
"""

import argparse
import bisect
import os
import random
import signal
import sys
import time

import families as contract

BOUNDS = [2 ** k / 1e6 for k in range(24)]  # 1 us .. 8.4 s
REASONS = ('missing_record', 'born_unseen', 'no_memory', 'ring_full', 'lateness_unseen', 'clock_step')
PROGRAMS = ('dwell_switch', 'dwell_waking', 'dwell_hrtimer_start', 'dwell_hrtimer_expire_entry')
FREE_VALUES = {
    'reason': REASONS,
    'state': ('listed', 'folded'),
    'program': PROGRAMS,
    'version': ('0.1.0',),
    'name': ('name_function',),
    'comm': ('prometheus', 'etcd'),
    'owner': ('main.(*loop).run', '~other'),
    'creator': ('main.main', '~none'),
}
# Seconds: the median of what each distribution holds, and how wide it is.
SHAPES = {
    'dwell_timer_lateness_seconds': (20e-6, 0.5),
    'dwell_timer_latency_seconds': (60e-6, 0.8),
    'dwell_runqueue_latency_seconds': (30e-6, 1.2),
    'dwell_dwell_seconds': (300e-6, 1.5),
}
# How much a counter grows in a second; what is not here grows by some hundreds.
GROWTH = {
    'dwell_blocked_seconds_total': 0.9,
    'dwell_oncpu_seconds_total': 0.1,
    'dwell_outliers_total': 0.5,
    'dwell_outliers_suppressed_total': 0.1,
    'dwell_outliers_lost_total': 0,
    'dwell_events_lost_total': 0,
    'dwell_export_errors_total': 0,
    'dwell_journal_lost_total': 0,
    'dwell_group_admissions_total': 0.2,
    'dwell_group_evictions_total': 0,
    'dwell_bpf_run_seconds_total': 0.002,
    'dwell_bpf_runs_total': 20000,
    'dwell_cpu_seconds_total': 0.001,
    'dwell_go_cpu_seconds_total': 0.0005,
    'dwell_go_lost_total': 0,
    'dwell_go_restarts_total': 0,
}
LEVELS = {
    'dwell_tasks_hidden': 13,
    'dwell_reduction': 1,
    'dwell_resident_memory_bytes': 20 << 20,
    'dwell_overhead_ratio': 0.0015,
    'dwell_shed_level': 0,
    'dwell_export_duration_seconds': 0.004,
    'dwell_bpf_program_attached': 1,
    'dwell_build_info': 1,
    'dwell_go_timer_overdue_seconds': 0,
}


def number(value):
    """As the daemon prints it: whole numbers whole, others to the last digit."""
    return '%d' % value if float(value).is_integer() else '%.17g' % value


def label_text(labels):
    """{name="value",...} with the three escapes."""
    def escape(value):
        return value.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')

    inside = ','.join('%s="%s"' % (name, escape(value)) for name, value in labels)
    return '{%s}' % inside if inside else ''


class Host:
    """One host: its groups, and all that was counted on it so far."""

    def __init__(self, index, by):
        self.random = random.Random(index)
        self.by = by
        names = ['nginx', 'postgres', 'wéird "name" \\', 'only-%d' % index]
        if by == 'cgroup':
            names = ['/system.slice/%s.service' % name for name in names]
        self.groups = names + ['~kernel', '~other']
        self.families = contract.read()
        self.values = {}
        self.grow(1)

    def label_sets(self, family):
        """All label sets of a family, in the file's order."""
        sets = [[]]
        for name, values in family.labels.items():
            if name == 'group':
                name, values = self.by, self.groups
            sets = [one + [(name, value)] for one in sets for value in values or FREE_VALUES[name]]
        return [tuple(one) for one in sets]

    def grow(self, seconds):
        """Lets some time go by."""
        for family in self.families:
            for labels in self.label_sets(family):
                key = family.name, labels
                if family.kind == 'histogram':
                    self.observe(key, SHAPES[family.name], int(200 * seconds) + 1)
                elif family.kind == 'counter':
                    growth = GROWTH.get(family.name, 300) * seconds * self.random.uniform(0.8, 1.2)
                    if not family.name.endswith('_seconds_total'):
                        # A slow counter grows by one now and then.
                        growth = int(growth) + (self.random.random() < growth % 1)
                    self.values[key] = self.values.get(key, 0) + growth
                else:
                    self.values[key] = LEVELS.get(family.name, self.random.randint(1, 50))
        self.values['dwell_last_export_timestamp_seconds', ()] = time.time()

    def observe(self, key, shape, count):
        """Adds to a histogram: a list of counts, and the sum behind them."""
        counts, total = self.values.get(key, ([0] * (len(BOUNDS) + 1), 0.0))
        median, width = shape
        for _ in range(count):
            value = median * self.random.lognormvariate(0, width)
            counts[bisect.bisect_left(BOUNDS, value)] += 1
            total += value
        self.values[key] = counts, total

    def histogram(self, name, labels):
        """The lines of one histogram."""
        counts, total = self.values[name, labels]
        running = 0
        for bound, count in zip([number(bound) for bound in BOUNDS] + ['+Inf'], counts):
            running += count
            yield '%s_bucket%s %d' % (name, label_text(labels + (('le', bound),)), running)
        yield '%s_sum%s %s' % (name, label_text(labels), number(total))
        yield '%s_count%s %d' % (name, label_text(labels), running)

    def text(self):
        """The whole file."""
        lines = []
        for family in self.families:
            lines.append('# HELP %s What the tests play for %s.' % (family.name, family.name))
            lines.append('# TYPE %s %s' % (family.name, family.kind))
            for labels in self.label_sets(family):
                if family.kind == 'histogram':
                    lines += self.histogram(family.name, labels)
                else:
                    lines.append('%s%s %s' % (
                        family.name, label_text(labels), number(self.values[family.name, labels])))
        return '\n'.join(lines) + '\n'


def write(path, text):
    """In one step, as a collector may read at any moment."""
    temporary = os.path.join(os.path.dirname(path), '.%s.%d' % (os.path.basename(path), os.getpid()))
    with open(temporary, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(temporary, 0o644)
    os.rename(temporary, path)


def main():
    """See above."""
    parser = argparse.ArgumentParser()
    parser.add_argument('file')
    parser.add_argument('--host', type=int, default=0)
    parser.add_argument('--by', choices=contract.GROUP_LABELS, default='comm')
    parser.add_argument('--interval', type=float, default=0.5)
    parser.add_argument('--count', type=int, default=0)
    options = parser.parse_args()
    host = Host(options.host, options.by)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    written = 0
    try:
        while True:
            write(options.file, host.text())
            written += 1
            if written == options.count:
                return
            time.sleep(options.interval)
            host.grow(options.interval)
    finally:
        if written != options.count:
            os.unlink(options.file)


if __name__ == '__main__':
    main()
