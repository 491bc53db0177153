# SPDX-License-Identifier: GPL-2.0-only
"""A task with a name of one's choice that sleeps again and again, works, and counts its sleeps."""

import ctypes
import mmap
import os
import signal
import time

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15


class Shared(ctypes.Structure):
    """What the task and who made it both see."""

    _fields_ = [
        ('sleeps', ctypes.c_uint64),
        ('period', ctypes.c_double),  # seconds that a sleep takes
        ('busy', ctypes.c_double),  # seconds of work behind it
        ('ends', ctypes.c_bool),
    ]


class Task:
    """Begins to sleep when it is made. With its name from the first sleep on, whoever looks."""

    def __init__(self, name, period, busy=0):
        self.shared = Shared.from_buffer(mmap.mmap(-1, ctypes.sizeof(Shared)))
        self.shared.period = period
        self.shared.busy = busy
        start, release = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            self.work(name, start)
        os.close(start)
        # A filter by name looks when a task is woken: the task has to be asleep before it is.
        while self.state() != 'S':
            assert self.state() != 'Z', 'the task died'
            time.sleep(0.01)
        os.write(release, b'.')
        os.close(release)

    def work(self, name, start):
        """What the task does."""
        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(PR_SET_NAME, name)
        os.read(start, 1)
        while not self.shared.ends:
            self.shared.sleeps += 1
            time.sleep(self.shared.period)
            end = time.thread_time() + self.shared.busy
            while self.shared.busy and time.thread_time() < end:
                pass
        os._exit(0)

    def state(self):
        """The letter that the kernel has for it."""
        with open('/proc/%d/stat' % self.pid, 'rb') as file:
            return file.read().rpartition(b') ')[2][:1].decode()

    def end(self):
        """Ends it after the sleep that it is in; returns the number of its sleeps."""
        self.shared.ends = True
        _, status = os.waitpid(self.pid, 0)
        assert status == 0, 'the task died'
        return self.shared.sleeps
