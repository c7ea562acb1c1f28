// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a run says while it goes on.

#include "batch.hpp"

#include <offerkit/core/time.hpp>

#include <cstddef>
#include <deque>
#include <string>

namespace offerkit::tools {

/// Counts, rate and the time that is left, as one line. Knows no clock and no terminal.
class ProgressText {
public:
    /// The rate is that of so long a time before now.
    static constexpr Duration window = std::chrono::seconds{30};

    /// Such as "12 of 40 ended, 1 failed, 4 running, 2.5/s, 11s left".
    [[nodiscard]] std::string line(Instant now, const BatchCounts& counts);

private:
    struct Sample {
        Instant at;
        std::size_t ended;
    };
    std::deque<Sample> samples_;  // One a second, the oldest just outside of the window.
};

/// Says it on standard error: one line that is rewritten on a terminal, a line every few seconds
/// elsewhere.
class Progress {
public:
    explicit Progress(bool terminal) : terminal_(terminal) {}

    void tell(Instant now, const BatchCounts& counts);
    /// A line that stays.
    void say(const std::string& line);
    /// Takes the rewritten line away.
    void clear();

private:
    bool terminal_;
    bool shown_ = false;
    Instant next_;
    ProgressText text_;
};

/// The last word on a batch: "40 jobs, 38 finished, 2 failed".
[[nodiscard]] std::string format_summary(const BatchCounts& counts);

/// How a job ended, for a person: "failed, exit code 3: message".
[[nodiscard]] std::string format_end(const JobEnd& end);

}  // namespace offerkit::tools
