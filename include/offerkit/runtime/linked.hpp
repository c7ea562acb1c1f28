// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The link of a machine that connects (framework, agent): what comes over a link becomes events
/// that remember it, so that the late words of a link that was given up never reach the machine.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/runtime/event_loop.hpp>
#include <offerkit/runtime/link.hpp>
#include <offerkit/wire/codec.hpp>

#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::runtime {

/// An event and the link it came over; no link: it came another way.
template <class Event>
struct Linked {
    PeerId link;
    Event event;
};

/// `Opened`, `Closed` and `Said` are the machine's events, constructible from a welcome, a refusal
/// and a `Message`.
template <class Event, class Opened, class Closed, class Said, class Message>
class LinkedListener final : public LinkListener {
public:
    using Loop = EventLoop<Linked<Event>>;

    explicit LinkedListener(Loop& loop) : loop_(loop) {}

    void on_open(PeerId link, const protocol::Welcome& welcome) override {
        events_.push_back({link, Opened{welcome}});
    }

    Result<void> on_message(PeerId link, std::string_view bytes) override {
        auto message = wire::decode<Message>(bytes);
        if (!message) return std::move(message).error();
        events_.push_back({link, Said{std::move(message).value()}});
        return {};
    }

    void on_close(PeerId link, const Refusal& why) override {
        events_.push_back({link, Closed{why}});
    }

    void flush() override { loop_.push(events_); }
    [[nodiscard]] bool is_full() const override { return loop_.is_full(); }

private:
    Loop& loop_;
    std::vector<Linked<Event>> events_;
};

}  // namespace offerkit::runtime
