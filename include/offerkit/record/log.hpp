// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Event logs: everything that a machine was told, batch by batch. The machines being pure, that is
/// all there is to know about a run. What they asked for follows from it (`replay.hpp`), so that
/// only some steps hold it, to compare with. Bytes in, bytes out: files are the runtime's.
///
///   log     8 bytes "OFKTLOG1", then records
///   record  4 bytes length, 4 bytes CRC-32C (both lowest byte first), payload
///   first   the header; then one record for each step of the machine
///   last    where another log goes on from here: a checksum over the state that was reached
///
/// A log that a dying process has left ends in a record that is cut off: all before it is good.

#include <offerkit/core/batch.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/record/bytes.hpp>
#include <offerkit/record/codec.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace offerkit::record {

inline constexpr std::uint64_t log_format_version = 3;
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
    std::uint64_t left_out = 0;     // For each effect that is written, as many at most are not.
    friend bool operator==(const LogHeader&, const LogHeader&) = default;
};

/// How many effects there are, deltas included, and of which kinds in which order.
struct EffectKinds {
    std::uint64_t count = 0;
    std::uint32_t sum = 0;
    friend bool operator==(const EffectKinds&, const EffectKinds&) = default;
};

/// One step, still encoded: `events` and `effects` are as many values one after the other.
struct LoggedStep {
    Instant mono_now;
    WallTime wall_now;
    Instant next_wake;
    std::uint64_t event_count = 0;
    std::string_view events;
    EffectKinds kinds;
    std::optional<std::string_view> effects;  // Effects, then deltas. None: they were left out.
};

/// Calls `visit` with all that a step asked for: effects, then deltas.
template <class Effects, class F>
void each_effect(const Effects& effects, F&& visit) {
    for (const auto& effect : effects.list)
        visit(effect);
    if constexpr (requires { effects.deltas; }) {
        for (const auto& delta : effects.deltas)
            visit(delta);
    }
}

template <class Effects>
void encode_effects(const Effects& effects, Bytes& out) {
    ByteWriter writer{out};
    each_effect(effects, [&](const auto& effect) { encode(effect, writer); });
}

template <class Effects>
[[nodiscard]] EffectKinds kinds_of(const Effects& effects) {
    EffectKinds kinds;
    each_effect(effects, [&](const auto& effect) {
        ++kinds.count;
        kinds.sum = kinds.sum * 31 + static_cast<std::uint32_t>(effect.index()) + 1;
    });
    return kinds;
}

/// What stands at the end of a log of the state that was reached there.
[[nodiscard]] std::uint32_t sum_of_snapshot(std::string_view snapshot);

/// Writes a log, a step at a time. Appends to what it is given; the caller takes bytes away
/// whenever it likes. To encode effects costs more than all else that a record does: `left_out`
/// says how many may be missing. A machine that has time writes all.
class LogWriter {
public:
    /// After a step with effects comes the next when this has passed for each of them, if not
    /// before.
    static constexpr Duration time_per_effect = std::chrono::milliseconds{1};

    /// Begins a log in `out`.
    LogWriter(const LogHeader& header, Bytes& out);

    /// Before the step, which moves out of the events.
    template <class Event>
    void begin_step(const Batch<Event>& batch) {
        begin_record();
        {
            ByteWriter writer{record_};
            for (const Event& event : batch.events)
                encode(event, writer);
        }
        step_.mono_now = batch.mono_now;
        step_.wall_now = batch.wall_now;
        step_.event_count = batch.events.size();
    }

    /// After it. What it returns is the record, and good until the next step.
    template <class Effects>
    [[nodiscard]] std::string_view end_step(const Effects& effects, Instant next_wake) {
        step_.kinds = kinds_of(effects);
        step_.next_wake = next_wake;
        if (end_events()) encode_effects(effects, record_);
        end_record();
        return record_;
    }

    template <class Effects>
    void end_step(const Effects& effects, Instant next_wake, Bytes& out) {
        out += end_step(effects, next_wake);
    }

    /// The last record: what comes after it is in another log, which begins with this snapshot.
    static void end(std::string_view snapshot, Bytes& out);

private:
    void begin_record();
    [[nodiscard]] bool end_events();  // True: effects are to follow.
    void end_record();

    std::uint64_t left_out_;
    // A step has its effects when either of these has come.
    std::uint64_t effects_until_due_ = 0;
    Instant due_at_;
    LoggedStep step_;
    Bytes record_;
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

    /// Once `next` has met the end: the sum over the state that was reached, if it was written.
    [[nodiscard]] std::optional<std::uint32_t> state_sum() const { return state_sum_; }

    /// True once `next` has met a last record that is not whole, as a dying writer leaves one.
    [[nodiscard]] bool is_cut_off() const { return cut_off_; }

    /// Where in the bytes the next record begins.
    [[nodiscard]] std::size_t position() const { return at_; }

private:
    explicit LogReader(std::string_view bytes) : bytes_(bytes) {}
    [[nodiscard]] Result<std::string_view> next_record();
    [[nodiscard]] Result<std::optional<LoggedStep>> read_end(ByteReader& in);

    std::string_view bytes_;
    std::size_t at_ = 0;
    bool cut_off_ = false;
    std::optional<std::uint32_t> state_sum_;
    LogHeader header_;
};

}  // namespace offerkit::record
