#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Has bash read the completion.
set -eu

bash -n "${BUILD:-build}/dwell.bash"
