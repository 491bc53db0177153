/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration file: values for the table's options, beneath the command line's. */
#ifndef DWELL_OPTIONS_CONFIG_H
#define DWELL_OPTIONS_CONFIG_H

#include "options/options.h"

/*
 * Sets @options to those of the command line, @given, and what they do not give
 * to what the file @given->daemon.config says. That file may be missing, unless
 * the command line names it. options_clear() has to clear @options afterwards in
 * any case; @given is left as it is, so a file may be read again at any time.
 *
 * 0; -EINVAL with one line in @error, "FILE:LINE: what is wrong"; another
 * negative errno, with a line in @error unless it is -ENOMEM (raw bytes of the
 * file in it: not to be printed unescaped).
 */
int config_read(const struct options *given, struct options *options,
		char error[OPTIONS_ERROR_LEN]);

#endif
