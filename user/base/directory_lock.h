/* SPDX-License-Identifier: GPL-2.0-only */
/* Directory locks: one process has a directory to itself until it ends. */
#ifndef DWELL_BASE_DIRECTORY_LOCK_H
#define DWELL_BASE_DIRECTORY_LOCK_H

#define DIRECTORY_LOCK_NAME ".dwell.lock"

/*
 * Locks the open @directory through the file DIRECTORY_LOCK_NAME in it. Other users may
 * not open that file. The kernel drops the lock when the process ends in any way. Before
 * the call, *lock is -1 or the descriptor of an earlier lock. An earlier lock is kept if
 * it still belongs to this directory; otherwise it is given back. 0; -EBUSY: another
 * process has the lock; another negative errno: the directory cannot be locked. After an
 * error *lock is -1.
 */
int directory_lock(int *lock, int directory);

/* Gives the lock back and sets *lock to -1. Removes its file from @directory; -1 leaves it. */
void directory_unlock(int *lock, int directory);

#endif
