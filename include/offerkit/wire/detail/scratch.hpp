// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The protobuf objects that bytes pass through. Each thread keeps one per type and uses it again,
/// because making and freeing the many small parts of a message costs more than parsing it.

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message_lite.h>
#include <offerkit/core/limits.hpp>
#include <offerkit/wire/frame.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace offerkit::wire::detail {

/// Borrows this thread's object for one message. Not to be nested for one type.
template <class Wire>
class Scratch {
public:
    Scratch() : kept_(kept()) {
        if (!kept_.message) kept_.message = std::make_unique<Wire>();
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    /// What is cleared keeps its memory, and a sequence of messages can make it keep ever more: so
    /// the object is dropped after a large message, and after many bytes in all.
    ~Scratch() {
        if (kept_.bytes > bytes_max) {
            kept_ = {};
        } else {
            kept_.message->Clear();
        }
    }

    [[nodiscard]] Wire& operator*() const { return *kept_.message; }
    [[nodiscard]] Wire* operator->() const { return kept_.message.get(); }

    /// True if `bytes` are such a message, nested no deeper than the limit.
    [[nodiscard]] bool parse(std::string_view bytes) {
        if (bytes.size() > limits::frame_max) return false;
        kept_.bytes += bytes.size();
        google::protobuf::io::CodedInputStream stream(
            reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
        stream.SetRecursionLimit(static_cast<int>(limits::frame_depth_max));
        return kept_.message->MergePartialFromCodedStream(&stream) &&
               stream.ConsumedEntireMessage();
    }

    void append_to(Bytes& out) {
        const std::size_t before = out.size();
        // It cannot fail: no field is required, and one frame is far below protobuf's 2 GiB.
        static_cast<void>(kept_.message->AppendPartialToString(&out));
        kept_.bytes += out.size() - before;
    }

private:
    struct Kept {
        std::unique_ptr<Wire> message;
        std::size_t bytes = 0;  // Seen since the object was made.
    };

    static constexpr std::size_t bytes_max = 1024 * 1024;

    static Kept& kept() {
        // tidy: allow thread: memory that is used again, no state that anybody can see
        thread_local Kept kept;
        return kept;
    }

    Kept& kept_;
};

}  // namespace offerkit::wire::detail
