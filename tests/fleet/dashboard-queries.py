#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Asks a real Prometheus every query of the dashboard, and looks at how the dashboard is made.

dashboard-queries.py DASHBOARD [URL [RATE_INTERVAL]]

Without URL only what needs no Prometheus is looked at. With one, each variable's query and each
panel's are asked, with everything chosen and with one value of each variable, for both labels that
dwell can group by. A query that fails or that has no number to show is a complaint. One complaint
a line; exit status 1 if there is any, and the number of queries otherwise.
"""

import itertools
import json
import math
import re
import sys
import time

import api

SECONDS = 30  # how far a graph looks back
STEP = 2
# What Grafana itself knows without a variable of the dashboard.
GRAFANA = ('__rate_interval',)
GROUPINGS = ('comm', 'cgroup')
# Families that one host need not have: not every one reads Go programs.
OPTIONAL = 'dwell_go_'
# The only data source with a fixed name: Grafana's own annotations.
BUILT_IN = '-- Grafana --'


def panels(dashboard):
    """All panels that show something, those inside of closed rows too."""
    for panel in dashboard['panels']:
        if panel['type'] == 'row':
            yield from panel.get('panels', [])
        else:
            yield panel


def variables(text):
    """Names of the variables in a text."""
    return re.findall(r'\$\{?(\w+)\}?', text)


def substitute(text, values):
    """As Grafana does before it asks."""
    return re.sub(r'\$\{?(\w+)\}?', lambda match: values[match.group(1)], text)


# ---- how the dashboard is made ---------------------------------------------------------------


def sources(node):
    """The uid of each data source that is named anywhere."""
    if isinstance(node, dict):
        if isinstance(node.get('datasource'), dict):
            yield node['datasource'].get('uid')
        elif isinstance(node.get('datasource'), str):
            yield node['datasource']
        for value in node.values():
            yield from sources(value)
    elif isinstance(node, list):
        for value in node:
            yield from sources(value)


def overlaps(one, other):
    """Whether two panels lie on each other."""
    a, b = one['gridPos'], other['gridPos']
    return (a['x'] < b['x'] + b['w'] and b['x'] < a['x'] + a['w'] and
            a['y'] < b['y'] + b['h'] and b['y'] < a['y'] + a['h'])


def unit_of(panel):
    """The unit of what a panel shows, wherever its type keeps that."""
    if panel['type'] == 'heatmap':
        return panel['options'].get('yAxis', {}).get('unit')
    return panel['fieldConfig']['defaults'].get('unit')


def check_panel(panel, known):
    """What can be said of one panel by itself."""
    for need in ('title', 'description', 'gridPos', 'targets'):
        if not panel.get(need):
            yield 'has no %s' % need
    if not unit_of(panel):
        yield 'has no unit'
    refs = [target['refId'] for target in panel['targets']]
    if len(refs) != len(set(refs)):
        yield 'has two queries of one name'
    for target in panel['targets']:
        for name in variables(target['expr'] + target.get('legendFormat', '')):
            if name not in known:
                yield 'uses $%s, which is not there' % name
        for window in re.findall(r'\[([^\]]*)\]', target['expr']):
            if window != '$__rate_interval':
                yield 'looks back [%s]' % window
        if panel['type'] == 'heatmap' and target['format'] != 'heatmap':
            yield 'does not ask for buckets'


def check_shape(dashboard):
    """What needs no Prometheus."""
    known = [one['name'] for one in dashboard['templating']['list']] + list(GRAFANA)
    for name in ('datasource', 'job', 'instance', 'group'):
        if name not in known:
            yield 'there is no variable %s' % name
    if dashboard.get('id') is not None or dashboard.get('uid'):
        yield 'it has an id of one Grafana'
    for uid in sources(dashboard):
        if uid not in ('${datasource}', BUILT_IN):
            yield 'data source %s is fixed' % uid
    ids = [panel['id'] for panel in dashboard['panels']]
    if len(ids) != len(set(ids)):
        yield 'two panels have one id'
    shown = list(panels(dashboard))
    for number, panel in enumerate(shown):
        for complaint in check_panel(panel, known):
            yield '%s: %s' % (panel['title'], complaint)
        for other in shown[:number]:
            if overlaps(panel, other):
                yield '%s lies on %s' % (panel['title'], other['title'])


# ---- what its queries say ---------------------------------------------------------------------


class Answers(api.Prometheus):
    """A Prometheus that a dashboard looks at."""

    def series(self, expression, instant):
        """The labels of each series that has a number to show."""
        now = time.time()
        if instant:
            result = self.get('query', query=expression, time=now)['result']
        else:
            result = self.get('query_range', query=expression, start=now - SECONDS, end=now,
                              step=STEP)['result']
        return [one['metric'] for one in result
                if any(math.isfinite(float(value))
                       for _, value in one.get('values', [one.get('value')]))]

    def label_values(self, query):
        """Answers Grafana's label_values(SERIES, LABEL)."""
        match = re.fullmatch(r'label_values\((.+), *(\w+)\)', query)
        if not match:
            raise ValueError('not label_values(SERIES, LABEL): %s' % query)
        return self.values(match.group(2), match.group(1))


