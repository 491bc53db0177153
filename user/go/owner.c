/* SPDX-License-Identifier: GPL-2.0-only */
/* Owners: the function of a stack that a person would name, and what it waits for. */
#include "go/owner.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- stacks -------------------------------------------------------------------- */

struct go_walk go_walk(struct go_symbols *symbols, const struct go_stack *stack)
{
	return (struct go_walk){.symbols = symbols, .stack = stack};
}

/* The next frame, wrappers included. */
static const struct go_frame *next_frame(struct go_walk *walk)
{
	static const struct go_frame unknown;

	if (!walk->frames) {
		if (walk->next >= walk->stack->depth || walk->next >= GO_STACK_DEPTH)
			return NULL;
		walk->pc = walk->stack->pc[walk->next++];
		walk->frames = go_symbols_frames(walk->symbols, walk->pc, &walk->frame);
		if (!walk->frames)
			return &unknown;
	}
	walk->frames--;
	return walk->frame++;
}

const struct go_frame *go_walk_next(struct go_walk *walk)
{
	const struct go_frame *frame;

	while ((frame = next_frame(walk)) && frame->wrapper)
		;
	return frame;
}

/* ---- packages ------------------------------------------------------------------- */

/* The directories of the standard library's packages, as of Go 1.27; sorted. */
static const char *const standard[] = {
	"archive", "arena",   "bufio",	  "builtin", "bytes",	"cmp",	    "compress", "container",
	"context", "crypto",  "database", "debug",   "embed",	"encoding", "errors",	"expvar",
	"flag",	   "fmt",     "go",	  "hash",    "html",	"image",    "index",	"internal",
	"io",	   "iter",    "log",	  "maps",    "math",	"mime",	    "net",	"os",
	"path",	   "plugin",  "reflect",  "regexp",  "runtime", "simd",	    "slices",	"sort",
	"strconv", "strings", "structs",  "sync",    "syscall", "testing",  "text",	"time",
	"unicode", "unique",  "unsafe",	  "vendor",  "weak",
};

/*
 * The length of the first part of the package's path: "net" of "net/http.Get", "time" of
 * "time.Sleep". The dots of "go.uber.org/zap.New" are within it.
 */
static size_t first_part(const char *function)
{
	const size_t slash = strcspn(function, "/(["), dot = strcspn(function, ".");

	return function[slash] == '/' ? slash : dot;
}

bool go_standard_library(const char *function)
{
	const size_t length = first_part(function);

	for (size_t i = 0; i < LENGTH(standard); i++)
		if (strlen(standard[i]) == length && !strncmp(standard[i], function, length))
			return true;
	return false;
}

/* Whether the function is of runtime, time, sync or an internal package. */
static bool is_machinery(const char *function)
{
	static const char *const parts[] = {"runtime", "time", "sync", "internal"};
	const size_t length = first_part(function);

	for (size_t i = 0; i < LENGTH(parts); i++)
		if (strlen(parts[i]) == length && !strncmp(parts[i], function, length))
			return true;
	return strstr(function, "/internal/") != NULL;
}

const char *go_owner(struct go_symbols *symbols, const struct go_stack *stack)
{
	const char *innermost = NULL, *library = NULL;
	struct go_walk walk = go_walk(symbols, stack);
	const struct go_frame *frame;

	while ((frame = go_walk_next(&walk))) {
		const char *function = frame->function;

		if (!function)
			continue;
		if (!go_standard_library(function))
			return function;
		if (!library && !is_machinery(function))
			library = function;
		if (!innermost)
			innermost = function;
	}
	return library ?: innermost;
}

/* ---- waits ------------------------------------------------------------------------ */

const char *go_wait(struct go_symbols *symbols, const struct go_stack *stack)
{
	static const struct {
		const char *function, *wait;
	} waits[] = {
		{"runtime.chanrecv", "chan receive"},
		{"runtime.chansend", "chan send"},
		{"runtime.selectgo", "select"},
		{"runtime.block", "select without cases"},
		{"time.Sleep", "sleep"},
		{"internal/poll.runtime_pollWait", "IO wait"},
		{"os/signal.signal_recv", "signal"},
		{"sync.(*Mutex).Lock", "Mutex.Lock"},
		{"sync.(*Mutex).lockSlow", "Mutex.Lock"},
		{"internal/sync.(*Mutex).lockSlow", "Mutex.Lock"},
		{"sync.(*RWMutex).Lock", "RWMutex.Lock"},
		{"sync.(*RWMutex).RLock", "RWMutex.RLock"},
		{"sync.(*WaitGroup).Wait", "WaitGroup.Wait"},
		{"sync.(*Cond).Wait", "Cond.Wait"},
	};
	struct go_walk walk = go_walk(symbols, stack);
	const struct go_frame *frame;

	while ((frame = go_walk_next(&walk)) && frame->function) {
		for (size_t i = 0; i < LENGTH(waits); i++)
			if (!strcmp(frame->function, waits[i].function))
				return waits[i].wait;
		if (!go_standard_library(frame->function))
			break;
	}
	return NULL;
}
