// SPDX-License-Identifier: Apache-2.0
/// Connections between clients and the master, and what becomes of them.
#include <offerkit/sim/world.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace offerkit::sim {
namespace {

std::string format_link(Link link) {
    return (link.kind == protocol::PeerKind::agent ? "the link of agent "
                                                   : "the link of framework ") +
           std::to_string(link.index);
}

Refusal unavailable(std::string why) {
    return {RefusalCode::unavailable, "link", "carry messages", std::move(why), "connect again"};
}

/// An agent remembers a task until its end is acknowledged: a launch that comes again after that is
/// beyond what even the hostile mode may ask of it.
bool is_forgotten(const agent::Agent& agent, const agent::Event& event) {
    const auto* const said = std::get_if<agent::MasterSaid>(&event);
    const auto* const run =
        said == nullptr ? nullptr : std::get_if<protocol::RunTasks>(&said->message);
    return run != nullptr && !std::ranges::all_of(run->tasks, [&](const TaskInfo& task) {
               return agent.state().task_keys.contains({run->framework, task.id});
           });
}
template <class Machine, class Event>
bool is_forgotten(const Machine&, const Event&) {
    return false;
}

}  // namespace

void World::arrive(const Item& item) {
    if (hold_if_cut(item)) return;
    // What was meant for a process that has died, or came over a broken connection, is lost; the
    // slab must be emptied all the same.
    Connection* const connection = connections_.find(item.connection);
    const bool to_master = item.kind == MachineKind::master;
    const bool closed =
        item.connection != 0 && (connection == nullptr || connection->broken ||
                                 !(to_master ? connection->master_open : connection->client_open));
    const auto deliver = [&](auto& node) {
        auto event = bench_of(node).under_way.take(item.slot);
        if (closed || node.generation != item.generation || !node.machine) return;
        if (item.again && is_forgotten(*node.machine, event)) return;
        tell(node, item.kind, item.machine, std::move(event));
    };
    switch (item.kind) {
        case MachineKind::master:
            return deliver(master_);
        case MachineKind::agent:
            return deliver(agents_[item.machine].agent);
        case MachineKind::executor:
            return deliver(agents_[item.machine].executor);
        case MachineKind::framework:
            return deliver(frameworks_[item.machine].machine);
    }
}

Client& World::client_of(Link link) {
    return link.kind == protocol::PeerKind::agent ? agents_[link.index].client
                                                  : frameworks_[link.index].client;
}

std::uint32_t World::generation_of(Link link) const {
    return link.kind == protocol::PeerKind::agent ? agents_[link.index].agent.generation
                                                  : frameworks_[link.index].machine.generation;
}

void World::connect(Link link, std::uint64_t epoch_seen) {
    disconnect(link, "the client connects anew");
    Client& client = client_of(link);
    client.connection = connections_.open(link, generation_of(link), epoch_seen);
    Connection& connection = *connections_.find(client.connection);
    Item item;
    item.connection = client.connection;
    item.generation = generation_of(link);
    item.machine = link.index;
    item.kind = machine_of(link);
    item.counts = true;
    if (client.cut_to_master || client.cut_to_client) {
        item.what = What::connect_failed;
        item.at = now_ + options_.connect_timeout;
    } else {
        item.what = What::connect;
        item.at = now_ + options_.network.delay.draw(network_rng_);
        connection.last_to_master = item.at;
    }
    queue_.push(item);
}

/// The client closes its end; the master hears of it after all that was sent before.
void World::disconnect(Link link, std::string_view why) {
    Client& client = client_of(link);
    const std::uint64_t number = std::exchange(client.connection, 0);
    Connection* const connection = connections_.find(number);
    if (connection == nullptr || !connection->client_open) return;
    connection->client_open = false;
    tell_closed(number, true, unavailable(std::string(why)), connection->last_to_master);
}

