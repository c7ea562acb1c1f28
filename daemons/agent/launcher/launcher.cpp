// SPDX-License-Identifier: Apache-2.0
// The loop, its events, and the reports that come out of it.

#include "launcher.hpp"

#include "event_tag.hpp"
#include "log.hpp"
#include "reports.hpp"
#include "supervisor.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>

namespace offerkit::launcher {
namespace {

// Unlike all else that the launcher writes, these are copied on write after a fork: a supervisor
// reads its request from them while the launcher already receives the next packet.
std::byte incoming_packets[2][packet_bytes_max];

}  // namespace

void Launcher::watch(int fd, std::uint64_t tag, std::uint32_t events, int operation) const {
    epoll_event event = {};
    event.events = events;
    event.data.u64 = tag;
    if (::epoll_ctl(epoll_, operation, fd, &event) != 0) log_error("watch a descriptor");
}

void Launcher::run() {
    static constexpr int events_max = 64;
    static constexpr int recheck_ms = 20;
    epoll_event events[events_max];
    while (!done_) {
        // Two rare states are looked at again and again instead of being announced.
        const bool must_recheck = sweeping_ || starting_adopted_ > 0;
        const int count = ::epoll_wait(epoll_, events, events_max, must_recheck ? recheck_ms : -1);
        for (int i = 0; i < count; ++i) {
            const std::uint64_t tag = events[i].data.u64;
            switch (kind_of(tag)) {
                case EventKind::listener:
                    on_connect();
                    break;
                case EventKind::signals:
                    on_signals();
                    break;
                case EventKind::doorbell:
                    on_doorbell();
                    break;
                case EventKind::parent:
                    begin_shutdown(true, parent_gone_grace_ms, ClosingReason::parent_gone);
                    watch(parent_fd, tag, 0, EPOLL_CTL_DEL);
                    break;
                case EventKind::connection:
                    on_readable(connections_[number_of(tag)]);
                    break;
                case EventKind::pidfd:
                    on_pidfd(number_of(tag));
                    break;
            }
        }
        if (must_recheck) recheck();
        flush();
        if (shutting_down_ && (!kill_all_ || live_ == 0)) finish();
    }
}

void Launcher::recheck() {
    if (sweeping_) sweep();
    if (starting_adopted_ == 0) return;
    starting_adopted_ = 0;
    for (std::uint32_t slot = 0; slot < records_max; ++slot) {
        auto& task = tasks_[slot];
        if (task.state != TaskState::adopted || task.started_told) continue;
        if (records_.is_executed(slot, task.generation)) {
            add_news(slot);
        } else {
            ++starting_adopted_;
        }
    }
}

void Launcher::on_connect() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    ucred peer = {};
    socklen_t length = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || peer.uid != ::geteuid()) {
        log_text("refused a connection of another user");
        ::close(fd);
        return;
    }
    // The one in control stays until the other says hello; of two that have not, the newer stays.
    auto& connection = connections_[0].has_control ? connections_[1] : connections_[0];
    drop(connection);
    const auto number = &connection == connections_ ? 0U : 1U;
    connection.open(fd, incoming_packets[number]);
    watch(fd, make_tag(EventKind::connection, number), EPOLLIN, EPOLL_CTL_ADD);
}

void Launcher::on_signals() {
    signalfd_siginfo infos[8];
    const ssize_t length = ::read(signals_, infos, sizeof infos);
    const auto count = length > 0 ? static_cast<std::size_t>(length) / sizeof infos[0] : 0;
    bool child_ended = false;
    for (std::size_t i = 0; i < count; ++i) {
        if (infos[i].ssi_signo == SIGCHLD) {
            child_ended = true;
        } else if (options_.has_parent_fd) {
            begin_shutdown(true, parent_gone_grace_ms, ClosingReason::shutdown);
        } else {
            begin_shutdown(false, 0, ClosingReason::shutdown);
        }
    }
    if (child_ended) reap();
}

void Launcher::on_doorbell() {
    std::uint32_t slots[256];
    const ssize_t length = ::read(doorbell_, slots, sizeof slots);
    const auto count = length > 0 ? static_cast<std::size_t>(length) / sizeof slots[0] : 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (slots[i] < records_max && tasks_[slots[i]].state == TaskState::running &&
            records_.is_executed(slots[i], tasks_[slots[i]].generation)) {
            add_news(slots[i]);
        }
    }
}

void Launcher::on_readable(Connection& connection) {
    if (!connection.is_open() || connection.is_blocked() || !connection.pending.empty()) return;
    bool too_long = false;
    if (!connection.receive(too_long)) {
        drop(connection);
        return;
    }
    if (too_long) refuse_malformed(connection, MessageType{}, {DecodeFault::too_long, "packet"});
    serve(connection);
}

void Launcher::add_news(std::uint32_t slot) {
    auto& task = tasks_[slot];
    const bool has_listener = connections_[0].has_control || connections_[1].has_control;
    // Without a listener nothing is kept: who connects asks for the list.
    if (task.in_news || !has_listener) return;
    task.in_news = true;
    task.next = none;
    if (first_news_ == none) {
        first_news_ = slot;
    } else {
        tasks_[last_news_].next = slot;
    }
    last_news_ = slot;
}

