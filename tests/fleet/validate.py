#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Says what is wrong with a file for node_exporter's textfile collector.

validate.py [--families] FILE [LATER]

Finds what promtool check metrics lets pass: the collector drops a file, or single series, over
some of it, and over the rest it hands wrong numbers on. With a LATER file of the same writer,
what counts must not have gone back. --families: the file must hold just the families of the
list beside this program. One complaint a line; exit status 1 if there is any.
"""

import math
import re
import sys

import families as contract

NAME = re.compile(r'[a-zA-Z_][a-zA-Z0-9_]*\Z')
VALUE = re.compile(r'(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|NaN|[+-]Inf)\Z')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"')
TYPES = ('counter', 'gauge', 'histogram')
ESCAPES = {'\\\\': '\\', '\\"': '"', '\\n': '\n'}
# What Prometheus itself sets on a target, or makes of a histogram's buckets.
RESERVED = ('job', 'instance', 'quantile')


class Wrong(Exception):
    """What is wrong with one line."""


class Family:
    """What a file says of one family."""

    def __init__(self, name):
        self.name = name
        self.kind = None
        self.help = None
        self.samples = {}  # (name, labels) -> value


def unescape(text):
    """A label's value as it was meant. Only three escapes exist."""

    def replace(match):
        if match.group() not in ESCAPES:
            raise Wrong('unknown escape %s' % match.group())
        return ESCAPES[match.group()]

    return re.sub(r'\\.', replace, text)


def parse_labels(text):
    """('name', 'value') pairs out of 'a="1",b="2"'."""
    labels = []
    position = 0
    while position < len(text):
        match = LABEL.match(text, position)
        if not match:
            raise Wrong('labels that cannot be read: %s' % text[position:])
        name, value = match.group(1), unescape(match.group(2))
        if name in (known for known, _ in labels):
            raise Wrong('label %s twice' % name)
        if name.startswith('__') or name in RESERVED:
            raise Wrong('label name %s is reserved' % name)
        if not value:
            raise Wrong('label %s is empty, which means absent' % name)
        if any(ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 for c in value):
            raise Wrong('label %s holds a control character' % name)
        labels.append((name, value))
        position = match.end()
        if position < len(text):
            if text[position] != ',':
                raise Wrong('no comma after label %s' % name)
            position += 1
    return tuple(sorted(labels))


def closing_brace(line, start):
    """Where the labels end: a brace inside quotes does not count."""
    quoted = False
    position = start
    while position < len(line):
        if line[position] == '\\':
            position += 1
        elif line[position] == '"':
            quoted = not quoted
        elif line[position] == '}' and not quoted:
            return position
        position += 1
    raise Wrong('labels without an end')


def parse_sample(line):
    """(name, labels, value) of 'name{labels} value'."""
    match = re.match(r'[^\s{]+', line)
    name = match.group() if match else ''
    if not NAME.match(name):
        raise Wrong('no metric name: %s' % line)
    labels = ()
    rest = line[len(name):]
    if rest.startswith('{'):
        end = closing_brace(rest, 1)
        labels = parse_labels(rest[1:end])
        rest = rest[end + 1:]
    words = rest.split()
    if '#' in words:
        raise Wrong('an exemplar, which this format has not')
    if len(words) > 1:
        raise Wrong('a timestamp')
    if not words or not VALUE.match(words[0]):
        raise Wrong('no number: %s' % line)
    return name, labels, float(words[0])


