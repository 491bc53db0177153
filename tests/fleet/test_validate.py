#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the validator: files that must pass, and for each complaint a file that must earn it."""

import re
import sys

import validate

GOOD = '''# HELP t_fired_total Timers.
# TYPE t_fired_total counter
t_fired_total{comm="a",kind="x"} 3
t_fired_total{comm="b \\"\\\\} ü",kind="x"} 12345678901
# HELP t_wait_seconds Waits.
# TYPE t_wait_seconds histogram
t_wait_seconds_bucket{comm="a",le="1e-06"} 0
t_wait_seconds_bucket{comm="a",le="0.5"} 2
t_wait_seconds_bucket{comm="a",le="+Inf"} 3
t_wait_seconds_sum{comm="a"} 1.25
t_wait_seconds_count{comm="a"} 3
t_wait_seconds_bucket{comm="b",le="1e-06"} 0
t_wait_seconds_bucket{comm="b",le="0.5"} 0
t_wait_seconds_bucket{comm="b",le="+Inf"} 0
t_wait_seconds_sum{comm="b"} 0
t_wait_seconds_count{comm="b"} 0
# HELP t_level A level.
# TYPE t_level gauge
t_level -1.5e3
'''

# What is replaced in the good file, by what, and what the complaint has to say.
BAD = [
    ('t_level -1.5e3\n', 't_level -1.5e3', 'no newline at the end'),
    ('t_level -1.5e3\n', 't_level -1.5e3\r\n', 'carriage return'),
    ('t_level -1.5e3', 't_level -1.5e3 1700000000000', 'timestamp'),
    ('t_level -1.5e3', 't_level -1.5e3 # {a="b"} 1', 'exemplar'),
    ('t_level -1.5e3', 't_level 0x10', 'no number'),
    ('t_level -1.5e3', 't_level 1_000', 'no number'),
    ('t_level -1.5e3', 't_level 1,5', 'no number'),
    ('t_level -1.5e3', 't_level', 'no number'),
    ('t_level -1.5e3', 't_level inf', 'no number'),
    ('t_level -1.5e3', 't_level 1\nt_level 1', 'series twice'),
    ('t_level -1.5e3', 't_level{a=""} 1', 'empty'),
    ('t_level -1.5e3', 't_level 1\nt_level{a="b"} 1', 'labels differ within t_level'),
    ('t_level -1.5e3', 't_level{a="1",a="2"} 1', 'label a twice'),
    ('t_level -1.5e3', 't_level{__a="1"} 1', 'reserved'),
    ('t_level -1.5e3', 't_level{instance="1"} 1', 'reserved'),
    ('t_level -1.5e3', 't_level{a-b="1"} 1', 'cannot be read'),
    ('t_level -1.5e3', 't_level{a="1" b="2"} 1', 'no comma'),
    ('t_level -1.5e3', 't_level{a="1} 1', 'without an end'),
    ('t_level -1.5e3', 't_level{a="\\t"} 1', 'unknown escape'),
    ('t_level -1.5e3', 't_level{a="\x1b[31m"} 1', 'control character'),
    ('t_level -1.5e3', 't_level{a="\\n"} 1', 'control character'),
    ('t_level -1.5e3', 't_level{le="1"} 1', 'le outside of a histogram'),
    ('t_level -1.5e3', 't:level 1', 'no metric name'),
    ('t_level -1.5e3', 't_other 1', 'not of the family'),
    ('t_level -1.5e3', 't_level 1\nt_fired_total{comm="c",kind="x"} 1', 'not of the family'),
    ('# TYPE t_level gauge\n', '', 't_level has no TYPE'),
    ('# TYPE t_level gauge\n', '# TYPE t_level gauge\n# TYPE t_level gauge\n', 'second TYPE'),
    ('# TYPE t_level gauge\nt_level -1.5e3', 't_level -1.5e3\n# TYPE t_level gauge', 'no TYPE'),
    ('# TYPE t_level gauge', '# TYPE t_level untyped', 'of type untyped'),
    ('# HELP t_level A level.', '# HELP t_level A\\tlevel.', 'unknown escape'),
    ('# HELP t_level A level.', '# HELP t_level', 'says nothing'),
    ('# HELP t_level A level.\n', '', 'not right behind its HELP'),
    ('# HELP t_level A level.\n', '# HELP t_fired_total Timers.\n', 'has come before'),
    ('# TYPE t_level gauge', '# TYPE t_level counter', 't_level is a counter'),
    ('# TYPE t_fired_total counter', '# TYPE t_fired_total gauge', 't_fired_total is a gauge'),
    ('t_fired_total{comm="a",kind="x"} 3', 't_fired_total{comm="a",kind="x"} -3', 'cannot be'),
    ('t_fired_total{comm="a",kind="x"} 3', 't_fired_total{comm="a",kind="x"} NaN', 'cannot be'),
    ('t_fired_total{comm="a",kind="x"} 3', 't_fired_total{comm="a"} 3', 'labels differ'),
    ('t_fired_total{comm="a",kind="x"} 3', 't_fired_total{kind="x",comm="a"} 3\n'
     't_fired_total{comm="a",kind="x"} 3', 'series twice'),
    ('comm="a",le="1e-06"} 0', 'comm="a",le="0.7"} 0', 'out of order'),
    ('comm="a",le="0.5"} 2', 'comm="a",le="0.5"} 4', 'do not add up'),
    ('comm="a",le="0.5"} 2', 'comm="a",le="0.5"} 1.5', 'no count'),
    ('comm="a",le="+Inf"} 3', 'comm="a",le="+Inf"} 4', '+Inf is not _count'),
    ('t_wait_seconds_bucket{comm="a",le="+Inf"} 3\n', '', 'last bucket is not +Inf'),
    ('t_wait_seconds_sum{comm="a"} 1.25\n', '', 'no _sum or no _count'),
    ('t_wait_seconds_count{comm="a"} 3\n', '', 'no _sum or no _count'),
    ('t_wait_seconds_sum{comm="a"} 1.25', 't_wait_seconds_sum{comm="a"} -1', 'cannot be'),
    ('t_wait_seconds_sum{comm="b"} 0', 't_wait_seconds_sum{comm="b"} 1', 'cannot be'),
    ('comm="b",le="0.5"} 0', 'comm="b",le="0.25"} 0', 'buckets differ'),
    ('t_wait_seconds_bucket{comm="b",le="0.5"} 0', 't_wait_seconds_bucket{comm="b"} 0',
     'without le'),
    ('t_wait_seconds_sum{comm="b"} 0', 't_wait_seconds_sum{comm="b",le="1"} 0', 'le outside'),
    ('t_level', 't_wait_seconds_count', 'is a series of'),
]

