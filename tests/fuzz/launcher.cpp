// SPDX-License-Identifier: Apache-2.0
// Packets of the launcher's protocol, in both directions. Whatever is decoded stays within the
// packet and its limits, and a report that was decoded is encoded to the same bytes.

#include "../../daemons/agent/launcher/codec.hpp"

#include <cstdlib>

namespace {

using namespace offerkit::launcher;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_launch(std::span<const std::byte> body) {
    LaunchView view;
    if (decode(body, view)) return;
    require(!view.key.empty() && view.key.size() <= key_bytes_max);
    require(view.sandbox.front() == '/' && view.sandbox.data()[view.sandbox.size()] == '\0');
    require(view.arguments.size() >= 1 && view.arguments.size() <= arguments_max);
    std::size_t bytes = 0;
    const auto measure = [&](const char* text, std::size_t length) {
        require(std::strlen(text) == length);
        bytes += length + 1;
    };
    view.arguments.for_each(measure);
    view.environment.for_each(measure);
    require(bytes <= body.size());
    for (std::uint32_t i = 0; i < view.group_count; ++i)
        (void)view.group(i);
    for (std::uint32_t i = 0; i < view.limit_count; ++i)
        (void)view.limit(i);
}

void check_report(const Message& message, std::span<const std::byte> whole) {
    Report report;
    if (decode(message, report)) return;
    Bytes again(packet_bytes_max);
    const std::size_t length = encode(report, again);
    require(length == whole.size());
    require(std::memcmp(again.data(), whole.data(), length) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::span<const std::byte> rest(reinterpret_cast<const std::byte*>(data), size);
    while (!rest.empty()) {
        const auto before = rest;
        Message message;
        if (next_message(rest, message)) return 0;
        const auto whole = before.first(before.size() - rest.size());
        Hello hello;
        KillRequest kill;
        ForgetRequest forget;
        ListRequest list;
        ShutdownRequest shutdown;
        (void)decode(message.body, hello);
        (void)decode(message.body, kill);
        (void)decode(message.body, forget);
        (void)decode(message.body, list);
        (void)decode(message.body, shutdown);
        check_launch(message.body);
        check_report(message, whole);
    }
    return 0;
}
