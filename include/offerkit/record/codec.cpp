// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/build_id.hpp>
#include <offerkit/record/codec.hpp>
#include <offerkit/version.hpp>

#include <string>

namespace offerkit::record {

std::string build_text() {
    return std::string("offerkit ") + version_text + ", sources " + detail::sources_id() +
           ", compiled by " + __VERSION__;
}

Refusal refuse_bytes(const ByteReader& in, std::string_view what) {
    return {RefusalCode::malformed, "record", std::string(what),
            std::string(in.why()) + ", at byte " + std::to_string(in.failed_at()),
            "use the file as it was written, with the build that wrote it"};
}

}  // namespace offerkit::record
