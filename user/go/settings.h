/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings: which behaviour of timers GODEBUG has chosen for a Go process. */
#ifndef DWELL_GO_SETTINGS_H
#define DWELL_GO_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "go/image.h"
#include "go/layout.h"
#include "go/process.h"

/*
 * Returns how channels of timers behave in process @pid, and writes where that comes from into
 * the @size bytes at @why, cut to them. A setting that the program has made itself while it
 * ran is not seen.
 */
enum go_semantics go_settings_semantics(uint32_t pid, const struct go_layout *layout,
					const struct go_image *image, char *why, size_t size);

/*
 * Finds the last value of @key in @settings, such as "a=1,b=2", and copies it into @value, cut to
 * @size bytes with the NUL. Returns whether it is there.
 */
bool go_settings_find(const char *settings, const char *key, char *value, size_t size);

#endif