/// Lets one side hear that a connection is gone, not before `earliest`.
void World::tell_closed(std::uint64_t number, bool to_master, Refusal why, Instant earliest) {
    const Connection& connection = *connections_.find(number);
    Item item;
    item.what = What::link_closed;
    item.connection = number;
    item.slot = refusals_.put(std::move(why));
    item.at = std::max(earliest, now_ + options_.network.delay.draw(network_rng_));
    item.kind = to_master ? MachineKind::master : machine_of(connection.link);
    item.machine = to_master ? 0 : connection.link.index;
    item.generation = to_master ? master_.generation : connection.generation;
    item.counts = true;
    queue_.push(item);
}

void World::on_connect(const Item& item) {
    Connection* const connection = connections_.find(item.connection);
    if (connection == nullptr || !connection->client_open || connection->broken) return;
    const Link link = connection->link;
    const Client& client = client_of(link);
    if (!master_.machine) {
        return tell_closed(item.connection, false, unavailable("nobody listens there"), now_);
    }
    if (client.cut_to_master || client.cut_to_client) {
        Item failed = item;
        failed.what = What::connect_failed;
        failed.at = now_ + options_.connect_timeout;
        queue_.push(failed);
        return;
    }
    const protocol::Gate gate{
        master_.machine->options().cluster, master_.machine->options().epoch, {}};
    protocol::Hello hello;
    hello.kind = link.kind;
    hello.epoch_seen = connection->epoch_seen;
    if (Result<protocol::Welcome> welcome = protocol::answer_hello(hello, gate); !welcome) {
        return tell_closed(item.connection, false, std::move(welcome).error(), now_);
    }
    connection->master_open = true;
    push_now(MachineKind::master, 0,
             master::Event{master::PeerOpened{Connections::peer_of(item.connection), link.kind,
                                              "principal"}});
    Item opened = item;
    opened.what = What::link_opened;
    opened.at = now_ + options_.network.delay.draw(network_rng_);
    connection->last_to_client = opened.at;
    queue_.push(opened);
}

void World::on_link_opened(const Item& item) {
    if (hold_if_cut(item)) return;
    const Connection* const connection = connections_.find(item.connection);
    if (connection == nullptr || !connection->client_open || connection->broken) return;
    if (!connection->master_open) return;  // The master has died since; that is told as well.
    protocol::Welcome welcome;
    welcome.cluster = master_.machine->options().cluster;
    welcome.epoch = master_.machine->options().epoch;
    if (item.kind == MachineKind::agent) {
        push_now(item.kind, item.machine, agent::Event{agent::LinkOpened{std::move(welcome)}});
    } else {
        push_now(item.kind, item.machine,
                 framework::Event{framework::LinkOpened{std::move(welcome)}});
    }
}

void World::on_connect_failed(const Item& item) {
    Connection* const connection = connections_.find(item.connection);
    if (connection == nullptr || !connection->client_open) return;
    connection->client_open = false;
    hear_closed(connection->link, unavailable("the attempt to connect was not answered"));
}

void World::on_link_closed(const Item& item) {
    if (hold_if_cut(item)) return;
    Refusal why = refusals_.take(item.slot);
    Connection* const connection = connections_.find(item.connection);
    if (connection == nullptr) return;
    if (item.kind != MachineKind::master) {
        if (!connection->client_open) return;
        connection->client_open = false;
        return hear_closed(connection->link, std::move(why));
    }
    if (!connection->master_open || item.generation != master_.generation) return;
    connection->master_open = false;
    push_now(MachineKind::master, 0,
             master::Event{
                 master::PeerClosed{Connections::peer_of(item.connection), std::move(why.why)}});
}

/// The client's machine hears that its connection is gone.
void World::hear_closed(Link link, Refusal why) {
    client_of(link).connection = 0;
    if (link.kind == protocol::PeerKind::agent) {
        push_now(MachineKind::agent, link.index, agent::Event{agent::LinkClosed{std::move(why)}});
    } else {
        push_now(MachineKind::framework, link.index,
                 framework::Event{framework::LinkClosed{std::move(why)}});
    }
}

/// The master closes its end: it hears no more of this peer.
void World::close_at_master(PeerId peer, Refusal why) {
    const std::uint64_t number = Connections::number_of(peer);
    Connection* const connection = connections_.find(number);
    if (connection == nullptr || !connection->master_open) return;
    connection->master_open = false;
    tell_closed(number, false, std::move(why), connection->last_to_client);
}

