// SPDX-License-Identifier: Apache-2.0
// Frames: nothing crashes, no frame exceeds its limit, and the same bytes give the same frames
// however they are cut. The first byte says into which pieces.
#include <offerkit/core/assert.hpp>
#include <offerkit/wire/frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace offerkit;
using namespace offerkit::wire;

namespace {

/// The frames of `bytes`, written as frames again, and whether the rest was refused.
struct Read {
    Bytes frames;
    bool is_refused = false;
    friend bool operator==(const Read&, const Read&) = default;
};

Read read_in_pieces(std::string_view bytes, std::size_t piece) {
    FrameReader reader;
    Read read;
    while (!bytes.empty()) {
        reader.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        while (true) {
            const auto frame = reader.next();
            if (!frame) {
                OFFERKIT_ASSERT(!reader.next().has_value());
                read.is_refused = true;
                return read;
            }
            if (!frame->has_value()) break;
            append_frame(read.frames, (*frame)->kind, (*frame)->channel, (*frame)->payload);
        }
        OFFERKIT_ASSERT(reader.pending_bytes() < limits::frame_max + frame_header_bytes);
    }
    return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    const Read whole = read_in_pieces(bytes, bytes.size() + 1);
    OFFERKIT_ASSERT(read_in_pieces(bytes, std::size_t{data[0]} + 1) == whole);
    // No byte is lost, added or changed.
    OFFERKIT_ASSERT(bytes.starts_with(whole.frames));
    return 0;
}