def busy(prometheus, label, values):
    """The instances or groups that have something in all panels: who is woken by a timer has."""
    selector = 'instance=~"%(instance)s", %(by)s!=""' % values
    found = prometheus.now('rate(dwell_timer_latency_seconds_count{%s}[%s]) > 0' % (
        selector, values['__rate_interval']))
    return {labels[label] for labels, _ in found}


def quote(value):
    """Twice escaped: for the regular expression, and for the string it stands in."""
    return re.escape(value).replace('\\', '\\\\').replace('"', '\\"')


def choose(prometheus, dashboard, values, single):
    """Gives each variable a value: all, or (single) one."""
    for one in dashboard['templating']['list']:
        if one['type'] != 'query':
            continue
        query = substitute(one['query']['query'], values)
        found = prometheus.label_values(query)
        if not found:
            yield 'variable %s has no values: %s' % (one['name'], query)
        if single and one['name'] in ('instance', 'group'):
            label = one['name'] if one['name'] == 'instance' else values['by']
            found = sorted(busy(prometheus, label, {'instance': '.*', **values}) & set(found))
        # Of the values, the one that is hardest to quote.
        hardest = max(found, key=lambda value: len(re.findall(r'\W', value)), default='')
        values[one['name']] = quote(hardest) if single else one['allValue']


def ask(prometheus, target, values):
    """What is wrong with the answer to one query, or None."""
    expression = substitute(target['expr'], values)
    legend = substitute(target.get('legendFormat', ''), values)
    try:
        found = prometheus.series(expression, target.get('instant'))
    except ValueError as error:
        return '%s: %s' % (error, expression)
    if not found:
        return 'no data: %s' % expression
    for label in re.findall(r'\{\{\s*(\w+)\s*\}\}', legend):
        if not all(label in one for one in found):
            return 'no label %s for its legend: %s' % (label, expression)
    return None


def check_queries(prometheus, dashboard, interval):
    """Asks everything, for each grouping in use, with all and with one of everything chosen."""
    groupings = [by for by in GROUPINGS if prometheus.values('instance', 'dwell_tasks{%s!=""}' % by)]
    if not groupings:
        yield 'no host groups by anything'
    for by, single in itertools.product(groupings, (False, True)):
        where = '%s of %s' % ('one' if single else 'all', by)
        values = {'by': by, '__rate_interval': interval}
        for complaint in choose(prometheus, dashboard, values, single):
            yield '%s: %s' % (where, complaint)
        for panel in panels(dashboard):
            for target in panel['targets']:
                complaint = ask(prometheus, target, values)
                if single and OPTIONAL in target['expr'] and (complaint or '').startswith('no data'):
                    continue
                if complaint:
                    yield '%s: %s: %s' % (where, panel['title'], complaint)


def main():
    """See above."""
    arguments = sys.argv[1:]
    if not 1 <= len(arguments) <= 3 or arguments[0].startswith('-'):
        sys.exit(__doc__.strip())
    with open(arguments[0], encoding='utf-8') as file:
        dashboard = json.load(file)
    complaints = list(check_shape(dashboard))
    if len(arguments) > 1:
        prometheus = Answers(arguments[1])
        complaints += check_queries(prometheus, dashboard, (arguments[2:] or ['1m'])[0])
        if not complaints:
            print('%d queries' % prometheus.asked)
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)


if __name__ == '__main__':
    main()
