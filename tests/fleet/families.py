# SPDX-License-Identifier: GPL-2.0-only
"""Reads the list of families that dwell.prom holds."""

import os

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'families')
GROUP_LABELS = ('comm', 'cgroup')
SUFFIXES = ('_bucket', '_sum', '_count')  # of a histogram's series


class Family:
    """One family: its name and type, and for each label its only values, or None for any."""

    def __init__(self, name, kind, labels):
        self.name = name.rstrip('?')
        self.always = name == self.name
        self.kind = kind
        self.labels = labels


def read(path=LIST):
    """All families, in the order of the list."""
    families = []
    with open(path, encoding='utf-8') as file:
        for line in file:
            words = line.split('#')[0].split()
            if not words:
                continue
            labels = {}
            for word in words[2:]:
                if word != '-':
                    name, _, values = word.partition('=')
                    labels[name] = values.split('|') if values else None
            families.append(Family(words[0], words[1], labels))
    return families
