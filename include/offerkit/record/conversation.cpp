// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/record/build_id.hpp>
#include <offerkit/record/codec.hpp>
#include <offerkit/record/conversation.hpp>
#include <offerkit/record/crc32c.hpp>

#include <chrono>
#include <utility>

namespace offerkit::record {

namespace {

constexpr std::string_view magic = "OFKCONV1";

std::string milliseconds(Duration duration) {
    const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(duration);
    return std::to_string(whole.count()) + "ms";
}

/// Words, one after the other.
class Line {
public:
    Line& add(std::string_view word) {
        if (!text_.empty()) text_ += ' ';
        text_ += word;
        return *this;
    }
    template <class Ids, class Text>
    Line& all(const Ids& ids, Text text) {
        for (const auto& id : ids)
            add(text(id));
        return *this;
    }
    [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

private:
    std::string text_;
};

constexpr auto id_text = [](const auto& id) { return format_id(id); };
constexpr auto task_text = [](const auto& task) { return task.id.text(); };

std::string format(const framework::OfferReply& reply) {
    Line line;
    std::visit(
        Overloaded{[&](const framework::Accept& a) {
                       line.add("accept").add(format_id(a.offer)).all(a.more_offers, id_text);
                       if (!a.operations.empty()) {
                           line.add(std::to_string(a.operations.size()) + " operations");
                       }
                       if (!a.launch.empty()) line.add("launch").all(a.launch, task_text);
                       if (a.refuse_for != Duration{0}) {
                           line.add("refuse").add(milliseconds(a.refuse_for));
                       }
                   },
                   [&](const framework::Decline& d) {
                       line.add("decline").add(format_id(d.offer));
                       line.add(format_decline_reason(d.reason));
                       line.add("refuse").add(milliseconds(d.refuse_for));
                       if (!d.detail.empty()) line.add("(" + d.detail + ")");
                   },
                   [&](const framework::Hold& h) {
                       line.add("hold").add(format_id(h.offer)).add(milliseconds(h.at_most));
                   }},
        reply);
    return line.take();
}

std::string format(const framework::Request& request) {
    Line line;
    const auto role_text = [](const Role& role) { return role.path(); };
    std::visit(
        Overloaded{
            [&](const framework::KillTask& r) {
                line.add("kill").add(r.task.text());
                if (r.grace) line.add("grace").add(milliseconds(*r.grace));
            },
            [&](const framework::Revive& r) { line.add("revive").all(r.roles, role_text); },
            [&](const framework::Suppress& r) { line.add("suppress").all(r.roles, role_text); },
            [&](const framework::StateDemand& r) {
                line.add("demand").add(std::to_string(r.demands.size()) + " roles");
            },
            [&](const framework::Reconcile& r) {
                line.add("reconcile").all(r.tasks, [](const TaskId& task) { return task.text(); });
            },
            [&](const framework::Message& r) { line.add("message").add(r.executor.text()); },
            [&](const framework::Stop& r) {
                line.add(r.teardown ? "stop" : "stop without a teardown");
            }},
        request);
    return line.take();
}

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts)
        all += (all.empty() ? "" : "; ") + part;
    return all.empty() ? "nothing" : all;
}

}  // namespace

std::string format_told(const Exchange& exchange) {
    if (std::holds_alternative<Instant>(exchange.told)) return "to wake";
    const auto& delivery = std::get<framework::Deliver>(exchange.told);
    std::vector<std::string> parts;
    if (delivery.disconnected) parts.emplace_back("disconnected");
    if (delivery.subscribed) parts.push_back("subscribed as " + format_id(*delivery.subscribed));
    for (const TaskStatus& status : delivery.statuses) {
        parts.push_back(status.task.text() + " is " + std::string{format_task_state(status.state)});
    }
    for (const OfferId id : delivery.rescinded)
        parts.push_back(format_id(id) + " rescinded");
    for (const AgentId id : delivery.agents_lost)
        parts.push_back(format_id(id) + " lost");
    for (const auto& message : delivery.messages)
        parts.push_back("message of " + message.executor.text());
    for (const Refusal& refusal : delivery.refusals)
        parts.push_back("refused: " + format_refusal(refusal));
    for (const InverseOffer& inverse : delivery.inverse_offers)
        parts.push_back("inverse offer " + format_id(inverse.id));
    for (const Offer& offer : delivery.offers)
        parts.push_back("offer " + format_id(offer.id) + " of " + offer.hostname);
    return joined(parts);
}

std::string format_answer(const framework::AuthorAsked& answer) {
    std::vector<std::string> parts;
    for (const framework::OfferReply& reply : answer.offers)
        parts.push_back(format(reply));
    for (const framework::Request& request : answer.requests)
        parts.push_back(format(request));
    return joined(parts);
}

Bytes format_conversation(const Conversation& conversation) {
    Bytes body;
    put_text(build_text(), body);
    put_number(conversation.size(), body);
    for (const Exchange& exchange : conversation) {
        Bytes part;
        if (const auto* const wake = std::get_if<Instant>(&exchange.told)) {
            put_number(0, body);
            put_signed(wake->ns, body);
        } else {
            put_number(1, body);
            encode(framework::Effect{std::get<framework::Deliver>(exchange.told)}, part);
            put_text(part, body);
            part.clear();
        }
        encode(framework::Event{exchange.answer}, part);
        put_text(part, body);
    }
    Bytes bytes{magic};
    put_fixed32(crc32c(body), bytes);
    return bytes + body;
}

Result<Conversation> parse_conversation(std::string_view bytes) {
    const auto refuse = [](RefusalCode code, std::string why, std::string todo) {
        return Refusal{code, "conversation", "read it", std::move(why), std::move(todo)};
    };
    ByteReader in{bytes};
    const bool is_ours = in.bytes(magic.size()) == magic;
    const std::uint32_t sum = in.fixed32();
    if (!is_ours || in.has_failed() || crc32c(in.rest()) != sum) {
        return refuse(RefusalCode::malformed, "it is none, or damaged", "record it again");
    }
    if (const std::string_view build = in.text(); build != build_text()) {
        return refuse(RefusalCode::unsupported,
                      "it was written by " + std::string{build} + ", this is " + build_text(),
                      "record it again with this build");
    }
    Conversation conversation;
    for (std::size_t left = in.count(); left > 0 && !in.has_failed(); --left) {
        Exchange exchange;
        if (in.number_below(2) == 0) {
            exchange.told = Instant{in.signed_number()};
        } else {
            auto effect = decode<framework::Effect>(in.text());
            if (!effect) return std::move(effect).error();
            auto* const delivery = std::get_if<framework::Deliver>(&*effect);
            if (delivery == nullptr) in.fail("what was told is no delivery");
            if (delivery != nullptr) exchange.told = std::move(*delivery);
        }
        auto event = decode<framework::Event>(in.text());
        if (!event) return std::move(event).error();
        auto* const answer = std::get_if<framework::AuthorAsked>(&*event);
        if (answer == nullptr) in.fail("an answer is none");
        if (answer != nullptr) exchange.answer = std::move(*answer);
        conversation.push_back(std::move(exchange));
    }
    if (!in.rest().empty()) in.fail("something follows the last exchange");
    if (!in.has_failed()) return conversation;
    return refuse(RefusalCode::malformed, std::string{in.why()}, "record it again");
}

}  // namespace offerkit::record
