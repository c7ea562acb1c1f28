// SPDX-License-Identifier: Apache-2.0
#include "log.hpp"

#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace offerkit::launcher {
namespace {

void write_line(const char* line, int length, int size) {
    if (length <= 0) return;
    (void)!::write(STDERR_FILENO, line, static_cast<unsigned>(length < size ? length : size - 1));
}

}  // namespace

void log_text(const char* text) {
    char line[512];
    const int length = std::snprintf(line, sizeof line, "offerkit-launcher: %s\n", text);
    write_line(line, length, sizeof line);
}

void log_error(const char* what) {
    char line[512];
    const int length = std::snprintf(line, sizeof line, "offerkit-launcher: cannot %s: %s\n", what,
                                     std::strerror(errno));
    write_line(line, length, sizeof line);
}

}  // namespace offerkit::launcher
