// SPDX-License-Identifier: Apache-2.0
#include "reports.hpp"

#include <cstdio>
#include <cstring>

namespace offerkit::launcher {

Failed make_failed(std::string_view key, const EndedPart& ended, FailureText& text) {
    Failed report;
    report.key = key;
    report.step = static_cast<LaunchStep>(ended.step);
    report.error = ended.value;
    if (ended.value == 0) {
        std::snprintf(text.text, sizeof text.text,
                      "its supervisor was lost before the program was executed");
    } else {
        std::snprintf(text.text, sizeof text.text, "cannot %s: %s", name_of(report.step),
                      std::strerror(static_cast<int>(ended.value)));
    }
    report.message = text.text;
    return report;
}

Exited make_exited(std::string_view key, const EndedPart& ended) {
    Exited report;
    report.key = key;
    report.cause = ended.kind == EndKind::exited     ? ExitCause::exited
                   : ended.kind == EndKind::signaled ? ExitCause::signaled
                                                     : ExitCause::lost;
    report.value = ended.value;
    report.pid = static_cast<std::uint32_t>(ended.pid);
    report.core_dumped = (ended.flags & detail::flag_core_dumped) != 0;
    report.kill_requested = (ended.flags & detail::flag_kill_requested) != 0;
    report.killed_after_grace = (ended.flags & detail::flag_killed_after_grace) != 0;
    report.supervisor_lost = (ended.flags & detail::flag_supervisor_lost) != 0;
    report.start_wall_ns = ended.start_wall_ns;
    report.end_wall_ns = ended.end_wall_ns;
    report.user_us = ended.user_us;
    report.system_us = ended.system_us;
    report.memory_kib_max = ended.memory_kib_max;
    return report;
}

Started make_started(std::string_view key, const StartedPart& part) {
    Started report;
    report.key = key;
    report.pid = static_cast<std::uint32_t>(part.pid);
    report.start_wall_ns = part.wall_ns;
    report.start_monotonic_ns = part.monotonic_ns;
    return report;
}

}  // namespace offerkit::launcher
