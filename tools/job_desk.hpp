// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where a run of a jobs file answers questions of its user about jobs that no cluster knows of
/// yet: a socket in the user's folder, one line in, one line out. Only the run itself knows what
/// waits for what.

#include <offerkit/core/result.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace offerkit::tools {

/// The side of the run. Does nothing between two calls, and needs no thread of its own.
class JobDesk {
public:
    /// A job's id in, one JSON object out; empty: there is no such job.
    using Answer = std::function<std::string(const std::string& job)>;

    /// A desk that could not be opened answers nobody: the run goes on without.
    JobDesk();
    ~JobDesk();
    JobDesk(const JobDesk&) = delete;
    JobDesk& operator=(const JobDesk&) = delete;

    /// Answers whoever has asked since the last time. Never waits.
    void look(const Answer& answer);

private:
    struct Visitor {
        int descriptor;
        std::string question;
        int looks = 0;
    };
    static constexpr int looks_max = 50;  // Who has asked nothing by then makes room.
    static constexpr std::size_t visitors_max = 16;
    static constexpr std::size_t question_max = 1024;

    bool serve(Visitor& visitor, const Answer& answer);

    std::string path_;
    int listener_ = -1;
    std::vector<Visitor> visitors_;
};

/// Asks all runs of this user. One answer for each that has such a job.
[[nodiscard]] std::vector<std::string> ask_runs(const std::string& job);

}  // namespace offerkit::tools
