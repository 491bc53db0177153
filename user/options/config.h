/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration file: values of options that the command line does not give. */
#ifndef DWELL_OPTIONS_CONFIG_H
#define DWELL_OPTIONS_CONFIG_H

#include "options/options.h"

/*
 * Sets @options to those of the command line, @given, and all that it does not give to the
 * values in the file @given->daemon.config. That file may be missing, unless the command line
 * names it. The caller clears @options with options_clear() in any case. @given is not changed,
 * so the file may be read again at any time.
 *
 * 0; -EINVAL: one line in @error, "FILE:LINE: what is wrong"; -ENOMEM; another negative errno,
 * with a line in @error. The line may hold raw bytes of the file, and must be escaped before it
 * is printed.
 */
int config_read(const struct options *given, struct options *options,
		char error[OPTIONS_ERROR_LEN]);

#endif
