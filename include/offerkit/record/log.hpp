// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Event logs: everything that a machine was told, batch by batch, and everything that it asked
/// for. The machines being pure, that is all there is to know about a run (`replay.hpp`). Bytes in,
/// bytes out: files are the runtime's.
///
///   log     8 bytes "OFKTLOG1", then records
///   record  4 bytes length, 4 bytes CRC-32C (both lowest byte first), payload
///   first   the header; then one record for each step of the machine
///
/// A log that a dying process has left ends in a record that is cut off: all before it is good.

#include <offerkit/core/batch.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/record/bytes.hpp>
#include <offerkit/record/codec.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace offerkit::record {

inline constexpr std::uint64_t log_format_version = 1;
inline constexpr std::size_t log_record_max = std::size_t{256} * 1024 * 1024;

enum class Machine : std::uint8_t { master, agent, framework, executor };

/// What a log begins with.
struct LogHeader {
    std::uint64_t format = log_format_version;
    std::string build;  // Of the program that wrote it: only the same build replays it for sure.
    Machine machine = Machine::master;
    std::string policy;             // Of a master's allocator, as `--policy` spells it.
    std::uint64_t policy_seed = 1;  // As in `CycleOptions`.
    Bytes options;                  // The machine's, encoded.
    Bytes snapshot;                 // Encoded state to begin from; empty: a new machine.
    friend bool operator==(const LogHeader&, const LogHeader&) = default;
};

/// One step, still encoded: `events` and `effects` are as many values one after the other.
struct LoggedStep {
    Instant mono_now;
    WallTime wall_now;
    std::uint64_t event_count = 0;
    std::string_view events;
    Instant next_wake;
    std::uint64_t effect_count = 0;  // Effects, then deltas.
    std::string_view effects;
};

/// Encodes all that a step asked for, deltas included. Returns how many they are.
template <class Effects>
std::uint64_t encode_effects(const Effects& effects, Bytes& out) {
    for (const auto& effect : effects.list)
        encode(effect, out);
    std::uint64_t count = effects.list.size();
    if constexpr (requires { effects.deltas; }) {
        for (const auto& delta : effects.deltas)
            encode(delta, out);
        count += effects.deltas.size();
    }
    return count;
}

/// Writes a log, a step at a time. Appends to what it is given; the caller takes bytes away
/// whenever it likes.
class LogWriter {
public:
    /// Begins a log in `out`.
    LogWriter(const LogHeader& header, Bytes& out);

    /// Before the step, which moves out of the events.
    template <class Event>
    void begin_step(const Batch<Event>& batch) {
        events_.clear();
        for (const Event& event : batch.events)
            encode(event, events_);
        step_.mono_now = batch.mono_now;
        step_.wall_now = batch.wall_now;
        step_.event_count = batch.events.size();
    }

    /// After it.
    template <class Effects>
    void end_step(const Effects& effects, Instant next_wake, Bytes& out) {
        effects_.clear();
        step_.effect_count = encode_effects(effects, effects_);
        step_.next_wake = next_wake;
        append(out);
    }

private:
    void append(Bytes& out);

    LoggedStep step_;
    Bytes events_;
    Bytes effects_;
    Bytes payload_;
};

/// Reads a log, a step at a time. What it returns refers to the bytes it was given.
class LogReader {
public:
    /// Refuses: `malformed` for what is no log, or whose header is damaged; `unsupported` for
    /// another format.
    static Result<LogReader> open(std::string_view bytes);

    [[nodiscard]] const LogHeader& header() const { return header_; }

    /// The next step; nothing at the end. Refuses: `malformed`, naming the place, if the bytes are
    /// damaged or cut off.
    [[nodiscard]] Result<std::optional<LoggedStep>> next();

    /// True once `next` has met a last record that is not whole, as a dying writer leaves one.
    [[nodiscard]] bool is_cut_off() const { return cut_off_; }

    /// Where in the bytes the next record begins.
    [[nodiscard]] std::size_t position() const { return at_; }

private:
    explicit LogReader(std::string_view bytes) : bytes_(bytes) {}
    [[nodiscard]] Result<std::string_view> next_record();

    std::string_view bytes_;
    std::size_t at_ = 0;
    bool cut_off_ = false;
    LogHeader header_;
};

}  // namespace offerkit::record