# A later file: what is replaced, and the complaint, or None.
LATER = [
    ('', '', None),
    ('{comm="a",kind="x"} 3', '{comm="a",kind="x"} 4', None),
    ('{comm="a",kind="x"} 3', '{comm="a",kind="x"} 2', 'went back from 3 to 2'),
    ('t_fired_total{comm="a",kind="x"} 3\n', '', None),  # a group that is listed no more
    ('t_level -1.5e3', 't_level -2e3', None),
    ('t_wait_seconds_sum{comm="a"} 1.25', 't_wait_seconds_sum{comm="a"} 1', 'went back'),
    ('comm="a",le="0.5"} 2', 'comm="a",le="0.5"} 1', 'went back'),
    ('# HELP t_level A level.', '# HELP t_level Another level.', 'has changed'),
    ('# HELP t_level A level.\n# TYPE t_level gauge\nt_level -1.5e3\n', '', 't_level is gone'),
    ('t_level -1.5e3', 't_level -2e3 5', 'later file: line 19: a timestamp'),
]


def listed(text, old=None, new=''):
    """Complaints about a file that is held against the list of families."""
    if old is not None:
        assert old in text, old
        text = text.replace(old, new)
    return validate.validate(text.encode(), listed=True)


def contract_cases():
    """(what, complaints, the complaint that must be there or None) on a whole dwell.prom."""
    import generate  # pylint: disable=import-outside-toplevel

    text = generate.Host(0, 'comm').text()
    yield 'a generated file', listed(text), None
    yield 'grouped by cgroup', listed(generate.Host(1, 'cgroup').text()), None
    yield 'a family of no list', listed(text + '# HELP x X.\n# TYPE x gauge\nx 1\n'), 'in no list'
    yield 'a missing family', listed(
        text, '# HELP dwell_shed_level ', '# HELP dwell_shed '), 'no dwell_shed_level'
    yield 'a family that need not be', listed(re.sub(r'.*dwell_overhead_ratio.*\n', '', text)), None
    yield 'another value', listed(text, 'cause="woken"', 'cause="slept"'), 'unknown in'
    yield 'another label', listed(text, 'reason=', 'why='), 'labels of dwell_events_lost_total'
    yield 'two groupings', listed(
        text, 'dwell_tasks{comm=', 'dwell_tasks{cgroup='), 'by cgroup and comm at once'


def cases():
    """(what, complaints, the complaint that must be there or None) of all cases."""
    yield 'the good file', validate.validate(GOOD.encode()), None
    yield 'an empty file', validate.validate(b''), None
    yield 'bad UTF-8', validate.validate(GOOD.encode().replace(b'comm="a"', b'comm="\xff"')), 'UTF-8'
    for old, new, complaint in BAD:
        assert old in GOOD, old
        yield '%r' % new, validate.validate(GOOD.replace(old, new).encode()), complaint
    for old, new, complaint in LATER:
        assert old in GOOD, old
        yield 'later %r' % new, validate.validate(
            GOOD.encode(), GOOD.replace(old, new).encode()), complaint
    yield from contract_cases()


def main():
    """Prints what went wrong, one line each."""
    wrong = 0
    total = 0
    for what, complaints, wanted in cases():
        total += 1
        if wanted is None and complaints:
            print('%s: %s' % (what, '; '.join(complaints)))
            wrong += 1
        elif wanted is not None and not any(wanted in each for each in complaints):
            print('%s: wanted %s, got: %s' % (what, wanted, '; '.join(complaints) or 'nothing'))
            wrong += 1
    if not wrong:
        print('%d files' % total)
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
