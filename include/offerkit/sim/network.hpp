// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The modelled network: how long messages take, and what can become of them. It is TCP's world: a
/// connection delivers in order or breaks, and what was under way on a broken one is lost; a cut
/// link holds everything back without a word to anybody. Beyond TCP, hostile mode drops, repeats
/// and reorders single messages, which machines must absorb too.

#include <offerkit/core/id.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/protocol/hello.hpp>

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace offerkit::sim {

/// Parts of a thousand, for chances.
using PerMille = std::uint32_t;

/// How long something takes: uniform between two lengths, and sometimes much longer.
struct Delay {
    Duration least{0};
    Duration most{0};
    PerMille spikes = 0;
    Duration spike{0};  // Added once in `spikes` of a thousand.

    [[nodiscard]] Duration draw(Rng& rng) const {
        Duration drawn{rng.between(least.count(), most.count())};
        if (spikes != 0 && rng.chance(spikes, 1000)) drawn += spike;
        return drawn;
    }
};

struct NetworkOptions {
    Delay delay{std::chrono::microseconds{100}, std::chrono::milliseconds{1}};
    PerMille breaks = 0;  // Messages that break the connection they are sent on.

    // Hostile mode: what TCP would never do to a single message.
    PerMille drops = 0;
    PerMille repeats = 0;
    PerMille reorders = 0;
};

/// The link of one agent or framework to the master.
struct Link {
    protocol::PeerKind kind = protocol::PeerKind::agent;
    std::uint32_t index = 0;
    friend auto operator<=>(const Link&, const Link&) = default;
};

[[nodiscard]] inline Link agent_link(std::uint32_t index) {
    return {protocol::PeerKind::agent, index};
}
[[nodiscard]] inline Link framework_link(std::uint32_t index) {
    return {protocol::PeerKind::framework, index};
}

/// One connection between a client and the master. Either side may think that it is gone while the
/// other does not know yet.
struct Connection {
    Link link;
    std::uint32_t generation = 0;  // Of the client that opened it.
    std::uint64_t epoch_seen = 0;  // For the hello.
    bool client_open = false;
    bool master_open = false;
    bool broken = false;     // Nothing arrives any more but the news of it.
    Instant last_to_master;  // Arrivals keep their order.
    Instant last_to_client;
};

/// All connections since the world began, by number; the numbers are those of the peer ids.
class Connections {
public:
    [[nodiscard]] std::uint64_t open(Link link, std::uint32_t generation,
                                     std::uint64_t epoch_seen) {
        while (!connections_.empty() && is_over(connections_.front())) {
            connections_.pop_front();
            ++forgotten_;
        }
        Connection connection;
        connection.link = link;
        connection.generation = generation;
        connection.epoch_seen = epoch_seen;
        connection.client_open = true;
        connections_.push_back(connection);
        return forgotten_ + connections_.size();
    }

    /// Null if there never was one of this number, or it is long over.
    [[nodiscard]] Connection* find(std::uint64_t number) {
        if (number <= forgotten_ || number > forgotten_ + connections_.size()) return nullptr;
        return &connections_[static_cast<std::size_t>(number - forgotten_ - 1)];
    }

    [[nodiscard]] static PeerId peer_of(std::uint64_t number) { return PeerId{0, number}; }
    [[nodiscard]] static std::uint64_t number_of(PeerId peer) { return peer.counter(); }

    /// Calls `f(number, connection)` for each that anybody still thinks is open.
    template <class F>
    void for_each(F&& f) {
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            if (!is_over(connections_[i])) f(forgotten_ + i + 1, connections_[i]);
        }
    }

private:
    [[nodiscard]] static bool is_over(const Connection& connection) {
        return !connection.client_open && !connection.master_open;
    }

    std::deque<Connection> connections_;
    std::uint64_t forgotten_ = 0;
};

/// What a message meets on its way.
struct Passage {
    bool breaks = false;
    bool dropped = false;
    bool repeated = false;
    bool reordered = false;
    Instant arrives;
    Instant arrives_again;  // Valid if repeated.
};

/// Draws what becomes of one message that is sent now. `last` is the arrival of the one before it
/// on the same way, and is moved on.
[[nodiscard]] inline Passage draw_passage(const NetworkOptions& options, Rng& rng, Instant now,
                                          Instant& last) {
    Passage passage;
    const Instant arrives = now + options.delay.draw(rng);
    passage.breaks = options.breaks != 0 && rng.chance(options.breaks, 1000);
    passage.dropped = options.drops != 0 && rng.chance(options.drops, 1000);
    passage.repeated = options.repeats != 0 && rng.chance(options.repeats, 1000);
    passage.reordered = options.reorders != 0 && rng.chance(options.reorders, 1000);
    if (passage.repeated) passage.arrives_again = now + options.delay.draw(rng);
    passage.arrives = passage.reordered ? arrives : std::max(arrives, last);
    if (!passage.reordered) last = passage.arrives;
    return passage;
}

}  // namespace offerkit::sim
