// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Keeps the event log of a live machine: bytes are made on the machine's thread and written to
/// the file by another, so that a disk never holds up a step.

#include <offerkit/core/batch.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/record/log.hpp>
#include <offerkit/runtime/log.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::runtime {

/// A file that grows, written by a thread of its own.
class GrowingFile {
public:
    /// Makes the folder if it is missing. Refuses: `already_exists` for a file that is there,
    /// `unavailable`. A write that fails later is logged, and ends the writing.
    static Result<std::unique_ptr<GrowingFile>> create(const std::string& folder,
                                                       const std::string& name, Log log);
    GrowingFile(const GrowingFile&) = delete;
    GrowingFile& operator=(const GrowingFile&) = delete;
    ~GrowingFile();  // Writes what is left.

    /// Appends all, and leaves `bytes` empty. One thread.
    void append(record::Bytes& bytes);

private:
    struct Body;
    explicit GrowingFile(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

/// The recorder of one machine; one that was not started records nothing and costs nothing.
class Recorder {
public:
    Recorder() = default;

    /// Writes FOLDER/NAME. Refuses what `GrowingFile::create` refuses.
    static Result<Recorder> start(const std::string& folder, const std::string& name,
                                  const record::LogHeader& header, Log log) {
        auto file = GrowingFile::create(folder, name, std::move(log));
        if (!file) return std::move(file).error();
        Recorder recorder;
        recorder.file_ = std::move(file).value();
        recorder.writer_.emplace(header, recorder.bytes_);
        recorder.file_->append(recorder.bytes_);
        return recorder;
    }

    /// Before the step, which moves out of the events.
    template <class Event>
    void begin(const Batch<Event>& batch) {
        if (writer_) writer_->begin_step(batch);
    }

    /// After it, before the effects are performed.
    template <class Effects>
    void end(const Effects& effects, Instant next_wake) {
        if (!writer_) return;
        writer_->end_step(effects, next_wake, bytes_);
        file_->append(bytes_);
    }

private:
    std::optional<record::LogWriter> writer_;
    record::Bytes bytes_;
    std::unique_ptr<GrowingFile> file_;
};

/// What the logs of this build say of themselves.
[[nodiscard]] std::string build_text();

}  // namespace offerkit::runtime
