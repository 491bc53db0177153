/* SPDX-License-Identifier: GPL-2.0-only */
/* Directory locks: one process has a directory to itself, for as long as it lives. */
#ifndef DWELL_BASE_DIRECTORY_LOCK_H
#define DWELL_BASE_DIRECTORY_LOCK_H

#define DIRECTORY_LOCK_NAME ".dwell.lock"

/*
 * Takes the lock of the open @directory: the file DIRECTORY_LOCK_NAME in it, which
 * others may not open. The kernel gives it back when the process ends in whatever
 * way. *lock is -1, or what an earlier call took: then it is kept if it still is
 * this directory's, and else given back. 0; -EBUSY: another process has it;
 * another negative errno: it cannot be locked. After an error *lock is -1.
 */
int directory_lock(int *lock, int directory);

/* Gives the lock back, and removes its file from @directory (-1: leaves it). */
void directory_unlock(int *lock, int directory);

#endif