class File:
    """A file, read; what was wrong with it while reading is in complaints."""

    def __init__(self, data):
        self.families = {}
        self.complaints = []
        self.current = None
        try:
            text = data.decode('utf-8')
        except UnicodeDecodeError as error:
            self.complaints.append('not UTF-8: %s' % error)
            return
        if '\r' in text:
            self.complaints.append('a carriage return')
        if text and not text.endswith('\n'):
            self.complaints.append('no newline at the end')
        for number, line in enumerate(text.split('\n'), 1):
            try:
                self.line(line)
            except Wrong as wrong:
                self.complaints.append('line %d: %s' % (number, wrong))

    def line(self, line):
        """Takes in one line."""
        if line.startswith('# HELP ') or line.startswith('# TYPE '):
            self.comment(line)
        elif line.strip() and not line.startswith('#'):
            self.sample(*parse_sample(line))

    def comment(self, line):
        """HELP and then TYPE open a family."""
        words = line.split(' ', 3)
        word, name = words[1], words[2]
        text = words[3] if len(words) > 3 else ''
        if not NAME.match(name):
            raise Wrong('no metric name: %s' % line)
        if word == 'HELP':
            if name in self.families:
                raise Wrong('%s has come before' % name)
            for escape in re.findall(r'\\.?', text):
                if escape not in ('\\\\', '\\n'):
                    raise Wrong('unknown escape %s' % escape)
            if not text:
                raise Wrong('HELP of %s says nothing' % name)
            self.current = self.families[name] = Family(name)
            self.current.help = text
            return
        if self.current is None or self.current.name != name:
            raise Wrong('TYPE of %s is not right behind its HELP' % name)
        if self.current.kind:
            raise Wrong('second TYPE of %s' % name)
        if self.current.samples:
            raise Wrong('TYPE of %s behind its samples' % name)
        if text not in TYPES:
            raise Wrong('%s is of type %s' % (name, text or 'none'))
        self.current.kind = text

    def sample(self, name, labels, value):
        """A sample belongs to the family that is open."""
        family = self.current
        names = [family.name] if family else []
        if family and family.kind == 'histogram':
            names = [family.name + suffix for suffix in contract.SUFFIXES]
        if name not in names:
            raise Wrong('%s is not of the family that this part is of' % name)
        if not family.kind:
            raise Wrong('%s has no TYPE' % name)
        if (name, labels) in family.samples:
            raise Wrong('series twice: %s%s' % (name, show(labels)))
        family.samples[name, labels] = value


def show(labels):
    """Labels as in the file, about."""
    return '{%s}' % ','.join('%s="%s"' % pair for pair in labels)


def check_histogram(family):
    """Buckets in order, cumulative, and their sums beside them."""
    series = {}
    for (name, labels), value in family.samples.items():
        suffix = name[len(family.name):]
        bound = [text for label, text in labels if label == 'le']
        labels = tuple(pair for pair in labels if pair[0] != 'le')
        one = series.setdefault(labels, {'bounds': [], 'values': []})
        if suffix == '_bucket':
            if not bound:
                yield 'a bucket without le in %s%s' % (family.name, show(labels))
                continue
            one['bounds'].append(bound[0])
            one['values'].append(value)
        else:
            if bound:
                yield 'le outside of a bucket in %s%s' % (family.name, show(labels))
            one[suffix] = value
    layouts = set()
    for labels, one in series.items():
        where = '%s%s' % (family.name, show(labels))
        layouts.add(tuple(one['bounds']))
        try:
            bounds = [float(bound) for bound in one['bounds']]
        except ValueError:
            yield 'a bound that is no number in %s' % where
            continue
        if any(math.isnan(bound) for bound in bounds) or any(
                a >= b for a, b in zip(bounds, bounds[1:])):
            yield 'buckets out of order in %s' % where
        if any(a > b for a, b in zip(one['values'], one['values'][1:])):
            yield 'buckets that do not add up in %s' % where
        if any(not value.is_integer() or value < 0 for value in one['values']):
            yield 'a bucket that is no count in %s' % where
        if '_count' not in one or '_sum' not in one:
            yield 'no _sum or no _count in %s' % where
            continue
        if not one['bounds'] or one['bounds'][-1] != '+Inf':
            yield 'the last bucket is not +Inf in %s' % where
        elif one['values'][-1] != one['_count']:
            yield '+Inf is not _count in %s' % where
        if not 0 <= one['_sum'] < math.inf or (not one['_count'] and one['_sum']):
            yield 'a _sum that cannot be in %s' % where
    if len(layouts) > 1:
        yield 'buckets differ within %s' % family.name


