/* SPDX-License-Identifier: GPL-2.0-only */
/* Refusals: the program or map of the kernel side that libbpf could not load, from its messages. */
#ifndef DWELL_SOURCE_REFUSAL_H
#define DWELL_SOURCE_REFUSAL_H

/* Listens to libbpf from now on. Its messages are shown with -vv, those for debugging with -vvv. */
void refusal_listen(void);

/* Forgets the last refusal. */
void refusal_forget(void);

/* Notes that @name was refused, though it could be loaded: for example, attaching it failed. */
void refusal_note(const char *name);

/*
 * The name of the program or map that was refused last, cut to 63 bytes. It is valid until
 * the next refusal or refusal_forget(). NULL: nothing was refused, or it has no name.
 */
const char *refusal_last(void);

/* The verifier's last line on the last refusal, cut to 255 bytes; "": there is none. */
const char *refusal_said(void);

#endif
