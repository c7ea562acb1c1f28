// SPDX-License-Identifier: Apache-2.0

/// A framework that does one thing with all offers, so that tests can ask why it waits:
///   moody NAME ROLE hold                     answers nothing
///   moody NAME ROLE suppress                 wants no offers
///   moody NAME ROLE decline REASON SECONDS DETAIL
///   moody NAME ROLE want RESOURCES           states that as its demand, and holds what would do
///   moody NAME ROLE take RESOURCES COUNT CMD runs CMD so often in all

#include <offerkit/offerkit.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace offerkit;
using namespace std::chrono_literals;

namespace {

DeclineReason reason_of(const std::string& name) {
    for (std::size_t i = 0; i < decline_reasons; ++i) {
        const auto reason = static_cast<DeclineReason>(i);
        if (format_decline_reason(reason) == name) return reason;
    }
    std::fprintf(stderr, "moody: %s is no reason\n", name.c_str());
    std::exit(2);
}

class Moody {
public:
    Moody(std::string role, std::vector<std::string> mood)
        : role_(std::move(role)), mood_(std::move(mood)) {
        if (mood_[0] == "want" || mood_[0] == "take") resources_ = *parse_resources(mood_[1]);
        if (mood_[0] == "take") left_ = std::atoi(mood_[2].c_str());
    }

    void on_subscribed(FrameworkId, Replies& replies) const {
        if (mood_[0] == "suppress") replies.suppress();
        if (mood_[0] != "want") return;
        replies.state_demand({{*Role::parse(role_), {{resources_, 1, 1, Duration{0}}}}});
    }

    OfferReply on_offer(const Offer& offer) {
        if (mood_[0] == "decline") {
            return Decline{offer.id, std::chrono::seconds{std::atoi(mood_[2].c_str())},
                           reason_of(mood_[1]), mood_[3]};
        }
        if (mood_[0] == "want" && !offer.resources.contains(resources_)) {
            return Decline{offer.id, 1s, DeclineReason::too_small, mood_[1]};
        }
        if (mood_[0] != "take") return Hold{offer.id, 1h};
        Accept accept;
        accept.offer = offer.id;
        Resources left = offer.resources;
        for (; left_ > 0 && left.contains(resources_); --left_, left -= resources_) {
            TaskInfo task;
            task.id = TaskId{"take-" + std::to_string(++made_)};
            task.resources = resources_;
            task.command.shell = mood_[3];
            accept.launch.push_back(std::move(task));
        }
        if (accept.launch.empty()) return Decline{offer.id, 1s, DeclineReason::no_work, "enough"};
        return accept;
    }

    void on_status(const TaskStatus&) {}

private:
    std::string role_;
    std::vector<std::string> mood_;
    Resources resources_;
    int left_ = 0;
    int made_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    Moody moody{argv[2], {argv + 3, argv + argc}};
    FrameworkOptions options;
    options.name = argv[1];
    options.roles = {argv[2]};
    options.failover_timeout = 1h;
    options.answer_timeout = 1h;
    return run_framework(moody, std::move(options));
}
