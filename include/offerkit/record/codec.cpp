// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/codec.hpp>

#include <string>

namespace offerkit::record {

Refusal refuse_bytes(const ByteReader& in, std::string_view what) {
    return {RefusalCode::malformed, "record", std::string(what),
            std::string(in.why()) + ", at byte " + std::to_string(in.failed_at()),
            "use the file as it was written, with the build that wrote it"};
}

}  // namespace offerkit::record
