// SPDX-License-Identifier: Apache-2.0
// Messages: nothing crashes, what is refused is refused with a reason, and what is read can be
// written and read again as the same. The first byte selects the type of the message.
#include <offerkit/core/assert.hpp>
#include <offerkit/wire/codec.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace offerkit;

namespace {

void check_said(const Refusal& refusal) {
    OFFERKIT_ASSERT(!refusal.who.empty() && !refusal.what.empty());
    OFFERKIT_ASSERT(!refusal.why.empty() && !refusal.todo.empty());
}

template <class T>
void check(std::string_view bytes) {
    const Result<T> read = wire::decode<T>(bytes);
    if (!read) return check_said(read.error());
    wire::Bytes written;
    wire::encode(read.value(), written);
    const Result<T> again = wire::decode<T>(written);
    OFFERKIT_ASSERT(again.has_value() && again.value() == read.value());
    wire::Bytes rewritten;
    wire::encode(again.value(), rewritten);
    OFFERKIT_ASSERT(rewritten == written);
}

void check_refusal(std::string_view bytes) {
    const Refusal read = wire::decode_refusal(bytes);
    wire::Bytes written;
    wire::encode(read, written);
    OFFERKIT_ASSERT(wire::decode_refusal(written) == read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    switch (data[0] % 9) {
        case 0:
            check<protocol::Hello>(bytes);
            break;
        case 1:
            check<protocol::Welcome>(bytes);
            break;
        case 2:
            check<protocol::SchedulerCall>(bytes);
            break;
        case 3:
            check<protocol::SchedulerEvent>(bytes);
            break;
        case 4:
            check<protocol::AgentMessage>(bytes);
            break;
        case 5:
            check<protocol::MasterMessage>(bytes);
            break;
        case 6:
            check<protocol::ExecutorCall>(bytes);
            break;
        case 7:
            check<protocol::ExecutorEvent>(bytes);
            break;
        default:
            check_refusal(bytes);
            break;
    }
    return 0;
}