def check_family(family):
    """What can be said of one family by itself."""
    if not family.kind:
        yield 'no TYPE of %s' % family.name
        return
    if (family.kind == 'counter') != family.name.endswith('_total'):
        yield '%s is a %s' % (family.name, family.kind)
    label_sets = {tuple(name for name, _ in labels if (family.kind, name) != ('histogram', 'le'))
                  for _, labels in family.samples}
    if len(label_sets) > 1:
        yield 'labels differ within %s: %s' % (
            family.name, ' and '.join(sorted(','.join(names) or 'none' for names in label_sets)))
    if family.kind == 'histogram':
        yield from check_histogram(family)
    else:
        for (name, labels), value in family.samples.items():
            if 'le' in dict(labels):
                yield 'le outside of a histogram in %s' % name
            if family.kind == 'counter' and not 0 <= value < math.inf:
                yield 'a counter cannot be %s: %s%s' % (value, name, show(labels))


def check_names(families):
    """A family may not be called what a histogram's own series are called."""
    for family in families.values():
        if family.kind == 'histogram':
            for suffix in contract.SUFFIXES:
                if family.name + suffix in families:
                    yield '%s is a series of %s' % (family.name + suffix, family.name)


def check_contract(families):
    """Just the families of the list, with its types, labels and values."""
    group = set()
    wanted = contract.read()
    for one in wanted:
        family = families.get(one.name)
        if not family:
            if one.always:
                yield 'no %s' % one.name
            continue
        if family.kind != one.kind:
            yield '%s is a %s, not a %s' % (one.name, family.kind, one.kind)
        if not family.samples:
            yield 'no series of %s' % one.name
        for _, labels in family.samples:
            labels = {name: value for name, value in labels if name != 'le'}
            if 'group' in one.labels:
                found = [name for name in contract.GROUP_LABELS if name in labels]
                group.update(found)
                if found:
                    labels['group'] = labels.pop(found[0])
            if set(labels) != set(one.labels):
                yield 'labels of %s: %s' % (one.name, ','.join(sorted(labels)) or 'none')
                break
            odd = [value for name, value in labels.items()
                   if one.labels[name] and value not in one.labels[name]]
            if odd:
                yield 'unknown in %s: %s' % (one.name, odd[0])
                break
    for name in set(families) - {one.name for one in wanted}:
        yield '%s is in no list' % name
    if len(group) > 1:
        yield 'grouped by %s at once' % ' and '.join(sorted(group))


def check_later(before, after):
    """What one writer may not change between two files, nor count backwards."""
    for name, old in before.items():
        new = after.get(name)
        if not new:
            yield '%s is gone' % name
            continue
        if (old.kind, old.help) != (new.kind, new.help):
            yield 'TYPE or HELP of %s has changed' % name
            continue
        if old.kind == 'gauge':
            continue
        for key, value in new.samples.items():
            if value < old.samples.get(key, 0):
                yield 'went back from %.17g to %.17g: %s%s' % (
                    old.samples[key], value, key[0], show(key[1]))


def validate(data, later=None, listed=False):
    """All complaints about a file, and about a later one of the same writer."""
    files = [File(each) for each in (data, later) if each is not None]
    complaints = []
    for number, file in enumerate(files):
        where = 'later file: ' if number else ''
        found = list(file.complaints)
        for family in file.families.values():
            found += check_family(family)
        found += check_names(file.families)
        if listed:
            found += check_contract(file.families)
        complaints += [where + each for each in found]
    if later is not None:
        complaints += check_later(files[0].families, files[1].families)
    return complaints


def main():
    """See above."""
    arguments = sys.argv[1:]
    listed = '--families' in arguments
    paths = [path for path in arguments if path != '--families']
    if not 1 <= len(paths) <= 2 or paths[0].startswith('-'):
        sys.exit(__doc__.strip())
    contents = []
    for path in paths:
        with open(path, 'rb') as file:
            contents.append(file.read())
    complaints = validate(*contents, listed=listed)
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)


if __name__ == '__main__':
    main()
