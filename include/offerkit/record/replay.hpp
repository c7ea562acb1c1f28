// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Runs a recorded machine again over its own log: all at once, or step by step with a look at the
/// machine in between. What it asks for is made anew in every step, and compared with the log: how
/// much of which kinds and its next wake always; byte for byte where the log holds it; at the end
/// of a log that another one follows, its whole state.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/record/bytes.hpp>
#include <offerkit/record/log.hpp>
#include <offerkit/record/summary.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::record {

/// The first step in which the machine did not do what it did when it was recorded.
struct Difference {
    std::uint64_t step = 0;  // From zero.
    Instant at;
    std::string what;  // For people: which effect, by number, the next wake, the state.
};

struct Replay {
    std::uint64_t steps = 0;
    std::uint64_t events = 0;
    std::uint64_t effects = 0;             // Deltas included.
    std::uint64_t steps_in_full = 0;       // Whose effects were compared byte for byte.
    bool state_compared = false;           // At the end of the log.
    std::uint64_t fingerprint = 0;         // Of all events, and of all effects as replayed.
    bool cut_off = false;                  // The log ends in a record that is not whole.
    std::optional<Difference> difference;  // None: the same.
};

struct ReplayOptions {
    std::string build;  // Of this program. Empty: replay what any build wrote.
    /// Makes the allocator for a master. Empty: the built-in policies, by name.
    std::function<Result<std::unique_ptr<Allocator>>(std::string_view policy, std::uint64_t seed)>
        make_allocator;
    /// After every so many steps, goes on with a machine that was made from a snapshot of it, and
    /// counts a snapshot that is not whole as a difference. Zero: never.
    std::uint64_t restore_every = 0;
};

/// One log under replay. Refers to the bytes that it was opened with.
class Replayer {
public:
    /// Refuses: what `LogReader` refuses; `unsupported` for another build, naming both, or for a
    /// snapshot that its policy cannot have; `malformed` for a damaged one; `not_found` for an
    /// unknown policy.
    [[nodiscard]] static Result<Replayer> open(std::string_view log, ReplayOptions options = {});

    Replayer(Replayer&&) noexcept;
    Replayer& operator=(Replayer&&) noexcept;
    ~Replayer();

    /// Replays one step. False at the end: of the log, of what is whole of it, or at the first
    /// difference. Refuses: what `LogReader` refuses, but for a last record that is cut off.
    [[nodiscard]] Result<bool> next();

    [[nodiscard]] const LogHeader& header() const;
    [[nodiscard]] const Replay& so_far() const;

    /// When the next step is; none if there is no whole one.
    [[nodiscard]] std::optional<Instant> next_at() const;

    /// When the last step was; where the snapshot left off, before the first.
    [[nodiscard]] Instant now() const;
    [[nodiscard]] WallTime wall_now() const;

    /// What the last step heard and asked for, by kind, in order: "agent_said", "beat", ...
    [[nodiscard]] std::vector<std::string> kinds() const;
    /// Every kind that this machine may hear or ask for, sorted.
    [[nodiscard]] std::vector<std::string> all_kinds() const;

    /// The machine as it now is.
    [[nodiscard]] Summary state() const;
    [[nodiscard]] Result<void> encode_snapshot(Bytes& out) const;

private:
    class Runner;
    template <class Traits>
    class MachineRunner;
    explicit Replayer(std::unique_ptr<Runner> runner);
    [[nodiscard]] static Result<std::unique_ptr<Runner>> make_runner(LogReader reader,
                                                                     ReplayOptions options);

    std::unique_ptr<Runner> runner_;
};

/// Replays a log from its beginning, up to the first difference. Refuses what `Replayer` refuses.
[[nodiscard]] Result<Replay> replay(std::string_view log, const ReplayOptions& options = {});

}  // namespace offerkit::record
