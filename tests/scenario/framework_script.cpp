// SPDX-License-Identifier: Apache-2.0
#include "print.hpp"
#include "script.hpp"

#include <offerkit/framework/framework.hpp>

namespace offerkit::test {
namespace {

class FrameworkScript : public MachineScript {
public:
    explicit FrameworkScript(framework::Options options) : machine_(std::move(options)) {}

    void command(const std::string& verb, Words& words) override {
        if (verb == "opened") {
            protocol::Welcome welcome;
            welcome.epoch = words.number("epoch");
            add(framework::LinkOpened{welcome});
        } else if (verb == "closed") {
            add(framework::LinkClosed{words.refusal()});
        } else if (verb == "master") {
            add(framework::MasterSaid{scheduler_event(words)});
        } else if (verb == "replied") {
            framework::AuthorReplied replied;
            replied.delivery = words.number("delivery");
            replied.failed = words.take("failed");
            answers(words, replied.offers, replied.requests);
            add(std::move(replied));
        } else if (verb == "asked") {
            framework::AuthorAsked asked;
            answers(words, asked.offers, asked.requests);
            add(std::move(asked));
        } else {
            words.fail("is no command of a framework");
        }
    }

    std::vector<std::string> step(Instant now) override {
        framework::Effects effects;
        std::vector<framework::Event> events = std::exchange(events_, {});
        const Instant wake = machine_.step({now, wall_of(now), {events}}, effects);
        std::vector<std::string> lines;
        for (const framework::Effect& effect : effects.list) {
            lines.push_back(print(effect));
            if (!fails_now()) continue;
            if (const auto* deliver = std::get_if<framework::Deliver>(&effect)) {
                framework::AuthorReplied failed;
                failed.delivery = deliver->delivery;
                failed.failed = true;
                add(std::move(failed));
            } else {
                add(framework::LinkClosed{
                    {RefusalCode::unavailable, "link", "carry", "failed", "try again"}});
            }
        }
        print_wake(wake, lines);
        return lines;
    }

private:
    void add(framework::Event event) { events_.push_back(std::move(event)); }

    static protocol::SchedulerEvent scheduler_event(Words& words) {
        if (words.take("subscribed")) {
            protocol::Subscribed m;
            m.framework = words.id<FrameworkId>("framework");
            m.epoch = m.framework.epoch();
            m.heartbeat_interval = words.duration("heartbeat interval");
            return m;
        }
        if (words.take("offers")) {
            protocol::Offers m;
            while (!words.is_empty())
                m.offers.push_back(words.offer());
            return m;
        }
        if (words.take("rescind")) {
            return protocol::Rescind{{words.id<OfferId>("offer")},
                                     protocol::RescindReason::expired};
        }
        if (words.take("statuses")) {
            protocol::Statuses m;
            while (!words.is_empty())
                m.statuses.push_back(words.status());
            return m;
        }
        if (words.take("inverse-offers")) {
            protocol::InverseOffers m;
            while (!words.is_empty()) {
                InverseOffer offer;
                offer.id = words.id<OfferId>("offer");
                offer.agent = words.id<AgentId>("agent");
                m.offers.push_back(std::move(offer));
            }
            return m;
        }
        if (words.take("operations")) return protocol::OperationStatuses{};
        if (words.take("from-executor")) {
            const auto agent = words.id<AgentId>("agent");
            const ExecutorId executor{words.next("executor")};
            return protocol::FromExecutor{agent, executor, words.rest()};
        }
        if (words.take("agent-lost")) return protocol::AgentLost{words.id<AgentId>("agent")};
        if (words.take("refused")) return protocol::CallRefused{words.refusal()};
        if (words.take("ended")) return protocol::SubscriptionEnded{words.refusal()};
        if (words.take("beat")) return protocol::MasterBeat{};
        words.fail("is nothing that a master says");
    }

    static void answers(Words& words, std::vector<OfferReply>& offers,
                        std::vector<framework::Request>& requests) {
        while (!words.is_empty()) {
            if (words.take("accept")) {
                Accept accept;
                accept.offer = words.id<OfferId>("offer");
                while (words.take("launch"))
                    accept.launch.push_back(words.task());
                if (words.take("without-command")) accept.launch.back().command.shell.clear();
                offers.emplace_back(std::move(accept));
            } else if (words.take("decline")) {
                Decline decline;
                decline.offer = words.id<OfferId>("offer");
                decline.refuse_for = words.duration("refuse time");
                decline.reason = words.decline_reason();
                offers.emplace_back(std::move(decline));
            } else if (words.take("hold")) {
                const auto offer = words.id<OfferId>("offer");
                offers.emplace_back(Hold{offer, words.duration("hold time")});
            } else if (words.take("kill")) {
                requests.emplace_back(framework::KillTask{words.task_id(), std::nullopt});
            } else if (words.take("revive")) {
                requests.emplace_back(framework::Revive{});
            } else if (words.take("suppress")) {
                requests.emplace_back(framework::Suppress{});
            } else if (words.take("demand")) {
                const Role role = words.role();
                DemandShape shape;
                shape.resources = words.resources();
                shape.count = static_cast<std::uint32_t>(words.number("count"));
                requests.emplace_back(framework::StateDemand{{{role, {shape}}}});
            } else if (words.take("reconcile")) {
                requests.emplace_back(framework::Reconcile{});
            } else if (words.take("message")) {
                const auto agent = words.id<AgentId>("agent");
                const ExecutorId executor{words.next("executor")};
                requests.emplace_back(framework::Message{agent, executor, words.next("data")});
            } else if (words.take("stop")) {
                requests.emplace_back(framework::Stop{true});
            } else if (words.take("leave")) {
                requests.emplace_back(framework::Stop{false});
            } else {
                words.fail("is no answer of an author");
            }
        }
    }

    framework::Framework machine_;
    std::vector<framework::Event> events_;
};

}  // namespace

std::unique_ptr<MachineScript> make_framework_script(Words& words) {
    framework::Options options;
    options.info.name = "batch";
    options.info.failover_timeout = std::chrono::minutes{10};
    while (!words.is_empty()) {
        if (words.take("as")) {
            options.id = words.id<FrameworkId>("framework id");
        } else if (words.take("connect-timeout")) {
            options.connect_timeout = words.duration("connect timeout");
        } else {
            words.fail("expected as or connect-timeout");
        }
    }
    return std::make_unique<FrameworkScript>(std::move(options));
}

}  // namespace offerkit::test
