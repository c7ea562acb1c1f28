// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A master on this computer: the machine, its loop, the hub that brings peers, and a thread that
/// hands what changed to readers. The daemon is this and its flags.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/master/options.hpp>
#include <offerkit/master/view.hpp>
#include <offerkit/protocol/operator_call.hpp>
#include <offerkit/runtime/durable_store.hpp>
#include <offerkit/runtime/hub.hpp>
#include <offerkit/runtime/log.hpp>
#include <offerkit/runtime/record_options.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace offerkit::runtime {

struct LiveMasterOptions {
    master::Options machine;
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string token;  // What peers must show. Never empty in a daemon.
    std::size_t io_threads = 1;
    RecordOptions record;
    /// Where the registry is kept; its epoch is the machine's. None: nothing outlives this master.
    std::unique_ptr<DurableStore> registry;
    Log log;
    /// Called on the readers' thread with what changed, in order. May be empty.
    std::function<void(std::span<master::Delta> deltas)> read;
};

/// Called once, on the machine's thread: must be quick and must not throw.
using OperatorReply = std::function<void(const protocol::OperatorAnswer& answer)>;

class LiveMaster {
public:
    /// Listens and runs. The machine hears first what the registry has kept. Refuses what
    /// `Hub::listen` and `record::registry_of` refuse, and a record that cannot be written.
    static Result<std::unique_ptr<LiveMaster>> start(LiveMasterOptions options,
                                                     std::unique_ptr<Allocator> allocator);
    LiveMaster(const LiveMaster&) = delete;
    LiveMaster& operator=(const LiveMaster&) = delete;
    ~LiveMaster();

    [[nodiscard]] std::uint16_t port() const;

    /// Any thread. An operator's write, and who asks.
    void ask(protocol::OperatorCall call, std::string principal, OperatorReply reply);

    /// Steps the machine has taken, and events it has handled so far. Any thread.
    struct Counters {
        std::uint64_t steps = 0;
        std::uint64_t events = 0;
    };
    [[nodiscard]] Counters counters() const;

    /// Ends all conversations and threads.
    void stop();

private:
    struct Body;
    explicit LiveMaster(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace offerkit::runtime