void World::break_connection(std::uint64_t number, const std::string& why) {
    Connection* const connection = connections_.find(number);
    if (connection == nullptr || connection->broken) return;
    connection->broken = true;
    reached_.count(Fault::link_broken);
    if (connection->master_open) tell_closed(number, true, unavailable(why), now_);
    if (connection->client_open) tell_closed(number, false, unavailable(why), now_);
}

void World::send_to_master(Link link, master::Event event) {
    const Client& client = client_of(link);
    Connection* const connection = connections_.find(client.connection);
    if (connection == nullptr || !connection->client_open || connection->broken) return;
    const Passage passage = draw_way(client, connection->last_to_master);
    if (passage.breaks) return break_connection(client.connection, "the connection broke");
    Item item;
    item.what = What::arrival;
    item.kind = MachineKind::master;
    item.connection = client.connection;
    item.generation = master_.generation;
    item.counts = true;
    if (passage.repeated) {
        item.at = passage.arrives_again;
        item.slot = bench_of(master_).under_way.put(event);
        queue_.push(item);
    }
    if (passage.dropped) return;
    item.at = passage.arrives;
    item.slot = bench_of(master_).under_way.put(std::move(event));
    queue_.push(item);
}

Passage World::draw_way(const Client& client, Instant& last) {
    Instant sent = now_;
    if (client.lag > Duration{0}) {
        sent = now_ + Duration{network_rng_.between(0, client.lag.count())};
    }
    const Passage passage = draw_passage(options_.network, network_rng_, sent, last);
    if (passage.breaks) return passage;
    if (passage.dropped) reached_.count(Fault::message_dropped);
    if (passage.repeated) reached_.count(Fault::message_repeated);
    if (passage.reordered) reached_.count(Fault::message_reordered);
    return passage;
}

bool World::hold_if_cut(const Item& item) {
    Connection* const connection = connections_.find(item.connection);
    if (connection == nullptr) return false;
    Client& client = client_of(connection->link);
    const bool cut = item.kind == MachineKind::master ? client.cut_to_master : client.cut_to_client;
    if (cut) client.held.push_back(item);
    return cut;
}

void World::cut(Link link, bool to_master, bool to_client) {
    Client& client = client_of(link);
    client.cut_to_master = client.cut_to_master || to_master;
    client.cut_to_client = client.cut_to_client || to_client;
    reached_.count(to_master == to_client ? Fault::link_cut
                   : to_master            ? Fault::cut_to_master
                                          : Fault::cut_to_client);
    remark("world", "cuts " + format_link(link) +
                        (to_master == to_client ? ""
                         : to_master            ? ", only to the master"
                                                : ", only from the master"));
}

void World::set_network(NetworkOptions options) {
    options_.network = options;
    if (options.drops + options.repeats + options.reorders != 0) checker_.set_hostile(true);
}

void World::slow(Link link, Duration most) {
    client_of(link).lag = most;
    reached_.count(Fault::link_slow);
    remark("world", "slows " + format_link(link) + " down");
}

// What was held arrives together, in its order, and nothing that is sent later overtakes it.
void World::heal(Link link) {
    Client& client = client_of(link);
    if (client.cut_to_master || client.cut_to_client || client.lag > Duration{0}) {
        remark("world", "heals " + format_link(link));
    }
    client.cut_to_master = false;
    client.cut_to_client = false;
    client.lag = Duration{0};
    const Instant at = now_ + options_.network.delay.draw(network_rng_);
    for (Item& item : client.held) {
        item.at = at;
        queue_.push(item);
        Connection* const connection = connections_.find(item.connection);
        if (connection == nullptr) continue;
        Instant& last = item.kind == MachineKind::master ? connection->last_to_master
                                                         : connection->last_to_client;
        last = std::max(last, at);
    }
    client.held.clear();
}

void World::break_link(Link link) {
    remark("world", "breaks " + format_link(link));
    break_connection(client_of(link).connection, "the connection was broken");
}

}  // namespace offerkit::sim
