// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lines on standard error, which is the file `launcher.log` unless the launcher is in the
// foreground.

namespace offerkit::launcher {

/// One line: what happened.
void log_text(const char* text);
/// One line: what could not be done, and what errno says about it.
void log_error(const char* what);

}  // namespace offerkit::launcher
