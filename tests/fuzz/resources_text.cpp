// SPDX-License-Identifier: Apache-2.0
// Resource text: nothing crashes, what is read is within the limits, and what is read can be
// written and read again as the same.
#include <offerkit/core/assert.hpp>
#include <offerkit/resources/builder.hpp>
#include <offerkit/resources/text.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace offerkit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const Result<Resources> read = parse_resources(input);
    if (!read) {
        const Refusal& refusal = read.error();
        OFFERKIT_ASSERT(refusal.who == "resources" && !refusal.what.empty());
        OFFERKIT_ASSERT(!refusal.why.empty() && !refusal.todo.empty());
        return 0;
    }
    OFFERKIT_ASSERT(validate_resources(*read).has_value());
    OFFERKIT_ASSERT(read->contains(*read) && (*read - *read).is_empty());
    const std::string text = format_resources(*read);
    // Writing may be longer than reading allows ("," becomes ", "): then there is no second text.
    if (text.size() > limits::resources_text_max) return 0;
    const Result<Resources> again = parse_resources(text);
    OFFERKIT_ASSERT(again.has_value() && *again == *read);
    OFFERKIT_ASSERT(format_resources(*again) == text);
    return 0;
}
