#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Has bash check the syntax of the completion.
set -eu

bash -n "${BUILD:-build}/dwell.bash"
