#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Groups lose their series and get them back, and what Prometheus makes of it stays true.

eviction.py --names       Prints the names of all tasks that there will be.
eviction.py URL INSTANCE  Has them come, and go, and one return. The daemon at INSTANCE has to look
                          at them alone, and to name two groups at most. How often they slept they
                          know themselves. One complaint a line; exit status 1 if there is any.
"""

import sys
import time

import api
import families
import task

CALM = ('dwell-calm', 'dwell-quiet')
LOUD = 'dwell-loud'
NAMES = CALM + (LOUD,)
# Seconds from one sleep to the next: far apart, as who is to take a place has to be far busier.
SELDOM, ALWAYS = 0.2, 0.002
WINDOW = 10  # seconds that a rate looks back
TOLERANCE = 0.1  # a rate guesses what was before its first sample, and after its last one


class Scene:
    """The tasks, and the daemon that looks at them."""

    def __init__(self, prometheus, instance):
        self.prometheus = prometheus
        self.instance = instance
        self.began = time.time()

    def selector(self, name):
        """All series of a name that are not the kernel's own."""
        return '%s{instance="%s", comm!="~kernel"}' % (name, self.instance)

    def named(self):
        """The groups that have series now."""
        found = self.prometheus.now(self.selector('dwell_timers_armed_total'))
        return {labels['comm'] for labels, _ in found} - {'~other'}

    def await_named(self, condition):
        """Waits until the groups that have series are as they should be; returns them."""
        if not api.wait_for(lambda: condition(self.named())):
            raise ValueError('named are just %s' % sorted(self.named()))
        return self.named()

    def seconds(self):
        """How long it has lasted, and as long as a rate remembers."""
        return int(time.time() - self.began) + WINDOW

    def counted(self):
        """All that was counted: a series that ended keeps what it had."""
        found = self.prometheus.now('sum(max_over_time(%s[%ds]))' % (
            self.selector('dwell_timers_armed_total'), self.seconds()))
        return found[0][1] if found else 0

    def at_rest(self):
        """Whether nothing was counted for as long as a rate looks back."""
        found = self.prometheus.now('sum(rate(%s[%ds]))' % (
            self.selector('dwell_timers_armed_total'), WINDOW))
        return found[0][1] == 0

    def rated(self):
        """What was counted, out of the rates of all series."""
        seconds = self.seconds()
        found = self.prometheus.now('%d * avg_over_time(sum(rate(%s[%ds]))[%ds:1s])' % (
            seconds, self.selector('dwell_timers_armed_total'), WINDOW, seconds))
        return found[0][1] if found else 0


def play(scene):
    """Lets the groups come and go; returns how often they slept."""
    tasks = {name: task.Task(name.encode(), SELDOM) for name in CALM}
    scene.await_named(lambda named: named == set(CALM))
    tasks[LOUD] = task.Task(LOUD.encode(), ALWAYS)
    named = scene.await_named(lambda named: LOUD in named)
    gone, = set(NAMES) - named
    sleeps = tasks[gone].end()
    # Another task of that name, for it is the name that has series.
    tasks[gone] = task.Task(gone.encode(), ALWAYS)
    scene.await_named(lambda named: named == {gone, LOUD})
    return sleeps + sum(one.end() for one in tasks.values())


def went_back(scene):
    """Series that count, and that Prometheus takes to have begun anew."""
    for family in families.read():
        suffixes = families.SUFFIXES if family.kind == 'histogram' else ['']
        if family.kind == 'gauge':
            continue
        for name in (family.name + suffix for suffix in suffixes):
            selector = '%s{instance="%s"}[%ds]' % (name, scene.instance, scene.seconds())
            for labels, count in scene.prometheus.now('resets(%s) > 0' % selector):
                yield '%s was reset %d times: %s' % (name, count, labels)
            for labels, rate in scene.prometheus.now('rate(%s) < 0' % selector):
                yield '%s has the rate %g: %s' % (name, rate, labels)


def complaints(scene):
    """What is wrong with all that came of it."""
    sleeps = play(scene)
    if not api.wait_for(lambda: scene.counted() == sleeps):
        yield '%d sleeps, %d were counted' % (sleeps, scene.counted())
    if not api.wait_for(scene.at_rest):
        yield 'it still counts, whom?'
    rated = scene.rated()
    if not abs(rated - sleeps) <= TOLERANCE * sleeps:
        yield '%d sleeps, the rates come to %d' % (sleeps, rated)
    yield from went_back(scene)
    if not scene.prometheus.now('dwell_group_evictions_total{instance="%s"} >= 2' % scene.instance):
        yield 'nobody was evicted'


def main():
    """See above."""
    if sys.argv[1:] == ['--names']:
        print(','.join(NAMES))
        return
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    found = list(complaints(Scene(api.Prometheus(sys.argv[1]), sys.argv[2])))
    for complaint in found:
        print(complaint)
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
