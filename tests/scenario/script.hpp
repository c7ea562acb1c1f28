// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One machine under a scenario: commands become the events of its next batch, and what it asks for
/// comes back as lines.

#include "words.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::test {

class MachineScript {
public:
    MachineScript() = default;
    MachineScript(const MachineScript&) = delete;
    MachineScript& operator=(const MachineScript&) = delete;
    virtual ~MachineScript() = default;

    /// Adds the event that the command describes to the next batch.
    virtual void command(const std::string& verb, Words& words) = 0;

    /// Steps over the batch, then checks the machine's invariants. Returns a line per effect and
    /// delta, and the next wake if there is one.
    virtual std::vector<std::string> step(Instant now) = 0;

    /// How many effects there were so far, and: from now on, let the one of this number fail, as
    /// far as the world can let it.
    [[nodiscard]] std::size_t effects() const { return effects_; }
    void fail_effect(std::size_t number) { failing_ = number; }

protected:
    /// True once, for the effect that is to fail.
    [[nodiscard]] bool fails_now() { return effects_++ == failing_; }

private:
    std::size_t effects_ = 0;
    std::size_t failing_ = static_cast<std::size_t>(-1);
};

/// `options` are the words after the machine's name.
std::unique_ptr<MachineScript> make_master_script(Words& options);
std::unique_ptr<MachineScript> make_framework_script(Words& options);
std::unique_ptr<MachineScript> make_agent_script(Words& options);
std::unique_ptr<MachineScript> make_executor_script(Words& options);

/// "wake 8s", unless there is nothing to wake for.
inline void print_wake(Instant wake, std::vector<std::string>& lines) {
    if (wake != Instant::never()) lines.push_back("wake " + format_duration(wake - Instant{}));
}

/// No wall clock in a scenario: it is the virtual one.
inline WallTime wall_of(Instant now) { return {now.ns}; }

}  // namespace offerkit::test