void Launcher::remove_news(std::uint32_t slot) {
    std::uint32_t before = none;
    for (auto at = first_news_; at != slot; at = tasks_[at].next)
        before = at;
    (before == none ? first_news_ : tasks_[before].next) = tasks_[slot].next;
    if (last_news_ == slot) last_news_ = before;
    tasks_[slot].in_news = false;
}

bool Launcher::tell(Connection& connection, std::uint32_t slot) {
    auto& task = tasks_[slot];
    const auto key = records_.key(slot);
    const auto* const ended =
        task.state == TaskState::ended ? records_.ended(slot, task.generation) : nullptr;
    FailureText text;
    if (ended != nullptr && ended->kind == EndKind::failed) {
        return connection.add(make_failed(key, *ended, text));
    }
    const auto* const started = records_.started(slot, task.generation);
    if (!task.started_told && started != nullptr) {
        if (!connection.add(make_started(key, *started))) return false;
        task.started_told = true;
    }
    return ended == nullptr || connection.add(make_exited(key, *ended));
}

bool Launcher::list_task(Connection& connection, std::uint32_t slot) {
    auto& task = tasks_[slot];
    const auto key = records_.key(slot);
    FailureText text;
    if (task.state == TaskState::ended) {
        const auto* const ended = records_.ended(slot, task.generation);
        if (ended == nullptr) return true;
        if (ended->kind == EndKind::failed) {
            auto report = make_failed(key, *ended, text);
            report.listed = true;
            return connection.add(report);
        }
        auto report = make_exited(key, *ended);
        report.listed = true;
        return connection.add(report);
    }
    const auto* const started = records_.started(slot, task.generation);
    if (started == nullptr || !records_.is_executed(slot, task.generation)) {
        return connection.add(Starting{key});
    }
    auto report = make_started(key, *started);
    report.listed = true;
    if (!connection.add(report)) return false;
    task.started_told = true;
    return true;
}

void Launcher::fill_list(Connection& connection) {
    while (connection.list_at < records_max) {
        const auto slot = connection.list_at;
        if (tasks_[slot].state != TaskState::free) {
            if (!list_task(connection, slot)) return;
            // What the list says is no news any more.
            const auto& task = tasks_[slot];
            const bool is_told = task.state == TaskState::ended || task.started_told;
            if (task.in_news && is_told) remove_news(slot);
            ++connection.list_count;
        }
        ++connection.list_at;
    }
    if (connection.add(ListEnd{connection.list_count})) connection.list_at = Connection::list_idle;
}

void Launcher::flush() {
    for (auto& connection : connections_) {
        if (connection.is_open()) flush(connection);
    }
}

/// Sends what there is; when the peer takes no more, waits for it and reads nothing meanwhile.
void Launcher::flush(Connection& connection) {
    const bool was_blocked = connection.is_blocked();
    for (;;) {
        if (connection.list_at != Connection::list_idle) fill_list(connection);
        while (connection.has_control && first_news_ != none && tell(connection, first_news_)) {
            tasks_[first_news_].in_news = false;
            first_news_ = tasks_[first_news_].next;
        }
        if (!connection.flush()) {
            drop(connection);
            return;
        }
        if (connection.is_blocked()) break;
        if (!connection.pending.empty()) {
            serve(connection);
            if (!connection.is_open()) return;
            continue;
        }
        const bool has_more = connection.list_at != Connection::list_idle ||
                              (connection.has_control && first_news_ != none);
        if (!has_more && !connection.has_output()) break;
    }
    if (connection.is_blocked() != was_blocked) {
        watch(connection.fd(), make_tag(EventKind::connection, &connection == connections_ ? 0 : 1),
              connection.is_blocked() ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    }
}

void Launcher::drop(Connection& connection) {
    if (!connection.is_open()) return;
    if (connection.has_control) {
        while (first_news_ != none) {
            tasks_[first_news_].in_news = false;
            first_news_ = tasks_[first_news_].next;
        }
    }
    connection.close();
}

void Launcher::begin_shutdown(bool kill_all, std::uint32_t grace_ms, ClosingReason reason) {
    if (!shutting_down_) closing_reason_ = reason;
    shutting_down_ = true;
    kill_all_ = kill_all_ || kill_all;
    if (!kill_all) return;
    for (std::uint32_t slot = 0; slot < records_max; ++slot) {
        const auto state = tasks_[slot].state;
        if (state == TaskState::running || state == TaskState::adopted) {
            (void)send_kill(slot, SIGTERM, grace_ms);
        }
    }
}

void Launcher::finish() {
    for (auto& connection : connections_) {
        if (!connection.is_open()) continue;
        (void)connection.add(Closing{closing_reason_});
        (void)connection.flush();
        drop(connection);
    }
    ::unlink("launcher.sock");
    done_ = true;
}

}  // namespace offerkit::launcher
