# SPDX-License-Identifier: GPL-2.0-only
"""Asks a Prometheus over its HTTP interface."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request


class Prometheus:
    """A Prometheus that answers."""

    def __init__(self, url):
        self.url = url.rstrip('/')
        self.asked = 0

    def get(self, path, **parameters):
        """The data of an answer. Raises ValueError with what Prometheus says against a query."""
        self.asked += 1
        url = '%s/api/v1/%s?%s' % (self.url, path, urllib.parse.urlencode(parameters, doseq=True))
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)['data']
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error).get('error', str(error))) from error

    def now(self, expression):
        """What an expression comes to now: labels and a number for each series."""
        result = self.get('query', query=expression, time=time.time())['result']
        return [(one['metric'], float(one['value'][1])) for one in result]

    def values(self, label, selector):
        """All values that a label has in the series that a selector chooses."""
        return self.get('label/%s/values' % label, **{'match[]': selector})


def wait_for(condition, patience=60):
    """Asks again and again until the answer is true; returns the last one."""
    end = time.monotonic() + patience
    while True:
        answer = condition()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.2)
