/* SPDX-License-Identifier: GPL-2.0-only */
/* Refusals: which program or map of the kernel side libbpf could not load, by what it says of it. */
#ifndef DWELL_SOURCE_REFUSAL_H
#define DWELL_SOURCE_REFUSAL_H

/* Listens to libbpf from now on; what it says is shown with -vv. */
void refusal_listen(void);

/* Forgets what was refused: nothing has been. */
void refusal_forget(void);

/* Notes that @name was refused by something other than loading, such as attaching it. */
void refusal_note(const char *name);

/*
 * The name of what was refused last, which stays until something else is, or it is forgotten.
 * NULL: nothing was refused, or it has no name.
 */
const char *refusal_last(void);

/* The last words of the kernel's verifier on what was refused last; "": it had none. */
const char *refusal_said(void);

#endif
