// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Keeps the event log of a live machine in files of bounded size. Bytes are made on the machine's
/// thread and written by another, so that a disk never holds up a step. Each file begins with a
/// snapshot of the machine and so replays by itself; the oldest files are removed.

#include <offerkit/core/batch.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/record/log.hpp>
#include <offerkit/record/snapshot.hpp>
#include <offerkit/runtime/log.hpp>
#include <offerkit/runtime/record_options.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace offerkit::runtime {

/// The files of one recorder, written by a thread of their own.
class RecordFiles {
public:
    /// How many bytes may wait for a disk that is slow.
    static constexpr std::size_t waiting_max = std::size_t{256} * 1024 * 1024;

    /// Makes the folder if it is missing, and FOLDER/NAME-RUN-000001.log; the first number that is
    /// free, if there are files of that run. Refuses: `unavailable`.
    static Result<std::unique_ptr<RecordFiles>> create(const RecordOptions& options,
                                                       const std::string& name, std::uint64_t run,
                                                       Log log);
    RecordFiles(const RecordFiles&) = delete;
    RecordFiles& operator=(const RecordFiles&) = delete;
    ~RecordFiles();  // Writes what is left.

    /// Takes the bytes, which are one record or several. One thread. False: the file could not be
    /// written, or the disk is too far behind; what follows needs a new one.
    [[nodiscard]] bool append(std::string_view bytes);

    /// As `append`, to the next file, which is begun with these bytes.
    [[nodiscard]] bool begin_file(std::string_view bytes);

private:
    struct Body;
    [[nodiscard]] bool push(std::string_view bytes, bool begins_file);
    explicit RecordFiles(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

/// The recorder of one machine; one that was not started records nothing and costs nothing.
class Recorder {
public:
    /// So many effects of a busy machine are left out for each that is written (`record/log.hpp`).
    static constexpr std::uint64_t left_out = 64;

    Recorder() = default;

    /// Begins to record a machine between two of its steps. `run` tells the files of one process
    /// from those of the next. Refuses: what `RecordFiles::create` and `encode_snapshot` refuse.
    template <class Machine>
    [[nodiscard]] static Result<Recorder> start(const RecordOptions& options,
                                                const std::string& name, std::uint64_t run,
                                                record::LogHeader header, const Machine& machine,
                                                Log log) {
        Recorder recorder;
        recorder.options_ = options;
        recorder.header_ = std::move(header);
        recorder.header_.left_out = left_out;
        if (auto encoded = recorder.encode_header(machine); !encoded) {
            return std::move(encoded).error();
        }
        auto files = RecordFiles::create(options, name, run, std::move(log));
        if (!files) return std::move(files).error();
        recorder.files_ = std::move(files).value();
        recorder.is_broken_ = !recorder.files_->append(recorder.bytes_);
        recorder.bytes_ = {};
        return recorder;
    }

    /// Before the step, which moves out of the events.
    template <class Event>
    void begin(const Batch<Event>& batch) {
        now_ = batch.mono_now;
        if (writer_ && !is_broken_) writer_->begin_step(batch);
    }

    /// After it, before the effects are performed.
    template <class Machine, class Effects>
    void end(const Machine& machine, const Effects& effects, Instant next_wake) {
        if (!writer_) return;
        if (!is_broken_) {
            const std::string_view bytes = writer_->end_step(effects, next_wake);
            in_file_ += bytes.size();
            is_broken_ = !files_->append(bytes);
            if (is_broken_) retry_at_ = now_ + retry_after;
        }
        if (is_broken_ ? now_ >= retry_at_ : in_file_ >= file_ends_at_) begin_file(machine);
    }

    /// After the last step: notes what state was reached, for a replay to compare with.
    template <class Machine>
    void finish(const Machine& machine) {
        if (!writer_ || is_broken_ || !record::encode_snapshot(machine, header_.snapshot)) return;
        bytes_.clear();
        record::LogWriter::end(header_.snapshot, bytes_);
        is_broken_ = !files_->append(bytes_);
        writer_.reset();
    }

private:
    static constexpr Duration retry_after = std::chrono::minutes{1};

    /// Begins a log in `bytes_` with the machine as it is. Before it, if `old` is given, that ends.
    template <class Machine>
    Result<void> encode_header(const Machine& machine, record::Bytes* old = nullptr) {
        header_.snapshot.clear();
        if (auto encoded = record::encode_snapshot(machine, header_.snapshot); !encoded) {
            return encoded;
        }
        if (header_.snapshot.size() > record::log_record_max / 2) {
            return Refusal{
                RefusalCode::too_large, "record", "begin a file",
                "the machine's state has " + std::to_string(header_.snapshot.size()) + " bytes",
                "run without a record"};
        }
        if (old != nullptr) record::LogWriter::end(header_.snapshot, *old);
        in_file_ = 0;
        file_ends_at_ = std::max<std::uint64_t>(options_.file_bytes, 4 * header_.snapshot.size());
        bytes_.clear();
        writer_.emplace(header_, bytes_);
        header_.snapshot = {};
        return {};
    }

    template <class Machine>
    void begin_file(const Machine& machine) {
        record::Bytes end;
        is_broken_ = !encode_header(machine, &end) || (!is_broken_ && !files_->append(end)) ||
                     !files_->begin_file(bytes_);
        bytes_ = {};  // A snapshot may be large.
        if (is_broken_) retry_at_ = now_ + retry_after;
    }

    RecordOptions options_;
    record::LogHeader header_;
    std::optional<record::LogWriter> writer_;
    record::Bytes bytes_;
    std::unique_ptr<RecordFiles> files_;
    std::uint64_t in_file_ = 0;
    std::uint64_t file_ends_at_ = 0;
    Instant now_;
    Instant retry_at_;
    bool is_broken_ = false;  // Nothing is recorded until `retry_at_`.
};

}  // namespace offerkit::runtime
