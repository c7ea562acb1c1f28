// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How the event log of a live machine is kept (`recorder.hpp`).

#include <cstdint>
#include <string>

namespace offerkit::runtime {

struct RecordOptions {
    std::string folder;  // Empty: no record is kept.
    /// A file that holds more than this is followed by another; but no sooner than it holds four
    /// times its own snapshot, so that snapshots stay a small part of the work.
    std::uint64_t file_bytes = std::uint64_t{64} * 1024 * 1024;
    std::uint32_t files = 8;  // Of one kind of machine in the folder, whatever run wrote them.
};

}  // namespace offerkit::runtime
